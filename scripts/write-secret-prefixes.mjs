// Writes daemon/shared/generated/secret-prefixes.ts: how tokens begin, out of the rules of secretlint, which are kept up by its makers. To be run
// after an update of @secretlint/secretlint-rule-preset-recommend; with --check it writes nothing and fails when the committed file is another one.
import { readFileSync, writeFileSync } from 'node:fs';
import { creator } from '@secretlint/secretlint-rule-preset-recommend';

if (process.argv.includes('--help')) {
  console.log(
    'write-secret-prefixes.mjs [--check]: writes daemon/shared/generated/secret-prefixes.ts; with --check says whether it is current.',
  );
  process.exit(0);
}
const target = new URL('../daemon/shared/generated/secret-prefixes.ts', import.meta.url);
/** Rules that know no token by how it begins: core/redact.ts has forms of its own for what they look for. */
const OTHERS = /-(aws|gcp|privatekey|basicauth|database-connection-string|filter-comments)$/;
/** Of a rule beside tokens: an address, which core/redact.ts knows. */
const ADDRESS = /^https/;

/** The expressions that each rule lays against a file: they stand in its code, so a text is given to it and it is watched what is asked of that text. */
async function expressions() {
  const found = [];
  const text = `nothing ${'secret '.repeat(3)}here`;
  const context = {
    sharedOptions: {},
    createTranslator: () => id => ({ message: id, messageId: id }),
    report() {},
    ignore() {},
    registerRule: rule => rules.push(rule),
  };
  const rules = [];
  creator.create(context, {});
  const matchAll = String.prototype.matchAll;
  for (const rule of rules) {
    String.prototype.matchAll = function (expression) {
      if (String(this) === text) found.push({ rule: rule.meta.id, source: expression.source });
      return matchAll.call(this, expression);
    };
    try {
      await rule.create(context, {}).file?.({ content: text, filePath: 'a.txt', ext: '.txt', contentType: 'text' });
    } finally {
      String.prototype.matchAll = matchAll;
    }
  }
  return found;
}

/** The literal begins of an expression: of each alternative, through groups of literals. */
function prefixesOf(source) {
  return topLevel(source.replace(/^(?:\(\?<!\\p\{L\}\)|\\b)/, '')).flatMap(alternative => literalBegins(alternative));
}

function topLevel(source) {
  const parts = [''];
  for (let at = 0, depth = 0, set = false; at < source.length; at++) {
    const letter = source[at];
    if (letter === '\\') {
      parts[parts.length - 1] += letter + source[++at];
      continue;
    }
    if (set) set = letter !== ']';
    else if (letter === '[') set = true;
    else if (letter === '(') depth++;
    else if (letter === ')') depth--;
    if (letter === '|' && depth === 0 && !set) parts.push('');
    else parts[parts.length - 1] += letter;
  }
  return parts;
}

function literalBegins(source) {
  let begins = [''];
  let rest = source;
  for (;;) {
    const literal = /^(?:[A-Za-z0-9_-]|\\[.-])(?![*+?{])/.exec(rest)?.[0];
    const group = /^\((?:\?:|\?<\w+>)?([\w|-]+)\)(?![*+?{])/.exec(rest);
    if (literal) begins = begins.map(begin => begin + literal.at(-1));
    else if (group) begins = begins.flatMap(begin => group[1].split('|').map(word => begin + word));
    else return begins.filter(begin => begin.length >= 3);
    rest = rest.slice((literal ?? group[0]).length);
  }
}

const prefixes = new Set();
for (const { rule, source } of await expressions()) {
  if (OTHERS.test(rule) || ADDRESS.test(source)) continue;
  const found = prefixesOf(source);
  // A rule of another kind has come: it has to be looked at.
  if (found.length === 0) throw new Error(`${rule} has no literal begin: ${source}`);
  for (const prefix of found) prefixes.add(prefix);
}
const made = `// Made by scripts/write-secret-prefixes.mjs from @secretlint/secretlint-rule-preset-recommend (MIT). Do not edit.
/** How tokens begin that secretlint knows. */
// biome-ignore format: made
export const MAINTAINED_PREFIXES: readonly string[] = [
${[...prefixes]
  .sort()
  .map(prefix => `  '${prefix}',\n`)
  .join('')}];
`;
if (!process.argv.includes('--check')) writeFileSync(target, made);
else if (readFileSync(target, 'utf8') !== made) {
  console.error('daemon/shared/generated/secret-prefixes.ts is not current: node scripts/write-secret-prefixes.mjs');
  process.exitCode = 1;
}
