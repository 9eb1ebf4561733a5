import type { ConfigEntry } from './lines.js';
import { readConfig, type WslConfig } from './read.js';
import { identityOf } from './values.js';

/** A key and what it is to hold; the value as WSL is to understand it. */
export interface ConfigChange {
  /** section.key, as WSL's documentation writes it. */
  readonly name: string;
  readonly value: string;
}

/** One place of the text: `removed` stands at `at` and gives way to `inserted`. */
export interface Patch {
  readonly at: number;
  readonly removed: string;
  readonly inserted: string;
}

/**
 * The patches, each for the text that the one before it has left, after which WSL reads these values. The entry that counts is changed
 * where it stands; a key that is not there goes to the end of its section, and a section that is not there to the end of the file. All
 * other letters stay. A key that has its value already needs no patch.
 */
export function planEdit(text: string, changes: readonly ConfigChange[]): readonly Patch[] {
  const patches: Patch[] = [];
  let now = text;
  for (const change of changes) {
    // Read anew for each: a line that one change mends may be the one behind which the next is put.
    const patch = patchFor(now, readConfig(now), change);
    if (patch === null) continue;
    now = applyPatches(now, [patch]);
    patches.push(patch);
  }
  return patches;
}

function patchFor(text: string, config: WslConfig, { name, value }: ConfigChange): Patch | null {
  const entry = entryFor(config, name);
  if (entry === null) return insertion(text, config, name, value);
  if (entry.sound && entry.value === value) return null;
  return { at: entry.start, removed: text.slice(entry.start, entry.end), inserted: quoted(value) };
}

/** The entry that counts; where there is none, one that WSL skips because its value is malformed. */
function entryFor({ lines, effective }: WslConfig, name: string): ConfigEntry | null {
  const identity = identityOf(name);
  return effective.get(identity) ?? lines.entries.find(entry => identityOf(entry.name) === identity) ?? null;
}

function insertion(text: string, { lines }: WslConfig, name: string, value: string): Patch {
  const [section = '', key = ''] = name.split('.');
  const newline = newlineOf(text);
  const line = `${key}=${quoted(value)}${newline}`;
  const block = lines.blocks.find(each => each.section.toLowerCase() === section.toLowerCase());
  if (block) return { at: block.insertAt, removed: '', inserted: (block.ended ? '' : newline) + line };
  const { appendAt: at, appendEnded: ended } = lines;
  const before = text.slice(0, at);
  const gap = before === '' || /(^|\n)[ \t\r]*\r?\n$/.test(before) ? '' : newline;
  return { at, removed: '', inserted: `${ended ? '' : newline}${gap}[${section}]${newline}${line}` };
}

/** The text with patches that were planned for it. */
export function applyPatches(text: string, patches: readonly Patch[]): string {
  return patches.reduce((now, { at, removed, inserted }) => now.slice(0, at) + inserted + now.slice(at + removed.length), text);
}

/** The patches that take these back. */
export function inverse(patches: readonly Patch[]): readonly Patch[] {
  return patches.map(({ at, removed, inserted }) => ({ at, removed: inserted, inserted: removed })).reverse();
}

/** As the file has most of; CR LF in a file without any: Windows' own. */
export function newlineOf(text: string): string {
  const all = text.split('\n').length - 1;
  const pairs = text.split('\r\n').length - 1;
  return all === 0 || pairs * 2 >= all ? '\r\n' : '\n';
}

/** Written so that WSL reads it back: backslashes and quotes escaped, quotes around what would be cut off. */
function quoted(value: string): string {
  const escaped = value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n').replaceAll('\t', '\\t');
  return /#|^ | $/.test(value) ? `"${escaped}"` : escaped;
}

/** Words joined to a kernel command line, those already there left alone: `psi=1` replaces `psi=0`. */
export function withKernelArgument(commandLine: string, argument: string): string {
  const [name] = argument.split('=');
  const words = commandLine.split(' ').filter(word => word !== '' && word !== name && !word.startsWith(`${name}=`));
  return [...words, argument].join(' ');
}
