import type { Fact } from '../../platform/wsl/facts.js';
import type { DiffLine } from '../../platform/wsl/wslconfig/diff.js';
import { PRESETS, type Preset, type ProfileNeed } from '../../platform/wsl/wslconfig/presets.js';
import type { Diagnostic } from '../../platform/wsl/wslconfig/read.js';
import type { Check } from '../../platform/wsl/wslconfig/verify.js';
import { formatBytes } from '../../shared/bytes.js';
import type { Colours, Output } from '../cli.js';
import type { Wsl } from '../commands/wsl/read-wsl.js';
import { table } from './table.js';

/** What is said wherever something rests on Windows. */
export const UNVERIFIED = 'Unverified on a real host: read from the sources of WSL up to 2.9.4 and tried on simulated hosts only.';

interface Look {
  readonly explain: boolean;
  readonly width: number;
  readonly colours: Colours;
}

export const SHUTDOWN =
  'In force after `wsl --shutdown` in PowerShell. It stops every distribution, Docker Desktop and the laptop-dev daemon; laptop-dev never runs it.';

export function renderPresets(wsl: Wsl, profile: ProfileNeed, presets: readonly Preset[], look: Look): string[] {
  const { colours, explain } = look;
  const columns = [
    { title: 'PRESET' },
    { title: 'MEMORY', align: 'right' as const },
    { title: 'SWAP', align: 'right' as const },
    { title: 'CPUS', align: 'right' as const },
    { title: profile.name.toUpperCase() },
    { title: explain ? 'MEMORY = GB, ROUNDED' : 'FOR', gives: true, least: 20 },
  ];
  const rows = presets.map(({ name, memory, swap, processors, fits, need, formula }) => [
    name,
    formatBytes(memory),
    swap === null ? 'as it is' : formatBytes(swap),
    String(processors),
    fits ? colours.green('fits') : colours.red(`needs ${formatBytes(need)}`),
    explain ? formula : PRESETS[name],
  ]);
  const { hostMemory, cpus } = wsl;
  const host = hostMemory === null ? 'unknown' : withSource(hostMemory, formatBytes(hostMemory.value));
  return [
    ...table(columns, rows, look.width),
    '',
    `Host: ${host}; ${cpus.value} processors (${cpus.source}).`,
    `Profile ${profile.name}: ${formatBytes(profile.standard)} standard, ${formatBytes(profile.maximum)} maximum, and 1.5 GB for kernel, engine and editor.`,
    ...(explain ? [UNVERIFIED] : []),
  ];
}

function withSource<T>({ source }: Fact<T>, text: string): string {
  return `${text} (${source})`;
}

export function renderHost(wsl: Wsl, { explain, width, colours }: Look): string[] {
  const { facts, config, hostMemory, cpus } = wsl;
  const { vm } = facts;
  const fact = <T>(found: Fact<T> | null, text: (value: T) => string) => (found ? [text(found.value), found.source] : ['unknown', '']);
  const rows = [
    ['host memory', ...fact(hostMemory, formatBytes)],
    ['host processors', ...fact(cpus, String)],
    ['WSL', ...fact(facts.wslVersion, String)],
    ['networking', ...fact(facts.networkingMode, String)],
    ['VM memory', `${formatBytes(vm.memory.total)}, ${formatBytes(vm.memory.free)} free, ${formatBytes(vm.memory.cached)} cache`, '/proc/meminfo'],
    ['VM swap', vm.swap === 0 ? 'none' : formatBytes(vm.swap), '/proc/swaps'],
    ['VM processors', String(vm.cpus), '/proc/cpuinfo'],
    ['kernel', `${vm.kernel}, ${vm.psi ? 'with' : 'without'} PSI, cgroup ${vm.cgroup ?? 'unknown'}`, '/proc, /sys'],
    ['interop', vm.interop ? 'on' : 'off', '/proc/sys/fs/binfmt_misc'],
  ]; // biome-ignore format: a table
  const columns = [{ title: '' }, { title: 'FOUND', gives: true, least: 20 }, { title: 'FROM', gives: true, least: 34 }];
  return [
    ...table(columns, rows, width),
    ...(facts.windowsFault === null || vm.kind !== 'wsl2' ? [] : [`Windows could not be asked: ${facts.windowsFault}.`]),
    '',
    `${config.file}${config.bytes === null ? ' does not exist: all defaults hold' : ` (${config.decoded.encoding})`}; ${wsl.configSource}`,
    ...[...config.config.effective.values()].map(({ name, value, line }) => `  line ${line}: ${name} = ${config.decoded.show(value)}`),
    ...config.diagnostics.map(diagnostic => `  ${colours.yellow('!')} ${renderDiagnostic(diagnostic)}`),
    ...(explain ? ['', UNVERIFIED] : []),
  ];
}

export function renderDiagnostic({ line, message, fix }: Diagnostic): string {
  return `line ${line}: ${message}${fix === null ? '' : ` → ${fix}`}`;
}

const SIGNS = { same: ' ', removed: '-', added: '+', gap: '@' } as const;

export function renderDiff(lines: readonly DiffLine[], colours: Colours): string[] {
  const paint = { same: String, removed: colours.red, added: colours.green, gap: colours.dim } as const;
  return lines.map(({ kind, text }) => paint[kind](`${SIGNS[kind]} ${text}`.trimEnd()));
}

export interface Applied {
  readonly preset: Preset;
  readonly file: string;
  readonly diff: readonly DiffLine[];
  readonly changed: boolean;
  readonly written: boolean;
  readonly backup: string | null;
  readonly stops: readonly string[] | null;
  readonly explain: boolean;
}

export function renderApplied({ preset, file, diff, changed, written, backup, stops, explain }: Applied, colours: Colours): string[] {
  const why = explain ? [`memory = ${preset.formula} GB, rounded = ${formatBytes(preset.memory)}`, UNVERIFIED] : [];
  if (!changed) return [`${file} has the preset ${preset.name} already.`, ...why];
  const running = stops && stops.length > 0 ? [`Running now: ${stops.join(', ')}.`] : [];
  return [
    written ? `Wrote ${preset.name} to ${file}${backup === null ? '' : `; what it was is in ${backup}`}.` : `This would change ${file}:`,
    ...renderDiff(diff, colours),
    ...why,
    ...(written ? ['', SHUTDOWN, ...running, 'Then: laptop-dev wsl verify. Back: laptop-dev wsl undo.'] : []),
  ];
}

export function renderChecks(file: string, checks: readonly Check[], out: Output): string[] {
  if (checks.length === 0) return [`${file} sets nothing: all defaults hold.`];
  const columns = [
    { title: 'KEY' },
    { title: 'WANTED', gives: true, least: 10 },
    { title: 'VM HAS', gives: true, least: 10 },
    { title: '' },
  ];
  const rows = checks.map(({ key, wanted, found, state }) => [
    key,
    wanted,
    found ?? '',
    state === 'holds' ? out.colours.green('holds') : 'cannot be seen from here',
  ]);
  return [...table(columns, rows, out.columns()), '', file];
}
