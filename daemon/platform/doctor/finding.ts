import type { ConfigChange } from '../wsl/wslconfig/edit.js';
import type { Evidence } from './evidence.js';

/** A repair that `doctor --fix` carries out; each can be undone. */
export type Repair =
  | { readonly kind: 'config'; readonly changes: readonly ConfigChange[] }
  | { readonly kind: 'mode'; readonly path: string; readonly mode: number };

export interface Finding {
  /** problem: something is wrong. note: worth knowing, and nothing is wrong. */
  readonly level: 'problem' | 'note';
  /** The effect that the user notices, now or later. */
  readonly symptom: string;
  /** The observation, with figures and where they come from. */
  readonly evidence: string;
  readonly fix: string;
  readonly repair: Repair | null;
}

/** Nothing found (`fine`: the evidence), findings, or the reason why the check was skipped. */
export type Verdict = { readonly fine: string } | { readonly findings: readonly Finding[] } | { readonly skipped: string };

/** A check by its stable code (docs/doctor.md). Pure. */
export type DoctorCheck = (evidence: Evidence) => Verdict;

export function problem(symptom: string, evidence: string, fix: string, repair: Repair | null = null): Finding {
  return { level: 'problem', symptom, evidence, fix, repair };
}

export function note(symptom: string, evidence: string, fix: string): Finding {
  return { level: 'note', symptom, evidence, fix, repair: null };
}

export function verdictOf(...findings: readonly Finding[]): Verdict {
  return { findings };
}

/** For checks of what only WSL2 has. */
export function onWsl(look: DoctorCheck): DoctorCheck {
  return evidence => (evidence.facts.vm.kind === 'wsl2' ? look(evidence) : { skipped: 'no WSL2' });
}
