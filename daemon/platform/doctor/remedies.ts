import { type Bytes, formatBytes, GiB } from '../../shared/bytes.js';
import { harmless } from '../../shared/printable.js';
import { hostMemory } from '../wsl/facts.js';
import { traitsOf } from '../wsl/releases.js';
import type { Vm } from '../wsl/vm.js';
import { terminateCommand, wslcLimit, wslcVms } from '../wsl/wslc/wslc.js';
import type { ConfigEntry } from '../wsl/wslconfig/lines.js';
import { LEFT_TO_WINDOWS, PRESETS, type Preset, type PresetName, presetOf, USUAL_MODEL } from '../wsl/wslconfig/presets.js';
import { parseInteger, parseSize } from '../wsl/wslconfig/values.js';
import { type Evidence, settingOf } from './evidence.js';
import type { Remedy } from './finding.js';

/** held: the VM keeps memory that nothing uses. short: Windows has too little free. small: the VM has too little. */
export type Complaint = 'held' | 'short' | 'small';

/** A piece of advice: what it is good for, and what it says of a host; nothing where it does not apply there. */
interface Advice {
  readonly against: readonly Complaint[];
  readonly says: (evidence: Evidence) => readonly Remedy[];
}

/** Of all that a new VM has first. */
export const SHUTDOWN_COST = 'wsl --shutdown once, which stops every distribution, Docker Desktop and the daemon';
/** Kernel, systemd, the engine and an editor's server beside the services; docs/design/wsl.md, "Presets". */
export const OVERHEAD: Bytes = 1.5 * GiB;

