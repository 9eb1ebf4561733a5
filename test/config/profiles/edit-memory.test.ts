import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withMemory } from '../../../daemon/config/profiles/edit-memory.js';
import { parseProfile } from '../../../daemon/config/profiles/parse.js';
import { MiB } from '../../../daemon/shared/bytes.js';

const BOTH = { standard: 128 * MiB, maximum: 1024 * MiB };
const edit = (text: string, figures = {}, service = 'db') => withMemory(text, service, { ...BOTH, ...figures });

describe('figures are put into the text of a profile', () => {
  test.each([
    ['in a flow map', 'services:\n  db: { memory: { standard: 256MB, maximum: 512MB }, start: eager }\n', 'services:\n  db: { memory: { standard: 128MB, maximum: 1GB }, start: eager }\n'],
    ['in a block map', 'services:\n  db:\n    memory:\n      standard: 256MB # measured\n      maximum:   512MB\n', 'services:\n  db:\n    memory:\n      standard: 128MB # measured\n      maximum:   1GB\n'],
    ['in quotes', `services: { db: { memory: { standard: "256MB", maximum: '512MB' } } }`, `services: { db: { memory: { standard: "128MB", maximum: '1GB' } } }`],
    ['as a number of bytes', 'services:\n  db:\n    memory: { standard: 268435456, maximum: 1GiB }\n', 'services:\n  db:\n    memory: { standard: 128MB, maximum: 1GB }\n'],
    ['where one is missing', 'services:\n  db:\n    memory: { maximum: 512MB }\n', 'services:\n  db:\n    memory: { maximum: 1GB, standard: 128MB }\n'],
    ['where one is missing in a block', 'services:\n  db:\n    memory:\n      # the limit\n      maximum: 512MB # hard\n\n  web:\n', 'services:\n  db:\n    memory:\n      # the limit\n      maximum: 1GB # hard\n      standard: 128MB\n\n  web:\n'],
    ['where memory is missing', 'services:\n  db:\n    # sleeps\n    start: on-demand # wakes\n    idle:\n      stopAfter: 10m # soon\n\n  # the site\n  web:\n', 'services:\n  db:\n    # sleeps\n    start: on-demand # wakes\n    idle:\n      stopAfter: 10m # soon\n    memory: { standard: 128MB, maximum: 1GB }\n\n  # the site\n  web:\n'],
    ['in a flow map without memory', 'services:\n  db:      { start: eager }  # aligned\n', 'services:\n  db:      { start: eager, memory: { standard: 128MB, maximum: 1GB } }  # aligned\n'],
    ['in an empty map', 'services: { db: {} }', 'services: { db: { memory: { standard: 128MB, maximum: 1GB } } }'],
    ['under a bare name', 'services:\n  web:\n  db: # later\n', 'services:\n  web:\n  db: { memory: { standard: 128MB, maximum: 1GB } } # later\n'],
    ['at the end of a file without a newline', 'services:\n  db:', 'services:\n  db: { memory: { standard: 128MB, maximum: 1GB } }'],
    ['after a block without a newline', 'services:\n  db:\n    start: eager', 'services:\n  db:\n    start: eager\n    memory: { standard: 128MB, maximum: 1GB }'],
    ['in place of null', 'services:\n  db: ~ # none\n', 'services:\n  db: { memory: { standard: 128MB, maximum: 1GB } } # none\n'],
    ['under memory without a value', 'services:\n  db:\n    memory:\n    start: eager\n', 'services:\n  db:\n    memory: { standard: 128MB, maximum: 1GB }\n    start: eager\n'],
    ['with the line ends of Windows', 'services:\r\n  db:\r\n    start: eager\r\n  web:\r\n', 'services:\r\n  db:\r\n    start: eager\r\n    memory: { standard: 128MB, maximum: 1GB }\r\n  web:\r\n'],
    ['under a quoted name', 'services:\n  "db": { memory: { standard: 1GB, maximum: 2GB } }\n', 'services:\n  "db": { memory: { standard: 128MB, maximum: 1GB } }\n'],
  ])('%s', (_, before, after) => {
    expect(edit(before)).toBe(after);
    expect(parseProfile(after, '/shop/laptop-dev.yaml').profile?.services.get('db')?.memory).toEqual(BOTH);
  }); // biome-ignore format: one case a line

  test('one figure alone', () => {
    expect(withMemory('services: { db: { memory: { standard: 1GB, maximum: 2GB } } }', 'db', { maximum: 1536 * MiB })).toBe(
      'services: { db: { memory: { standard: 1GB, maximum: 1536MB } } }',
    );
  });

  test('not of a service that is not named, nor through an alias', () => {
    expect(edit('services: { web: {} }')).toBeNull();
    expect(edit('name: shop')).toBeNull();
    expect(edit('services:\n  web: &usual { start: eager }\n  db: *usual\n')).toBeNull();
    expect(edit('services:\n  web: { memory: &usual { standard: 1GB, maximum: 2GB } }\n  db: { memory: *usual }\n')).toBeNull();
    expect(edit('services:\n  web: { memory: { standard: &usual 1GB } }\n  db: { memory: { standard: *usual } }\n')).toBeNull();
  });

  test('into any profile without changing what else it says, or a line that is not about the service', () => {
    const flow = fc.constantFrom(
      '{ start: eager }',
      '{}',
      '',
      '{ memory: { standard: 200MB } }',
      '{ priority: 3, memory: { maximum: 2GB } }',
    );
    const block = fc.constantFrom(
      '\n    start: eager # c\n    memory:\n      maximum: 2GB\n\n      # d\n      standard: 200MB',
      '\n    memory:\n      standard: 200MB\n    # e\n    idle: { stopAfter: 10m }\n',
      '\n\n    priority: 7\n    idle:\n      veto: [a, b]\n      stopAfter: 1h',
    );
    const comment = fc.constantFrom('', ' # note', '  # { memory: "x" }');
    const service = fc.tuple(fc.oneof(flow.map(text => ` ${text}`), block), comment).map(parts => parts.join('')); // biome-ignore format: short
    fc.assert(
      fc.property(fc.array(service, { minLength: 1, maxLength: 5 }), fc.nat(), (services, pick) => {
        const at = pick % services.length;
        const text = `# top\nservices:\n${services.map((each, i) => `  s${i}:${each}\n`).join('\n')}schedule: { up: never }\n`;
        const edited = withMemory(text, `s${at}`, BOTH);
        const [before, after] = [text, edited ?? ''].map(each => parseProfile(each, '/shop/laptop-dev.yaml').profile);
        const expected = new Map(before?.services);
        expected.set(`s${at}`, { ...expected.get(`s${at}`), memory: BOTH });
        expect(after?.services).toEqual(expected);
        const kept = new Set((edited ?? '').split('\n'));
        const gone = text.split('\n').filter(line => !kept.has(line));
        expect(gone.length).toBeLessThanOrEqual(2);
        for (const line of text.matchAll(/#.*/g)) expect(edited).toContain(line[0]);
      }),
    );
  });
});
