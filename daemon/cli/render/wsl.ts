import type { Fact } from '../../platform/wsl/facts.js';
import type { SettingsDiagnostic } from '../../platform/wsl/wslc/settings.js';
import { terminateCommand, type Wslc } from '../../platform/wsl/wslc/wslc.js';
import type { DiffLine } from '../../platform/wsl/wslconfig/diff.js';
import { LEFT_TO_WINDOWS, PRESETS, type Preset, type ProfileNeed } from '../../platform/wsl/wslconfig/presets.js';
import { type Diagnostic, formatWslSize } from '../../platform/wsl/wslconfig/read.js';
import type { Check } from '../../platform/wsl/wslconfig/verify.js';
import { formatBytes, GiB } from '../../shared/bytes.js';
import type { Colours, Output } from '../cli.js';
import { type SizedHost, type Wsl, wslcLimitFact } from '../commands/wsl/read-wsl.js';
import { table } from './table.js';

/** What is said wherever something rests on Windows. */
export const UNVERIFIED =
  'Unverified on a real host: from the sources of WSL to August 2026 (2.9.4) and from reports on 3.0, tried on simulated hosts only.';

interface Look {
  readonly explain: boolean;
  readonly width: number;
  readonly colours: Colours;
}

export const SHUTDOWN =
  'In force after `wsl --shutdown` in PowerShell. It stops every distribution, Docker Desktop and the laptop-dev daemon; laptop-dev never runs it.';

export function renderPresets(
  host: SizedHost,
  profile: ProfileNeed,
  presets: readonly Preset[],
  says: readonly string[],
  look: Look,
): string[] {
  const { colours, explain } = look;
  const columns = [
    { title: 'PRESET' },
    { title: 'MEMORY', align: 'right' as const },
    { title: 'SWAP', align: 'right' as const },
    { title: 'CPUS', align: 'right' as const },
    { title: profile.name.toUpperCase() },
    { title: 'FOR', gives: true, least: 20 },
  ];
  const rows = presets.map(({ name, memory, swap, processors, fits, need }) => [
    name,
    formatBytes(memory),
    swap === null ? 'as it is' : formatBytes(swap),
    String(processors),
    fits ? colours.green('fits') : colours.red(`needs ${formatBytes(need)}`),
    PRESETS[name],
  ]);
  const { memory, cpus, version } = host;
  return [
    ...table(columns, rows, look.width),
    '',
    ...(explain ? [...presets.map(preset => `${preset.name}: ${calculation(preset)}`), ''] : []),
    `Host: ${withSource(memory, formatBytes(memory.value))}; ${cpus.value} processors (${cpus.source}).`,
    ...wslcLines(host, presets),
    `Profile ${profile.name}: ${formatBytes(profile.standard)} standard, ${formatBytes(profile.maximum)} maximum, and 1.5 GB for kernel, engine and editor.`,
    ...(version === null || says.length === 0
      ? []
      : ['', `WSL ${version.value} (${version.source}; docs/design/wsl.md, "Releases"):`, ...says.map(each => `  ${each}`)]),
    '',
    UNVERIFIED,
  ];
}

/** What WSL's own containers may take, and how more would be left beside them. */
function wslcLines({ memory, wslc }: SizedHost, presets: readonly Preset[]): string[] {
  if (wslc === null) return [];
  const less = Math.max(2, Math.round(memory.value / 4 / GiB)) * GiB;
  const least = Math.min(...presets.map(preset => preset.memory));
  const isLeft = Math.round(memory.value / GiB) * GiB - wslc.value - least >= LEFT_TO_WINDOWS;
  const isTight = presets.some(({ fits }) => !fits) && less < wslc.value;
  return [
    `WSL's own containers: up to ${withSource(wslc, formatBytes(wslc.value))}${isLeft ? '; 4 GB are left to Windows' : ': with the least preset Windows has less than 4 GB left'}.`,
    ...(isTight ? [`More fits beside less of them: --wslc ${formatWslSize(less)}.`] : []),
  ];
}

function calculation({ formula, memory }: Preset): string {
  return `memory = ${formula} GB, rounded = ${formatBytes(memory)}`;
}

function withSource<T>({ source }: Fact<T>, text: string): string {
  return `${text} (${source})`;
}

export function renderHost(wsl: Wsl, { width, colours }: Look): string[] {
  const { facts, config, hostMemory, cpus, wslc, wslcFailure } = wsl;
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
    ['kernel', vm.kernel, 'uname -r'],
    ['pressure (PSI)', vm.psi ? 'told' : 'not told', '/proc/pressure'],
    ['cgroup', [vm.cgroup ?? 'unknown', ...(vm.place === null ? [] : [vm.place])].join(', '), '/proc/self/cgroup'],
    ['interop', vm.interop ? 'on' : 'off', '/proc/sys/fs/binfmt_misc'],
    ...wslcRows(wsl),
  ]; // biome-ignore format: a table
  const columns = [{ title: '' }, { title: 'FOUND', gives: true, least: 20 }, { title: 'FROM', gives: true, least: 26 }];
  // Where a figure is estimated from does not fit beside it.
  const long = rows.filter(([, , source = '']) => source.startsWith('estimated: '));
  const shown = rows.map(row => (long.includes(row) ? [row[0] ?? '', row[1] ?? '', 'estimated, see below'] : row));
  return [
    ...table(columns, shown, width),
    ...long.map(([what, , source]) => `${what}: ${source}.`),
    ...(facts.windowsFault === null || vm.kind !== 'wsl2' ? [] : [`Windows could not be asked: ${facts.windowsFault}.`]),
    '',
    `${config.file}${config.bytes === null ? ' does not exist: all defaults hold' : ` (${config.decoded.encoding})`}; ${wsl.configSource}`,
    ...[...config.config.effective.values()].map(({ name, value, line }) => `  line ${line}: ${name} = ${config.decoded.show(value)}`),
    ...config.diagnostics.map(diagnostic => `  ${colours.yellow('!')} ${renderDiagnostic(diagnostic)}`),
    ...(wslcFailure === null ? [] : ['', `${colours.yellow('!')} ${wslcFailure.message}`]),
    ...(wslc?.settings.bytes ? ['', `${wslc.settings.file} (${wslc.settings.decoded.encoding})`, ...settingsLines(wslc, colours)] : []),
    '',
    UNVERIFIED,
  ];
}

