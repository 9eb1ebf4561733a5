import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { planSettingsEdit } from '../../../daemon/platform/wsl/wslc/edit.js';
import { readWslcSettings } from '../../../daemon/platform/wsl/wslc/settings.js';
import { applyPatches, type ConfigChange, inverse } from '../../../daemon/platform/wsl/wslconfig/edit.js';
import { decodeText } from '../../../daemon/platform/wsl/wslconfig/encoding.js';
import { rounds } from '../../support/deep.js';
import { bytesOf } from './file-bytes.js';

const MEMORY: ConfigChange = { name: 'session.memorySize', value: '4GB' };

function edit(text: string, ...changes: readonly ConfigChange[]): string {
  const { patches, refused } = planSettingsEdit(text, changes);
  return patches === null ? `refused: ${refused}` : applyPatches(text, patches);
}

/** As `wslc settings` makes it, shortened. */
const MADE = `# wslc user settings
# https://aka.ms/wslc-settings

session:
  # Number of virtual CPUs allocated to the session (e.g. 4 default: all available CPUs)
  # cpuCount: default

  # Memory limit for the session (e.g. 2GB default: half of available memory)
  # memorySize: default

  # Seconds an idle session VM stays running before it is torn down (default: 30)
  # idleTimeout: default

# Credential storage backend: "wincred" or "file" (default: wincred)
# credentialStore: wincred
`;

describe('an edit of settings.yaml', () => {
  it.each([
    ['', 'session:\r\n  memorySize: 4GB\r\n'],
    ['# mine\n', '# mine\nsession:\n  memorySize: 4GB\n'],
    ['# mine', '# mine\r\nsession:\r\n  memorySize: 4GB\r\n'],
    [MADE, MADE.replace('# memorySize: default\n', '# memorySize: default\n  memorySize: 4GB\n')],
    [MADE.replaceAll('\n', '\r\n'), MADE.replace('# memorySize: default\n', '# memorySize: default\n  memorySize: 4GB\n').replaceAll('\n', '\r\n')],
    ['session:\n  memorySize: 8GB # half\n', 'session:\n  memorySize: 4GB # half\n'],
    ['session:\n  memorySize: "8GB"\n  cpuCount: 2\n', 'session:\n  memorySize: 4GB\n  cpuCount: 2\n'],
    ['session:\n  memorySize: default', 'session:\n  memorySize: 4GB'],
    ['session:\n  memorySize:\n  cpuCount: 2\n', 'session:\n  memorySize: 4GB\n  cpuCount: 2\n'],
    ['session:\n    memorySize: 4GB\n', 'session:\n    memorySize: 4GB\n'],
    ['session:\n    cpuCount: 2\n', 'session:\n    cpuCount: 2\n    memorySize: 4GB\n'],
    ['session:\n  cpuCount: 2', 'session:\n  cpuCount: 2\n  memorySize: 4GB'],
    ['session:\n  cpuCount: 2 # two\n\ncredentialStore: file\n', 'session:\n  cpuCount: 2 # two\n  memorySize: 4GB\n\ncredentialStore: file\n'],
    ['session:\ncredentialStore: file\n', 'session:\n  memorySize: 4GB\ncredentialStore: file\n'],
    ['credentialStore: file\n', 'credentialStore: file\nsession:\n  memorySize: 4GB\n'],
    ['session: {}\n', 'session: {memorySize: 4GB}\n'],
    ['session: { cpuCount: 2 }\n', 'session: { memorySize: 4GB, cpuCount: 2 }\n'],
    ['session: { memorySize: 8GB, cpuCount: 2 }\n', 'session: { memorySize: 4GB, cpuCount: 2 }\n'],
    ['{ credentialStore: file }\n', '{ session: { memorySize: 4GB }, credentialStore: file }\n'],
    ['session: ~\n', 'session: { memorySize: 4GB }\n'],
    ['---\nsession:\n  memorySize: 1GB\n...\n', '---\nsession:\n  memorySize: 4GB\n...\n'],
    ['session:\n  memorySize: |\n    8GB\n  cpuCount: 2\n', 'session:\n  memorySize: 4GB\n  cpuCount: 2\n'],
  ])('of %j gives %j', (before, after) => {
    expect(edit(before, MEMORY)).toBe(after);
  }); // biome-ignore format: a table

  it.each([
    ['session: [\n', /^refused: line \d is no YAML/],
    ['- a\n- b\n', /^refused: it is no list of names and values/],
    ['session:\n  memorySize: 1GB\n  memorySize: 2GB\n', /^refused: it has session\.memorySize twice/],
    ['session:\n  a: 1\nsession:\n  b: 1\n', /^refused: it has session twice/],
    ['session:\n: value\n', /^refused: it has a value without a name/],
    ['session: 5\n', /^refused: session is no section/],
    ['a: 1\n---\nb: 2\n', /^refused: it holds a second document, from line 2 on/],
  ])('of %j is refused', (before, why) => {
    expect(edit(before, MEMORY)).toMatch(why);
  });
});

