/** Decides what of a build context is sent. Paths are relative to the context, with forward slashes. */
export interface IgnoreRules {
  ignores(path: string): boolean;
  /** True when nothing under an ignored folder can come back through a `!` line: the folder need not be read. */
  prunes(folder: string): boolean;
}

interface Rule {
  readonly negated: boolean;
  readonly pattern: RegExp;
  readonly text: string;
}

/**
 * Reads a .dockerignore with the rules of moby's patternmatcher: one pattern a line, `#` comments, `*` and `?` within a name, `**`
 * over any number of folders, `[…]`, `\` escapes, `!` exceptions; the last match wins, and a match of a folder holds for what
 * is under it. A malformed pattern (an open `[`) matches nothing.
 */
export function parseIgnore(text: string): IgnoreRules {
  const rules = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .flatMap(readRule);
  const exceptions = rules.filter(rule => rule.negated);
  const ignores = (path: string): boolean => {
    const prefixes = foldersOf(path);
    return rules.reduce((ignored, rule) => (prefixes.some(prefix => rule.pattern.test(prefix)) ? !rule.negated : ignored), false);
  };
  return { ignores, prunes: folder => ignores(folder) && !exceptions.some(rule => mayMatchUnder(rule.text, folder)) };
}

function readRule(line: string): Rule[] {
  if (line.startsWith('#')) return [];
  const trimmed = line.trim();
  const negated = trimmed.startsWith('!');
  const text = clean(negated ? trimmed.slice(1).trim() : trimmed);
  if (text === '' || text === '.') return [];
  return [{ negated, text, pattern: toPattern(text) }];
}

/** As Go's filepath.Clean, without the leading slash: a/./b//c/../d → a/b/d. */
function clean(pattern: string): string {
  const parts: string[] = [];
  for (const part of pattern.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length > 0) parts.pop();
    else if (part !== '..') parts.push(part);
  }
  return parts.join('/');
}

function foldersOf(path: string): string[] {
  const parts = path.split('/');
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** Could an exception match something below this folder? Compared name by name; `**` and anything after it may. */
function mayMatchUnder(exception: string, folder: string): boolean {
  const wanted = exception.split('/');
  for (const [index, name] of folder.split('/').entries()) {
    const part = wanted[index];
    if (part === undefined) return true;
    if (part.includes('**')) return true;
    if (!toPattern(part).test(name)) return false;
  }
  return true;
}

const NEVER = /(?!)/;

function toPattern(text: string): RegExp {
  let out = '^';
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (text.startsWith('**', at)) {
      at += 1;
      if (text.charAt(at + 1) === '/') at += 1;
      // At the end `**` takes everything; before a slash any number of whole folders, none included.
      out += at + 1 >= text.length ? '.*' : '(?:.*/)?';
    } else if (char === '*') out += '[^/]*';
    else if (char === '?') out += '[^/]';
    else if (char === '[') {
      const end = text.indexOf(']', at + 2);
      if (end < 0) return NEVER;
      out += `[${text
        .slice(at + 1, end)
        .replaceAll('\\', '\\\\')
        .replaceAll('[', '\\[')}]`;
      at = end;
    } else {
      if (char === '\\' && at + 1 < text.length) at += 1;
      out += text.charAt(at).replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
    }
  }
  return toRegExp(`${out}$`);
}

function toRegExp(source: string): RegExp {
  try {
    return new RegExp(source, 's');
  } catch {
    return NEVER;
  }
}
