import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { optionOf } from '../../daemon/cli/parser/options.js';
import { type LoadedVerb, loadVerbs } from '../../daemon/cli/verb.js';
import { VERBS } from '../../daemon/cli/verbs.js';
import { ENDPOINTS } from '../../daemon/server/schema/endpoints.js';
import { CATALOGUE, type FailureCode } from '../../daemon/shared/failure.js';
import { detailFields } from '../../daemon/shared/parse-failure.js';

const read = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

/** Heading → text up to the next heading. */
function sections(text: string): Map<string, string> {
  const parts = text.split(/^#{2,3} /m).slice(1);
  return new Map(parts.map(part => [part.slice(0, part.indexOf('\n')).trim(), part.slice(part.indexOf('\n'))]));
}

describe('docs/errors.md', () => {
  it('has one entry for each code, with its exit code and status', () => {
    const text = read('errors.md');
    const entries = sections(text);
    expect(text.match(/^### /gm)).toHaveLength(entries.size);
    expect([...entries.keys()].sort()).toEqual(Object.keys(CATALOGUE).sort());
    for (const [code, { exit, status }] of Object.entries(CATALOGUE))
      expect([code, entries.get(code)]).toEqual([code, expect.stringContaining(`Exit ${exit} · status ${status}.`)]);
  });
  it.each(Object.keys(CATALOGUE) as FailureCode[])('names for %s the fields of its details', code => {
    const text = sections(read('errors.md')).get(code);
    const fields = detailFields(code).map(({ name, isOptional }) => `\`${name}${isOptional ? '?' : ''}\``);
    const line = text?.match(/^`details`: .*$/m)?.[0] ?? null;
    expect(line).toBe(fields.length === 0 ? null : `\`details\`: ${fields.join(', ')}.`);
  });
});

describe('docs/cli.md', async () => {
  const entries = sections(read('cli.md'));
  const paths = (verbs: readonly LoadedVerb[], before = ''): (readonly [string, LoadedVerb])[] =>
    verbs
      .filter(verb => !verb.hidden)
      .flatMap(verb => [[before + verb.name, verb] as const, ...paths(verb.verbs, `${before}${verb.name} `)]);
  it.each(paths(await loadVerbs(VERBS)))('has %s with its options, and no others', (path, verb) => {
    const text = entries.get(`${path} ${verb.args.replaceAll(/[<>]/g, '').replaceAll('...', '…')}`.trim()) ?? '';
    const documented = [...text.matchAll(/^\| `(-[^`]+)` \|/gm)].map(match => match[1]);
    expect(documented).toEqual(verb.options.map(name => optionOf(name).flags));
    expect(text).toContain(verb.summary);
  });
});

describe('docs/api.md', () => {
  it('names every route', () => {
    const text = read('api.md');
    for (const { path } of ENDPOINTS) expect(text).toContain(path);
  });
});