const real = fc.constantFrom(
  'session:', 'session: # mine', 'session: {}', 'session: { cpuCount: 2 }', 'session: ~', '  cpuCount: 4', '  memorySize: 8GB', '  memorySize: 2gb # half', '  memorySize:',
  '  memorySize: default', '  "memorySize": \'6GB\'', '  # memorySize: default', '  # cpuCount: default', '  maxStorageSize: 500GB', '  storagePath: D:\\data',
  '  storagePath: "D:\\\\data"', '  hostLoopback: none', '  idleTimeout: 60', 'credentialStore: file', '# credentialStore: wincred', 'experimental:', '  portRelay: wslrelay',
  '    memorySize: 3GB', '# a comment', '  # another', '', '   ', '---', '...', '- a', 'other: &a [1, 2]', 'more: *a', '  text: |', '    memorySize: 1GB', '  folded: >-', 'Ünï: ß',
  '{ a: 1 }', 'session: 5', '  nested: { a: [b, {c: d}] }', '? key', ': value', '\ttab: 1', '%YAML 1.2', '  memorySize: |', '      4GB', 'x: "open',
); // biome-ignore format: a list
const newline = fc.constantFrom('\n', '\n', '\r\n', '\n', '');
const letters = fc.string({ unit: fc.constantFrom(...'session: memorySize 4GB#{}[]"\'|>-&*!\n\r\t'.split('')), maxLength: 14 });
const line = fc.oneof({ weight: 6, arbitrary: real }, { weight: 1, arbitrary: letters });
const loose = fc.array(fc.tuple(line, newline), { maxLength: 12 }).map(lines => lines.map(([text, end]) => text + end).join(''));

/** A file as people write it: sections with some of their keys, blank lines and comments between. */
const written = fc
  .record({
    eol: fc.constantFrom('\n', '\r\n'),
    indent: fc.constantFrom('  ', '    ', ' '),
    head: fc.constantFrom('', '# mine', '---'),
    keys: fc.uniqueArray(fc.constantFrom('cpuCount: 4', 'memorySize: 8GB', 'memorySize: default # all', 'idleTimeout: 60', '# memorySize: default', 'hostLoopback: "none"', '', '# note'), { maxLength: 6, selector: text => text.split(':')[0] ?? '' }),
    store: fc.constantFrom('', 'credentialStore: file', '# credentialStore: wincred'),
    order: fc.boolean(),
    ended: fc.boolean(),
  })
  .map(({ eol, indent, head, keys, store, order, ended }) => {
    const section = ['session:', ...keys.map(key => (key === '' ? '' : indent + key))];
    const all = [head, ...(order ? [...section, store] : [store, ...section])].filter((text, at) => text !== '' || at > 0);
    return all.join(eol) + (ended ? eol : '');
  }); // biome-ignore format: a record
