import { type Bytes, formatBytes, MiB } from '../../../shared/bytes.js';
import type { Ms } from '../../../shared/span.js';
import type { HostFacts } from '../facts.js';
import type { ConfigEntry } from './lines.js';
import { LEAST_VM, type WslConfig } from './read.js';
import { faultOf, parseInteger, parseSize } from './values.js';

/**
 * holds: the VM has it. pending: the VM is older than the file. differs: the VM is newer and has something else. refused: WSL does not take
 * the value. unseen: nothing here shows it.
 */
export type CheckState = 'holds' | 'pending' | 'differs' | 'refused' | 'unseen';

export interface Check {
  /** section.key as in the file. */
  readonly key: string;
  readonly line: number;
  readonly wanted: string;
  /** The value of the running VM; null when nothing here shows it. */
  readonly found: string | null;
  readonly state: CheckState;
}

/** The most that the kernel takes before MemTotal: a share of the VM's memory and a part that every VM pays (docs/design/wsl.md, ".wslconfig"). */
const KERNEL_SHARE = 0.07;
const KERNEL_PART: Bytes = 128 * MiB;

/** Checks for each key that counts whether it took effect in the running VM. `changedAt`: last change of the file, ms since the epoch. Pure. */
export function verify(config: WslConfig, facts: HostFacts, changedAt: Ms | null): readonly Check[] {
  const booted = facts.vm.bootedAt;
  const older = booted !== null && changedAt !== null && booted < changedAt;
  return [...config.effective.values()].map(entry => {
    const base = { key: entry.name, line: entry.line, wanted: entry.value };
    if (faultOf(entry.name, entry.value) !== null) return { ...base, found: null, state: 'refused' };
    const seen = PROBES[entry.name.toLowerCase()]?.(entry, facts) ?? null;
    if (seen === null) return { ...base, found: null, state: 'unseen' };
    return { ...base, found: seen.found, state: seen.holds ? 'holds' : older ? 'pending' : 'differs' };
  });
}

interface Seen {
  readonly found: string;
  readonly holds: boolean;
}

/** Reads a setting of the running VM; null when nothing here shows it, or the value means the default. */
type Probe = (entry: ConfigEntry, facts: HostFacts) => Seen | null;

const PROBES: Readonly<Record<string, Probe>> = {
  'wsl2.memory': ({ value }, { vm, windows }) => {
    const asked = parseSize(value) ?? 0;
    if (asked === 0) return null;
    const given = Math.min(Math.max(asked, LEAST_VM), windows?.total ?? Number.POSITIVE_INFINITY);
    return { found: formatBytes(vm.memory.total), holds: memoryHolds(vm.memory.total, given) };
  },
  'wsl2.processors': ({ value }, { vm, windows }) => {
    const asked = parseInteger(value) ?? 0;
    if (asked <= 0) return null;
    return { found: String(vm.cpus), holds: vm.cpus === Math.min(asked, windows?.cpus ?? asked) };
  },
  'wsl2.swap': ({ value }, { vm }) => {
    const asked = parseSize(value) ?? 0;
    // 2^64 − 1 stands for "not set" in WSL's own code.
    if (asked >= 2 ** 64) return null;
    return { found: vm.swap === 0 ? 'none' : formatBytes(vm.swap), holds: Math.abs(vm.swap - asked) <= MiB };
  },
  'wsl2.kernelcommandline': ({ value }, { vm }) => {
    const words = vm.commandLine.split(' ');
    return { found: vm.commandLine, holds: value.split(' ').every(word => word === '' || words.includes(word)) };
  },
  'wsl2.networkingmode': ({ value }, { networkingMode }) => sameMode(value, networkingMode?.value ?? null),
  'experimental.networkingmode': ({ value }, { networkingMode }) => sameMode(value, networkingMode?.value ?? null),
};

function sameMode(wanted: string, found: string | null): Seen | null {
  const name = (mode: string) => (mode.toLowerCase() === 'virtioproxy' ? 'consomme' : mode.toLowerCase());
  return found === null ? null : { found, holds: name(wanted) === name(found) };
}

/** MemTotal is what is left of the VM's memory after the kernel took its own; above it means that the key was not obeyed. */
function memoryHolds(total: Bytes, given: Bytes): boolean {
  return total <= given && total >= given * (1 - KERNEL_SHARE) - KERNEL_PART;
}
