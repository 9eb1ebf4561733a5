import { type Bytes, GiB, MiB, parseBytes } from '../../../shared/bytes.js';
import { nearestName } from '../../../shared/nearest.js';
import { type ConfigEntry, type LineFault, type Lines, scan } from './lines.js';
import { faultOf, identityOf, knownNames, parseSize } from './values.js';

/** One thing in the file that WSL skips or reads differently from how it reads to people. */
export interface Diagnostic {
  readonly line: number;
  readonly kind:
    | LineFault['kind']
    | 'no-section'
    | 'unknown-key'
    | 'gone-key'
    | 'bad-value'
    | 'duplicate'
    | 'tiny-memory'
    | 'odd-letter'
    | 'encoding';
  readonly message: string;
  /** The corrected line, or what to do; null when nothing better is known. */
  readonly fix: string | null;
  /** The change that does what `fix` says, where it is a matter of the value alone; else null. */
  readonly change: { readonly name: string; readonly value: string } | null;
}

export interface WslConfig {
  readonly lines: Lines;
  /** By identity (config-values): the entry that counts, which is the first sound one, be its value wrong. */
  readonly effective: ReadonlyMap<string, ConfigEntry>;
  /** In the order of the lines. */
  readonly diagnostics: readonly Diagnostic[];
}

/** WSL raises less to this much (WslCoreConfig.cpp). */
export const LEAST_VM: Bytes = 256 * MiB;

/** Reads the text of a `.wslconfig` as WSL does, and tells what of it does not say what it seems to. */
export function readConfig(text: string): WslConfig {
  const lines = scan(text);
  const effective = new Map<string, ConfigEntry>();
  const found: Diagnostic[] = lines.faults.map(({ line, kind, message }) => ({ line, kind, message, fix: null, change: null }));
  for (const entry of lines.entries) {
    if (!entry.sound) continue;
    const identity = identityOf(entry.name);
    const first = effective.get(identity);
    if (first === undefined) effective.set(identity, entry);
    const diagnostic = judge(entry) ?? (first === undefined ? null : duplicate(entry, first));
    if (diagnostic === null) continue;
    const { value = null, ...rest } = diagnostic;
    // Of a duplicate that does not count no value has to be corrected.
    const change = value === null || first !== undefined ? null : { name: entry.name, value };
    found.push({ line: entry.line, ...rest, change });
  }
  return { lines, effective, diagnostics: found.sort((a, b) => a.line - b.line) };
}

type Verdict = Omit<Diagnostic, 'line' | 'change'> & { readonly value?: string | null };

function judge(entry: ConfigEntry): Verdict | null {
  const { name, value } = entry;
  const fault = faultOf(name, value);
  if (fault?.kind === 'gone') return { kind: 'gone-key', message: fault.text, fix: 'remove the line' };
  if (fault?.kind === 'unknown') return unknown(name, fault.text);
  if (fault?.kind === 'value') {
    const better = betterSize(entry);
    const message = `${name}: ${fault.text}; the default holds`;
    return { kind: 'bad-value', message, fix: better === null ? null : `${keyOf(name)}=${better}`, value: better };
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are looked for
  if (/[\u0000-\u001f]/.test(value)) {
    const fix = 'write each backslash of a path twice';
    return { kind: 'odd-letter', message: `${name}: an escape such as \\t or \\n became a control character`, fix };
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the end of ASCII
  if (/[^\u0000-\u007f]/.test(value)) {
    return { kind: 'odd-letter', message: `${name}: letters outside ASCII are cut to one byte and arrive damaged`, fix: null };
  }
  const size = name.toLowerCase() === 'wsl2.memory' ? (parseSize(value) ?? 0) : 0;
  if (size === 0 || size >= LEAST_VM) return null;
  const better = size < 1024 ? `${size}GB` : null;
  const message = `memory=${value} are ${size} bytes; WSL raises it to 256 MB`;
  return { kind: 'tiny-memory', message, fix: better === null ? null : `memory=${better}`, value: better };
}

function unknown(name: string, text: string): Verdict {
  if (!name.includes('.')) {
    const inSection = knownNames().find(known => known.split('.')[1]?.toLowerCase() === name.toLowerCase());
    const [section = 'wsl2'] = inSection?.split('.') ?? [];
    return { kind: 'no-section', message: `${name} is in no section that WSL can read`, fix: `put it below [${section}]` };
  }
  const nearest = nearestName(name, knownNames()) ?? elsewhere(name);
  return { kind: 'unknown-key', message: text, fix: nearest === null ? null : `did you mean ${nearest}?` };
}

/** The same key in another section. */
function elsewhere(name: string): string | null {
  const key = name.split('.')[1]?.toLowerCase();
  return knownNames().find(known => known.split('.')[1]?.toLowerCase() === key) ?? null;
}

function duplicate(entry: ConfigEntry, first: ConfigEntry): Verdict {
  const message = `${entry.name}=${entry.value} is not read: line ${first.line} sets it already, and the first wins`;
  return { kind: 'duplicate', message, fix: `change line ${first.line} and remove this one` };
}

/** The value as a size that WSL can read; null when it is no size in any notation. */
function betterSize({ name, value }: ConfigEntry): string | null {
  const bytes = parseBytes(value.replaceAll('"', ''));
  return bytes === null || !/size$/.test(faultOf(name, value)?.text ?? '') ? null : formatWslSize(bytes);
}

function keyOf(name: string): string {
  return name.split('.')[1] ?? name;
}

/** A size as WSL reads it, exactly: 8GB, 1536MB, else the bytes. */
export function formatWslSize(bytes: Bytes): string {
  if (bytes > 0 && bytes % GiB === 0) return `${bytes / GiB}GB`;
  return bytes > 0 && bytes % MiB === 0 ? `${bytes / MiB}MB` : String(bytes);
}