const file = fc.oneof(written, loose);
const change = fc.constantFrom<ConfigChange>(
  MEMORY,
  { name: 'session.memorySize', value: '1536MB' },
  { name: 'session.cpuCount', value: '3' },
  { name: 'session.idleTimeout', value: '45' },
  { name: 'credentialStore', value: 'wincred' },
);
const changes = fc.uniqueArray(change, { minLength: 1, maxLength: 3, selector: ({ name }) => name });
const RUNS = { numRuns: rounds(10_000) };

/** All data of a text, as another reader than the editor's sees it. */
const dataIn = (text: string): Record<string, unknown> => (parseAllDocuments(text, { uniqueKeys: false }) as { toJS(): unknown }[])[0]?.toJS() as Record<string, unknown> ?? {}; // biome-ignore format: short

describe('for 10,000 files', () => {
  it('edit and undo give the file back byte by byte, nothing but what was asked changes, and a second edit finds nothing to do', () => {
    let refused = 0;
    let all = 0;
    fc.assert(
      fc.property(file, changes, (text, asked) => {
        all++;
        const plan = planSettingsEdit(text, asked);
        if (plan.patches === null) {
          refused++;
          expect(plan.refused).not.toBe('');
          return;
        }
        const edited = applyPatches(text, plan.patches);
        expect(applyPatches(edited, inverse(plan.patches))).toBe(text);
        expect(planSettingsEdit(edited, asked)).toEqual({ patches: [], refused: null });
        const { effective, ignored } = readWslcSettings(edited);
        expect(ignored).toBe(false);
        for (const { name, value } of asked) expect(effective.get(name)?.value).toBe(value);
        // Letters go nowhere: what was there is there in its order, but for the values that were replaced.
        for (const { removed } of plan.patches) expect(removed.split('\n').length).toBeLessThanOrEqual(3);
        const [before, after] = [dataIn(text), dataIn(edited)];
        for (const key of Object.keys(before)) if (key !== 'session' && key !== 'credentialStore') expect(after[key]).toEqual(before[key]);
      }),
      RUNS,
    );
    expect(refused).toBeLessThan(all * 0.75);
  });

  it('what people write is never refused', () => {
    fc.assert(
      fc.property(written, changes, (text, asked) => {
        expect(planSettingsEdit(text, asked).refused).toBeNull();
      }),
      RUNS,
    );
  });

  it('bytes of any kind survive decoding and an edit that is taken back', () => {
    fc.assert(
      fc.property(bytesOf(file), changes, (raw, asked) => {
        const { text, encode } = decodeText(raw);
        expect(encode(text).equals(raw)).toBe(true);
        const { patches } = planSettingsEdit(text, asked);
        if (patches === null) return;
        const edited = decodeText(encode(applyPatches(text, patches)));
        expect(edited.encode(applyPatches(edited.text, inverse(patches))).equals(raw)).toBe(true);
      }),
      RUNS,
    );
  });
});

