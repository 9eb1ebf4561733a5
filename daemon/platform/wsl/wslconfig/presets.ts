import { type Bytes, formatBytes, GiB } from '../../../shared/bytes.js';
import { type Failure, failure } from '../../../shared/failure.js';
import type { ConfigChange } from './edit.js';
import { formatWslSize } from './read.js';

export type PresetName = 'minimal' | 'balanced' | 'llm' | 'build-heavy';

/** The input of a preset. */
export interface PresetInput {
  readonly hostMemory: Bytes;
  /** Logical processors of the host. */
  readonly cpus: number;
  /** Of the chosen profile: Σ standard and Σ maximum of its services. */
  readonly standard: Bytes;
  readonly maximum: Bytes;
  /** Weights of the language model that is to be held; for `llm`. */
  readonly model: Bytes;
  /** What the VM of WSL's own containers may take beside this one; 0: they are not used. */
  readonly wslc: Bytes;
}

export interface Preset {
  readonly name: PresetName;
  /** Memory of the VM; whole GiB. */
  readonly memory: Bytes;
  /** Swap of the VM; null leaves the key alone, and WSL takes a quarter of the VM's memory. */
  readonly swap: Bytes | null;
  readonly processors: number;
  /** The calculation of `memory`, with its figures. */
  readonly formula: string;
  /** Least that the profile can live in: Σ standard and the overhead. */
  readonly need: Bytes;
  readonly fits: boolean;
}

export interface ProfileNeed {
  readonly name: string;
  readonly standard: Bytes;
  readonly maximum: Bytes;
}

/** Kernel, systemd, the engine and an editor's server beside the services; docs/design/wsl.md, "Presets". */
const OVERHEAD: Bytes = 1.5 * GiB;
/** An 8-billion-parameter model with 4-bit weights, as `llama3.1:8b` is. */
export const USUAL_MODEL: Bytes = 4.7 * GiB;

export const PRESETS: Readonly<Record<PresetName, string>> = {
  minimal: 'services at their standard',
  balanced: 'services at their maximum',
  llm: 'services and a language model',
  'build-heavy': 'large compilations, with swap',
};

export function isPreset(name: string): name is PresetName {
  return Object.hasOwn(PRESETS, name);
}

/** What Windows needs beside two VMs of WSL's; docs/design/wsl.md, "Presets". */
export const LEFT_TO_WINDOWS: Bytes = 4 * GiB;

/** The figures of a preset on a host. Windows shows a little less memory than is built in: the host counts in whole GiB, rounded. */
export function presetOf(name: PresetName, input: PresetInput): Preset {
  const given = gigabytes(input);
  const { memory: alone, swap, processors, formula } = FIGURES[name](given);
  const left = given.host - LEFT_TO_WINDOWS / GiB - given.wslc;
  const memory = Math.max(1, given.wslc > 0 ? Math.min(alone, Math.floor(left)) : alone);
  const need = input.standard + OVERHEAD;
  const least = Math.min(2, input.cpus);
  return {
    name,
    memory: memory * GiB,
    swap: swap === null ? null : swap * GiB,
    processors: Math.max(least, Math.min(input.cpus, processors(memory))),
    formula: given.wslc > 0 ? `${formula.slice(0, -1)}, ${given.host} − 4 − ${figure(given.wslc)} wslc)` : formula,
    need,
    fits: memory * GiB >= need,
  };
}

/** The input in GiB: host, services at standard and at maximum, model, the VM of wslc. */
interface Gigabytes {
  readonly host: number;
  readonly cpus: number;
  readonly standard: number;
  readonly maximum: number;
  readonly model: number;
  readonly wslc: number;
}

function gigabytes({ hostMemory, cpus, standard, maximum, model, wslc }: PresetInput): Gigabytes {
  return {
    host: Math.round(hostMemory / GiB),
    cpus,
    standard: standard / GiB,
    maximum: maximum / GiB,
    model: model / GiB,
    wslc: wslc / GiB,
  };
}