/** What helps when vmmem holds too much, Windows is short, or the VM is; in the order of docs/design/wsl.md, "Advice". */
const ADVICE: readonly Advice[] = [
  {
    against: ['short'],
    says: ({ wslc }) =>
      runningSessions(wslc).map(name => ({
        does: `${terminateCommand(name)} ends the VM of WSL's own containers, which gives back all it holds`,
        cost: 'the containers of that session stop',
      })),
  },
  {
    against: ['held', 'short'],
    says: ({ facts }) => {
      const { held, isLarge } = heldCache(facts.vm.memory);
      const does = `laptop-dev wsl reclaim --yes drops ${formatBytes(held)} of file cache now`;
      return isLarge ? [{ does, cost: 'files are read from the disk again, in every distribution' }] : [];
    },
  },
  {
    against: ['short'],
    says: ({ daemon }) => {
      if (daemon === null) return [];
      return [
        {
          does: 'laptop-dev stop SERVICE for what is not needed now, then laptop-dev wsl reclaim --after-stop --yes',
          cost: 'the service starts anew when it is used',
        },
      ];
    },
  },
  {
    against: ['held', 'short'],
    says: ({ facts: { wslVersion } }) => {
      if (wslVersion === null || traitsOf(wslVersion.value).idle.of === 'all') return [];
      const does = 'wsl --update, in PowerShell: from 2.9.8 on WSL drops file cache after 2 idle minutes instead of 10';
      return [{ does, cost: SHUTDOWN_COST }];
    },
  },
  {
    against: ['held', 'short'],
    says: evidence => {
      const entry = neverDrops(evidence);
      if (entry === null) return [];
      const does = `remove autoMemoryReclaim=disabled (line ${entry.line} of .wslconfig): with it WSL never drops file cache`;
      return [{ does, cost: SHUTDOWN_COST }];
    },
  },
  {
    against: ['held'],
    says: evidence => {
      const { busiest } = evidence;
      if (busiest === null || busiest.share < 1 || neverDrops(evidence) !== null) return [];
      const { name, pid, share } = busiest;
      const does = `stop what keeps the VM from being idle; busiest: ${harmless(name)} (PID ${pid}), ${share} % of a core since it started`;
      return [{ does, cost: 'what it does' }];
    },
  },
  {
    against: ['held'],
    says: () => [
      {
        does: 'LAPTOP_DEV_RECLAIM=always and LAPTOP_DEV_RECLAIM_VM=on for the daemon: it drops the cache of a busy VM by itself',
        cost: 'files are read from the disk again after it, every ten minutes at most',
      },
    ],
  },
  {
    against: ['short', 'small'],
    says: evidence => {
      const both = bothLimits(evidence);
      return both === null || both.over <= 0 ? [] : [smallerWslc(both)];
    },
  },
  {
    against: ['short'],
    says: ({ wslc }) => {
      const entry = wslc?.settings.settings.effective.get('session.idleTimeout');
      if (!entry || Number(entry.value) <= LONG_IDLE) return [];
      const does = `idleTimeout: 30 in place of ${entry.value} (line ${entry.line} of settings.yaml): the VM of WSL's own containers ends 30 s after its last one`;
      return [
        {
          does,
          cost: 'the next container waits until it has started again; in force once the session is ended, which stops its containers',
        },
      ];
    },
  },
  {
    against: ['small'],
    says: evidence => {
      const host = hostOf(evidence);
      const { need } = needOf(evidence);
      if (need === null || host === null || !PRESET_NAMES.some(name => presetHere(evidence, name)?.fits)) return [];
      const room = roomOption(evidence);
      const does = `laptop-dev wsl presets${room} shows what fits; laptop-dev wsl apply PRESET${room} gives the VM more`;
      return [{ does, cost: `Windows has that much less; ${SHUTDOWN_COST}` }];
    },
  },
  {
    against: ['small'],
    says: ({ project }) => [
      {
        does: `a profile with fewer services (laptop-dev profiles), or a lower memory.standard in ${project?.profile ?? 'it'}`,
        cost: 'what it leaves out, or stops earlier',
      },
    ],
  },
  {
    against: ['short'],
    says: evidence => {
      const { total } = evidence.facts.vm.memory;
      const preset = presetHere(evidence, 'minimal');
      if (!preset?.fits || total < preset.memory + GiB) return [];
      const does = `laptop-dev wsl apply minimal ${needOf(evidence).name}${roomOption(evidence)}: the VM has ${formatBytes(preset.memory)} then, in place of ${formatBytes(total)}`;
      return [{ does, cost: `what needs more swaps; ${SHUTDOWN_COST}` }];
    },
  },
  {
    against: ['short'],
    says: evidence => {
      const entry = evidence.config?.config.effective.get('general.instanceidletimeout');
      if (!entry || (parseInteger(entry.value) ?? 0) >= 0) return [];
      const does = `remove instanceIdleTimeout=${entry.value} (line ${entry.line} of .wslconfig): the VM then ends when nothing needs it`;
      return [{ does, cost: `services end some 15 s after the last terminal is closed; ${SHUTDOWN_COST}` }];
    },
  },
  {
    against: ['short'],
    says: () => [
      {
        does: 'wsl --shutdown, in PowerShell, gives back all that the VM holds',
        cost: 'it stops every distribution, Docker Desktop and the daemon',
      },
    ],
  },
];

/** All that helps here, best first. */
export function remediesFor(complaint: Complaint, evidence: Evidence): readonly Remedy[] {
  return ADVICE.filter(({ against }) => against.includes(complaint)).flatMap(({ says }) => says(evidence));
}

/** The line by which WSL never drops file cache; null: there is none. */
export function neverDrops({ config }: Evidence): ConfigEntry | null {
  const entry = config?.config.effective.get('experimental.automemoryreclaim');
  return entry?.value.toLowerCase() === 'disabled' ? entry : null;
}

/** Seconds of idleTimeout above which a shorter one is advised; 30 is its default. */
const LONG_IDLE = 60;

/** Share of the VM, in %, above which its file cache is a finding. */
const MOST_CACHE = 25;

/** File cache of the VM: pages and what of the kernel's own can be dropped. `share` in % of the VM. */
export function heldCache({ total, cached, slab }: Vm['memory']): {
  readonly held: Bytes;
  readonly share: number;
  readonly isLarge: boolean;
} {
  const held = cached + slab;
  const share = Math.round((held / Math.max(1, total)) * 100);
  return { held, share, isLarge: share > MOST_CACHE };
}

/** Names of sessions whose VM runs. */
export function runningSessions(wslc: Evidence['wslc']): readonly string[] {
  return (wslc?.sessions ?? []).filter(({ running }) => running).map(({ name }) => harmless(name));
}