describe('settings.yaml as wslc reads it', () => {
  const says = (text: string) =>
    readWslcSettings(text).diagnostics.map(
      ({ line, kind, message, fix }) => `${line} ${kind}: ${message}${fix === null ? '' : ` → ${fix}`}`,
    );
  it.each([
    [MADE, []],
    ['session:\n  memorySize: 4GB\n  cpuCount: 2\n  dnsTunneling: yes\n', []],
    ['session:\n  memorySize: default\n  cpuCount: ~\n', []],
    ['session:\n  memorysize: 4GB\n', ['2 unknown-key: wslc knows no setting session.memorysize → did you mean session.memorySize?']],
    ['session:\n  memorySize: 4 GB\n', ['2 bad-value: session.memorySize: "4 GB" is no size of a megabyte or more; the default holds → memorySize: 4GB']],
    ['session:\n  memorySize: 8\n', ['2 bad-value: session.memorySize: "8" is no size of a megabyte or more; the default holds']],
    ['session:\n  memorySize: 4gb\n', ['2 small-letters: session.memorySize: up to WSL 2.9.4 a size is read in capitals alone → memorySize: 4GB']],
    ['session:\n  cpuCount: 0x4\n  idleTimeout: +60\n  dnsTunneling: Off\n', []],
    ['session:\n  cpuCount: 0\n', ['2 bad-value: session.cpuCount: "0" is no whole number above 0; the default holds']],
    ['session:\n  dnsTunneling: oFF\n', ['2 bad-value: session.dnsTunneling: "oFF" is neither true nor false; the default holds']],
    ['session:\n  cpuCount: many\n', ['2 bad-value: session.cpuCount: "many" is no whole number above 0; the default holds']],
    ['session:\n  networkingMode: bridged\n', ['2 bad-value: session.networkingMode: "bridged" is none of none, nat, consomme; the default holds']],
    ['session:\n  storagePath: data\n', ['2 bad-value: session.storagePath: "data" is no absolute path; the default holds']],
    ['session:\n  memorySize: [4GB]\n', ['2 bad-value: session.memorySize: this is no value; the default holds']],
    ['wsl2:\n  memory: 4GB\n', ['1 unknown-key: wslc knows no setting wsl2']],
    ['session:\n  memorySize: 1GB\n  memorySize: 2GB\n', ['3 duplicate: session.memorySize is not read: line 2 has it already → change line 2 and remove this one']],
    ['- 4GB\n', ['1 structure: wslc takes the defaults for everything: the file is no list of names and values → write session: and its keys']],
    ['a: 1\n---\nb: 2\n', ['1 unknown-key: wslc knows no setting a', '2 documents: wslc reads what is above this --- alone → remove the rest']],
  ])('%j', (text, expected) => {
    expect(says(text)).toEqual(expected);
  }); // biome-ignore format: a table

  it.each([
    ['brackets in brackets', `session: ${'['.repeat(100_000)}`],
    ['lists in lists', `session: ${'- '.repeat(50_000)}`],
    ['aliases', `a: &a 1\nsession: [${'*a,'.repeat(20_000)}]\n`],
    ['aliases of aliases', `a: &a [x,x]\n${Array.from({ length: 20 }, (_, at) => `b${at}: &b${at} [${Array(9).fill(at ? `*b${at - 1}` : '*a').join(',')}]`).join('\n')}\n`],
    ['documents', '---\n'.repeat(50_000)],
    ['keys in keys', Array.from({ length: 700 }, (_, at) => `${' '.repeat(at)}a:`).join('\n')],
    ['an alias of itself', 'session: &s\n  cpuCount: *s\n'],
  ])('%s: it is read, and edited or refused, and nothing breaks', (_, text) => {
    expect(readWslcSettings(text).effective.get('session.memorySize')).toBeUndefined();
    const { patches, refused } = planSettingsEdit(text, [MEMORY]);
    if (patches === null) expect(refused).not.toBe('');
    else expect(applyPatches(applyPatches(text, patches), inverse(patches))).toBe(text);
  }); // biome-ignore format: a table

  it('broken YAML is ignored as a whole, with the line', () => {
    const { ignored, effective, diagnostics } = readWslcSettings('session:\n  memorySize: 4GB\n  cpuCount: [\n');
    expect([ignored, effective.size, diagnostics.map(({ kind }) => kind)]).toEqual([true, 0, ['broken']]);
  });

  it('the values that count are told with their lines', () => {
    const { effective } = readWslcSettings('credentialStore: file\nsession:\n  memorySize: 6GB\n  idleTimeout: 0\n');
    expect([...effective.values()]).toEqual([
      { name: 'credentialStore', value: 'file', line: 1 },
      { name: 'session.memorySize', value: '6GB', line: 3 },
    ]);
  });
});