interface Figures {
  readonly memory: number;
  readonly swap: number | null;
  /** Of the memory that the VM is given in the end. */
  readonly processors: (memory: number) => number;
  /** `min(…, …)`. */
  readonly formula: string;
}

const FIGURES: Readonly<Record<PresetName, (input: Gigabytes) => Figures>> = {
  minimal: ({ host, cpus, standard }) => {
    const [share, need] = [Math.floor(0.4 * host), Math.ceil(standard + 1.5)];
    const formula = `min(0.4 × ${host}, ${figure(standard)} standard + 1.5)`;
    return { memory: Math.min(share, need), swap: null, processors: () => Math.max(2, Math.floor(cpus / 2)), formula };
  },
  balanced: ({ host, cpus, maximum }) => {
    const [share, need] = [Math.floor(host / 2), Math.ceil(maximum + 2)];
    const formula = `min(${host} / 2, ${figure(maximum)} maximum + 2)`;
    return { memory: Math.min(share, need), swap: null, processors: () => Math.max(2, cpus - 2), formula };
  },
  llm: ({ host, cpus, standard, model }) => {
    const [share, need] = [host - 5, Math.ceil(standard + 1.2 * model + 1.5)];
    const formula = `min(${host} − 5, ${figure(standard)} standard + 1.2 × ${figure(model)} model + 1.5)`;
    return { memory: Math.min(share, need), swap: 4, processors: () => cpus - 2, formula };
  },
  'build-heavy': ({ host, cpus }) => {
    const memory = Math.min(Math.floor(0.625 * host), host - 6);
    const processors = (given: number) => Math.min(cpus - 2, Math.floor(given / 1.5));
    return { memory, swap: 8, processors, formula: `min(0.625 × ${host}, ${host} − 6)` };
  },
};

function figure(gigabyte: number): string {
  return String(Math.round(gigabyte * 10) / 10);
}

/** The keys that a preset sets; it leaves all others alone. */
export function changesOf({ memory, swap, processors }: Preset): readonly ConfigChange[] {
  return [
    { name: 'wsl2.memory', value: formatWslSize(memory) },
    ...(swap === null ? [] : [{ name: 'wsl2.swap', value: formatWslSize(swap) }]),
    { name: 'wsl2.processors', value: String(processors) },
  ];
}

/** The failure preset-too-small, with the profile and the preset that would fit; null when the preset leaves the profile what it needs. */
export function presetRefusal(
  preset: Preset,
  profile: ProfileNeed,
  others: readonly ProfileNeed[],
  presets: readonly Preset[],
  wslc: Bytes,
): Failure | null {
  if (preset.fits) return null;
  const fitting = others.filter(other => other.standard + OVERHEAD <= preset.memory).sort((a, b) => b.standard - a.standard)[0];
  const larger = presets.filter(other => other.fits).sort((a, b) => a.memory - b.memory)[0];
  const message =
    `${preset.name} gives the VM ${formatBytes(preset.memory)}; the profile ${profile.name} needs ${formatBytes(preset.need)}: ` +
    `${formatBytes(profile.standard)} standard of its services and ${formatBytes(OVERHEAD)} for kernel, engine and editor.` +
    (wslc > 0 ? ` WSL's own containers may take ${formatBytes(wslc)} beside it.` : '');
  const remedies = [
    fitting && `laptop-dev wsl apply ${preset.name} ${fitting.name}: that profile needs ${formatBytes(fitting.standard + OVERHEAD)}.`,
    larger && `laptop-dev wsl apply ${larger.name} ${profile.name}: that preset gives ${formatBytes(larger.memory)}.`,
    wslc > 2 * GiB && `--wslc 2GB leaves less to WSL's own containers, and more to this VM.`,
    !fitting && !larger && `No profile fits this host: lower memory.standard in ${profile.name}, or name fewer services in it.`,
  ].filter(remedy => typeof remedy === 'string');
  const details = { preset: preset.name, memory: preset.memory, need: preset.need, profile: profile.name, fits: fitting?.name ?? null };
  return failure('preset-too-small', message, details, remedies);
}