/** What both VMs may take together of the host. */
interface BothLimits {
  readonly host: Bytes;
  readonly wsl: Bytes;
  readonly wslc: Bytes;
  /** Beyond what leaves Windows 4 GB; not above 0: it fits. */
  readonly over: Bytes;
  /** Those whose VM runs. */
  readonly sessions: readonly string[];
  /** VMs of wslc that are counted: those that run, and at least one. */
  readonly vms: number;
}

/** Null: wslc has no session, or the memory of the host is not known. */
export function bothLimits(evidence: Evidence): BothLimits | null {
  const { wslc } = evidence;
  const host = hostOf(evidence);
  if (wslc === null || wslc.sessions.length === 0 || host === null) return null;
  const wsl = Math.min(parseSize(settingOf(evidence, 'wsl2.memory') ?? '') || host / 2, host);
  const vms = wslcVms(wslc);
  const theirs = (wslcLimit(wslc, host) ?? host / 2) * vms;
  // In whole GB, as the presets count it: Windows shows a little less than is built in.
  const built = Math.round(host / GiB) * GiB;
  return { host, wsl, wslc: theirs, over: wsl + theirs - (built - LEFT_TO_WINDOWS), sessions: runningSessions(wslc), vms };
}

/** The least that a VM of wslc is advised to have, GiB: an idle one takes nearly one itself (docs/design/wsl.md, "Advice"). */
const LEAST_WSLC = 2;

/** How wslc is given less, in whole GB; where too little would be left for it, both have to be given less. */
export function smallerWslc(limits: BothLimits): Remedy {
  const { wslc, sessions, vms } = limits;
  const left = leftFor(limits);
  const size = Math.max(LEAST_WSLC, left);
  const both = left < LEAST_WSLC ? '; less wsl2.memory too (laptop-dev wsl presets)' : '';
  const apply = `laptop-dev wsl apply --wslc ${size}GB (session.memorySize)`;
  const had = `WSL's own containers have ${size} GB in place of ${formatBytes(wslc / vms)}`;
  if (sessions.length === 0) return { does: `${apply}${both}`, cost: `${had}, from their next start on` };
  const does = `${apply}, then ${sessions.map(terminateCommand).join('; ')}, in PowerShell${both}`;
  return { does, cost: `the containers of ${sessions.join(' and ')} stop once; ${had}` };
}

/** What is left for each VM of wslc beside this one and 4 GB for Windows, GiB. */
function leftFor({ wslc, over, vms }: BothLimits): number {
  return Math.floor((wslc - over) / vms / GiB);
}

/** What a preset has to be asked for with, so that all of them fit beside each other; empty where they do. */
function roomOption(evidence: Evidence): string {
  const both = bothLimits(evidence);
  return both === null || both.over <= 0 ? '' : ` --wslc ${Math.max(LEAST_WSLC, leftFor(both))}GB`;
}

const PRESET_NAMES = Object.keys(PRESETS) as PresetName[];

/** What a preset would give the VM here, for the profile, with `roomOption`; null: there is none, or the memory of the host is not known. */
function presetHere(evidence: Evidence, name: PresetName): Preset | null {
  const { project, facts } = evidence;
  const host = hostOf(evidence);
  if (project === null || host === null) return null;
  const { standard, maximum } = project;
  const cpus = facts.windows?.cpus ?? facts.vm.cpus;
  const both = bothLimits(evidence);
  const wslc = both === null ? 0 : both.over > 0 ? Math.max(LEAST_WSLC, leftFor(both)) * GiB : both.wslc;
  return presetOf(name, { hostMemory: host, cpus, standard, maximum, model: USUAL_MODEL, wslc });
}

function hostOf(evidence: Evidence): Bytes | null {
  const configured = parseSize(settingOf(evidence, 'wsl2.memory') ?? '') || null;
  return hostMemory(evidence.facts, null, configured)?.value ?? null;
}

/** What the chosen profile needs of the VM; null: there is none. */
export function needOf({ project }: Evidence): { readonly name: string; readonly need: Bytes | null } {
  return project === null ? { name: '', need: null } : { name: project.profile, need: project.standard + OVERHEAD };
}
