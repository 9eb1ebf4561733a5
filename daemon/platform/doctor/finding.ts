import type { ConfigChange } from '../wsl/wslconfig/edit.js';
import type { Evidence } from './evidence.js';

/** A repair that `doctor --fix` carries out; each can be undone. */
export type Repair =
  | { readonly kind: 'config'; readonly changes: readonly ConfigChange[] }
  | { readonly kind: 'mode'; readonly path: string; readonly mode: number };

/** Something that helps, and what it costs. */
export interface Remedy {
  /** A command, or what to do by hand. */
  readonly does: string;
  readonly cost: string;
}

export interface Finding {
  /** problem: something is wrong. note: worth knowing, and nothing is wrong. */
  readonly level: 'problem' | 'note';
  /** The effect that the user notices, now or later. */
  readonly symptom: string;
  /** The observation, with figures and where they come from. */
  readonly evidence: string;
  /** The first thing to do. */
  readonly fix: string;
  /** All that help, in the order in which to try them; empty: `fix` is the one. */
  readonly remedies: readonly Remedy[];
  readonly repair: Repair | null;
}

/** Nothing found (`fine`: the evidence), findings, or the reason why the check was skipped. */
export type Verdict = { readonly fine: string } | { readonly findings: readonly Finding[] } | { readonly skipped: string };

/** A check by its stable code (docs/doctor.md). Pure. */
export type DoctorCheck = (evidence: Evidence) => Verdict;

export function problem(symptom: string, evidence: string, fix: string, repair: Repair | null = null): Finding {
  return { level: 'problem', symptom, evidence, fix, remedies: [], repair };
}

export function note(symptom: string, evidence: string, fix: string): Finding {
  return { level: 'note', symptom, evidence, fix, remedies: [], repair: null };
}

/** The finding with several remedies: the first is its fix. Without any it stays as it is. */
export function withRemedies(finding: Finding, remedies: readonly Remedy[]): Finding {
  return { ...finding, fix: remedies[0]?.does ?? finding.fix, remedies };
}

/** What to do about a finding, a text each. */
export function remedyTexts({ fix, remedies }: Pick<Finding, 'fix' | 'remedies'>): readonly string[] {
  return remedies.length === 0 ? [fix] : remedies.map(({ does, cost }) => `${does} — costs: ${cost}`);
}

export function verdictOf(...findings: readonly Finding[]): Verdict {
  return { findings };
}

/** For checks of what only WSL2 has. */
export function onWsl(look: DoctorCheck): DoctorCheck {
  return evidence => (evidence.facts.vm.kind === 'wsl2' ? look(evidence) : { skipped: 'no WSL2' });
}
