import type { Psi } from '../model/host-sample.js';

/**
 * Pressure stall information: `some avg10=0.12 …` and `full avg10=…`. Null where the text is none: the kernel has no CONFIG_PSI or is older
 * than 4.20, or was booted with psi=0, which leaves the file and refuses to read it. Pure.
 */
export function pressureOf(text: string): Psi | null {
  const average = (kind: string): number => Number(new RegExp(`^${kind} avg10=(\\d+(?:\\.\\d+)?) `, 'm').exec(text)?.[1]);
  const [some10, full10] = [average('some'), average('full')];
  return Number.isNaN(some10) || Number.isNaN(full10) ? null : { some10, full10 };
}
