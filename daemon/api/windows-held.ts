import type { Bytes } from '../shared/bytes.js';
import type { LiveMachine } from './live.js';

/** What Windows holds for WSL's machines, bytes. null: not known. */
export interface WindowsHeld {
  /** For the machine that the distributions share, this one among them. */
  readonly wsl: Bytes | null;
  /** For those of WSL's own containers (wslc), all sessions; 0: none runs. */
  readonly wslc: Bytes | null;
  /** For all that Windows calls `vmmem`, where it has several and they cannot be told apart; else null. */
  readonly together: Bytes | null;
}

/**
 * Tells the machines apart by the names that WSL gives their processes (docs/design/wsl.md, "Memory"). Windows before 11 calls each `vmmem`, those of
 * Hyper-V too: a single one is the machine that this runs in. Other machines, as vmmemWSA, count for nothing. Pure.
 */
export function heldOf(machines: readonly LiveMachine[]): WindowsHeld {
  const named = (name: RegExp) => machines.filter(machine => name.test(machine.name));
  const own = named(/^vmmemWSL(?:\.exe)?$/i);
  const containers = named(/^vmmemwslc-/i);
  const nameless = named(/^vmmem(?:\.exe)?$/i);
  if (own.length > 0) return { wsl: sum(own), wslc: sum(containers), together: null };
  if (nameless.length > 1) return { wsl: null, wslc: null, together: sum(nameless) };
  if (nameless.length === 1) return { wsl: sum(nameless), wslc: 0, together: null };
  return { wsl: null, wslc: containers.length > 0 ? sum(containers) : null, together: null };
}

function sum(machines: readonly LiveMachine[]): Bytes | null {
  return machines.reduce<Bytes | null>((total, { memory }) => (total === null || memory === null ? null : total + memory), 0);
}