/** WSL's own containers: the limit of their VM, and each session's. None where they were never used. */
function wslcRows({ wslc, hostMemory }: Wsl): string[][] {
  if (wslc === null) return [];
  const limit = wslcLimitFact(wslc, hostMemory?.value ?? null);
  const most = limit ? `up to ${formatBytes(limit.value)}` : 'up to half of the host';
  const sessions = wslc.sessions.map(({ name, running, storage }) => {
    const [state, source] = running ? ['on', 'swap.vhdx: on, or crashed'] : ['off', 'no swap.vhdx'];
    return ['wslc session', `${name}: ${state}, ${formatBytes(storage)} disk`, source];
  });
  return [
    ['wslc memory', sessions.length === 0 ? `${most}, once it is used` : `${most}, beside the VM`, limit?.source ?? 'default'],
    ...sessions,
  ];
}

function settingsLines({ settings: { decoded, settings } }: Wslc, colours: Colours): string[] {
  return [
    ...[...settings.effective.values()].map(({ name, value, line }) => `  line ${line}: ${name}: ${decoded.show(value)}`),
    ...settings.diagnostics.map(
      each =>
        `  ${colours.yellow('!')} ${renderDiagnostic({ line: each.line, message: decoded.show(each.message), fix: each.fix && decoded.show(each.fix) })}`,
    ),
  ];
}

export function renderDiagnostic({ line, message, fix }: Pick<Diagnostic | SettingsDiagnostic, 'line' | 'message' | 'fix'>): string {
  return `line ${line}: ${message}${fix === null ? '' : ` → ${fix}`}`;
}

const SIGNS = { same: ' ', removed: '-', added: '+', gap: '@' } as const;

export function renderDiff(lines: readonly DiffLine[], colours: Colours): string[] {
  const paint = { same: String, removed: colours.red, added: colours.green, gap: colours.dim } as const;
  return lines.map(({ kind, text }) => paint[kind](`${SIGNS[kind]} ${text}`.trimEnd()));
}

/** What became, or would become, of one file. */
export interface AppliedFile {
  readonly file: string;
  readonly diff: readonly DiffLine[];
  readonly changed: boolean;
  readonly written: boolean;
  readonly backup: string | null;
}

export interface Applied extends AppliedFile {
  readonly preset: Preset;
  readonly stops: readonly string[] | null;
  /** settings.yaml, and the sessions whose VMs run; null: --wslc was not given. */
  readonly wslc: (AppliedFile & { readonly running: readonly string[] }) | null;
  readonly explain: boolean;
}

export function renderApplied(applied: Applied, colours: Colours): string[] {
  const { preset, written, changed, stops, wslc, explain } = applied;
  const why = [...(explain ? [calculation(preset)] : []), UNVERIFIED];
  const running = stops && stops.length > 0 ? [`Running now: ${stops.join(', ')}.`] : [];
  const isWritten = written || wslc?.written;
  return [
    ...fileLines(applied, `the preset ${preset.name}`, preset.name, colours),
    ...(wslc === null ? [] : fileLines(wslc, 'that memorySize', 'memorySize', colours)),
    ...why,
    ...(isWritten ? [''] : []),
    ...(changed && written ? [SHUTDOWN, ...running] : []),
    ...(wslc?.written ? terminates(wslc.running) : []),
    ...(isWritten ? [`${written ? 'Then: laptop-dev wsl verify. ' : ''}Back: laptop-dev wsl undo.`] : []),
  ];
}

/** The same of --wslc alone. */
export function renderAppliedWslc(wslc: AppliedFile & { readonly running: readonly string[] }, colours: Colours): string[] {
  const after = wslc.written ? ['', ...terminates(wslc.running), 'Back: laptop-dev wsl undo.'] : [];
  return [...fileLines(wslc, 'that memorySize', 'memorySize', colours), UNVERIFIED, ...after];
}

function fileLines({ file, diff, changed, written, backup }: AppliedFile, has: string, wrote: string, colours: Colours): string[] {
  if (!changed) return [`${file} has ${has} already.`];
  return [
    written ? `Wrote ${wrote} to ${file}${backup === null ? '' : `; what it was is in ${backup}`}.` : `This would change ${file}:`,
    ...renderDiff(diff, colours),
  ];
}

/** wslc reads its settings when a session's VM starts. */
const NEXT_START = "WSL's own containers have it when their VM next starts";
export const SESSION_END = `${NEXT_START}: \`wslc --session NAME system session terminate\` in PowerShell ends it, and its containers with it.`;

function terminates(running: readonly string[]): string[] {
  if (running.length === 0) return [`${NEXT_START}.`];
  return [`${NEXT_START}. It runs now; this ends it, and its containers with it:`, ...running.map(name => `  ${terminateCommand(name)}`)];
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
