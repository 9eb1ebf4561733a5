import { ENGINE_CHECKS, PROJECT_CHECKS } from './checks-engine.js';
import { HOST_CHECKS } from './checks-host.js';
import { VMMEM_CHECKS } from './checks-vmmem.js';
import { WSL_CHECKS } from './checks-wsl.js';
import type { Evidence } from './evidence.js';
import type { DoctorCheck, Finding, Verdict } from './finding.js';

/** All checks by their codes, in the order in which they are told. docs/doctor.md has one entry each. */
export const CHECKS = { ...ENGINE_CHECKS, ...PROJECT_CHECKS, ...HOST_CHECKS, ...VMMEM_CHECKS, ...WSL_CHECKS } as const satisfies Record<
  string,
  DoctorCheck
>;

export type CheckCode = keyof typeof CHECKS;

export interface Coded extends Finding {
  readonly code: CheckCode;
}

export interface Examined {
  /** Problems first. */
  readonly findings: readonly Coded[];
  readonly fine: readonly { readonly code: CheckCode; readonly text: string }[];
  readonly skipped: readonly { readonly code: CheckCode; readonly why: string }[];
}

/** Holds the evidence against every check. Pure. */
export function examine(evidence: Evidence): Examined {
  const verdicts = (Object.keys(CHECKS) as CheckCode[]).map(code => ({ code, verdict: CHECKS[code](evidence) as Verdict }));
  const findings = verdicts.flatMap(({ code, verdict }) =>
    'findings' in verdict ? verdict.findings.map(finding => ({ code, ...finding })) : [],
  );
  return {
    findings: findings.sort((a, b) => Number(b.level === 'problem') - Number(a.level === 'problem')),
    fine: verdicts.flatMap(({ code, verdict }) => ('fine' in verdict ? [{ code, text: verdict.fine }] : [])),
    skipped: verdicts.flatMap(({ code, verdict }) => ('skipped' in verdict ? [{ code, why: verdict.skipped }] : [])),
  };
}
