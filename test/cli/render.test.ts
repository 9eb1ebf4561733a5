import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prefixesOf } from '../../daemon/cli/commands/services/logs.js';
import { renderBudget } from '../../daemon/cli/render/budget.js';
import { eventLine } from '../../daemon/cli/render/events.js';
import { portText, renderServices, usedOf } from '../../daemon/cli/render/ps.js';
import { table, visible, wrapCell } from '../../daemon/cli/render/table.js';
import { renderFailure } from '../../daemon/cli/run.js';
import { failure } from '../../daemon/shared/failure.js';
import { parseFailure } from '../../daemon/shared/parse-failure.js';
import { MB, notice, view } from '../server/harness.js';
import { holder } from '../support/failures.js';
import { PLAIN } from './harness.js';

const lines = (text: readonly string[]) => `\n${text.join('\n')}\n`;
const port = (host: number, container: number, hostIp = '127.0.0.1', protocol: 'tcp' | 'udp' = 'tcp') => ({
  host,
  container,
  hostIp,
  protocol,
});

const SERVICES = [
  view('api', { ports: [port(8080, 8080)] }),
  view('postgres', {
    ports: [port(15432, 5432)],
    memory: { standard: 256 * MB, grant: 512 * MB, maximum: 512 * MB, workingSet: 4.4 * MB },
  }),
  view('a-service-with-a-long-name', {
    state: 'failed',
    health: 'none',
    memory: { standard: 0, grant: 0, maximum: 1, workingSet: null },
    why: 'exited with 3. That was crash 5 in 10 minutes; it is not tried again by itself.',
  }),
];

describe('ps', () => {
  it('lines up and fits 80 columns', () => {
    const shown = renderServices(SERVICES, { projects: false, width: 80, colours: PLAIN });
    expect(lines(shown)).toMatchInlineSnapshot(`
      "
      NAME                      STATE    HEALTH       MEMORY  PORTS       WHY
      api                       running  healthy  100/512 MB  8080        it is eager…
      postgres                  running  healthy  4.4/512 MB  15432→5432  it is eager…
      a-service-with-a-long-n…  failed   -                 -  -           exited with…
      "
    `);
    expect(Math.max(...shown.map(visible))).toBeLessThanOrEqual(80);
  });
  it('cuts nothing for a pipe', () => {
    expect(renderServices(SERVICES, { projects: true, width: Number.POSITIVE_INFINITY, colours: PLAIN }).join('\n')).toContain(
      'by itself.',
    );
  });
  it('writes memory and ports briefly', () => {
    expect([usedOf(100 * MB, 512 * MB), usedOf(null, 512 * MB), usedOf(1536 * MB, 2048 * MB), usedOf(0.4 * MB, 64 * MB), usedOf(5, 0)]).toEqual([
      '100/512 MB', '?/512 MB', '1.5/2 GB', '0.4/64 MB', '-',
    ]); // biome-ignore format: a table
    expect([port(80, 80), port(8080, 80), port(53, 53, '0.0.0.0', 'udp'), port(80, 80, '::1')].map(portText)).toEqual([
      '80', '8080→80', '0.0.0.0:53/udp', '[::1]:80',
    ]); // biome-ignore format: a table
  });
});

describe('budget', () => {
  const holders = [
    {
      project: 'shop',
      service: 'api',
      state: 'running',
      standard: 256 * MB,
      grant: 512 * MB,
      maximum: 512 * MB,
      workingSet: 101 * MB,
    } as const,
    {
      project: 'shop',
      service: 'db',
      state: 'starting',
      standard: 512 * MB,
      grant: 1024 * MB,
      maximum: 2048 * MB,
      workingSet: null,
    } as const,
  ];
  it('shows bar, figures and holders, the largest first', () => {
    const budget = {
      budget: 8192 * MB,
      granted: 1536 * MB,
      standard: 768 * MB,
      workingSet: 512 * MB,
      hostTotal: 12_288 * MB,
      hostAvailable: 9000 * MB,
    };
    expect(lines(renderBudget({ ...budget, holders }, { width: 80, colours: PLAIN }))).toMatchInlineSnapshot(`
      "
      1.5 GB of 8 GB granted (19 %), 6.5 GB free
      █████▒▒▒▒▒▒▒▒▒▒░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░
      512 MB in use by services; the machine has 12 GB, 8.8 GB available

      PROJECT  SERVICE  STATE     IN USE  STANDARD   GRANT  MAXIMUM
      shop     db       starting       ?    512 MB    1 GB     2 GB
      shop     api      running   101 MB    256 MB  512 MB   512 MB
      "
    `);
  });
  it('of a machine without services is shown as well', () => {
    const none = { budget: 0, granted: 0, standard: 0, workingSet: 0, hostTotal: 0, hostAvailable: 0, holders: [] };
    expect(renderBudget(none, { width: 80, colours: PLAIN }).join('\n')).toContain('Nothing holds memory.');
  });
});

describe('failures', () => {
  it('say what happened, who holds the memory, and what to do', () => {
    const holders = [holder({ project: 'shop', service: 'db', state: 'running', standard: 512 * MB, grant: 1024 * MB })];
    const value = failure(
      'over-budget',
      'llm needs 6 GB, but 1.5 GB of the 8 GB budget are free. Nothing was started or stopped.',
      { holders },
      [
        'laptop-dev stop db -p shop frees 1 GB',
        'Raise the budget by at least 4.5 GB: LAPTOP_DEV_BUDGET, then laptop-dev daemon stop; or lower memory.standard in the profile',
      ],
    );
    expect(lines(renderFailure(value, { width: 80, colours: PLAIN }))).toMatchInlineSnapshot(`
      "
      ✗ llm needs 6 GB, but 1.5 GB of the 8 GB budget are free. Nothing was started or
        stopped.

        PROJECT  SERVICE  STATE    STANDARD  GRANT
        shop     db       running    512 MB   1 GB

        → laptop-dev stop db -p shop frees 1 GB
        → Raise the budget by at least 4.5 GB: LAPTOP_DEV_BUDGET, then laptop-dev
          daemon stop; or lower memory.standard in the profile
      "
    `);
  });
  it('keep the lines of a message', () => {
    const value = failure(
      'config-invalid',
      '2 mistakes in the configuration:\n/a/b.yaml:3:5: services.web.imge: is not a known key\n/a/b.yaml:9:1: x',
    );
    expect(lines(renderFailure(value, { width: 60, colours: PLAIN }))).toMatchInlineSnapshot(`
      "
      ✗ 2 mistakes in the configuration:
        /a/b.yaml:3:5: services.web.imge: is not a known key
        /a/b.yaml:9:1: x
        → Correct the places named; laptop-dev config validate
          checks without starting anything.
      "
    `);
  });
  it('show the last log lines, without what steers a terminal', () => {
    const value = failure('exited', 'api exited with 1.', { lastLines: ['one', '\u001b[2Jtwo'] }, ['look']);
    expect(renderFailure(value, { width: 80, colours: PLAIN })).toEqual(['✗ api exited with 1.', '  │ one', '  │ two', '  → look']);
  });
  it('whose details are not as they should be are shown all the same', () => {
    const value = parseFailure({ code: 'over-budget', message: 'x', details: { holders: [null, 5, { project: 'a' }] }, remedies: ['y'] });
    expect(renderFailure(value, { width: 80, colours: PLAIN })[0]).toMatch(/^✗ .*: x$/);
  });
});

describe('events and logs', () => {
  it('line up', () => {
    const line = eventLine(notice(1, 'api', 'ready', 'is ready'), { project: true, width: 12, colours: PLAIN });
    expect(line.slice(8)).toBe('  shop/api      ready      is ready');
    expect([...prefixesOf(['db', 'worker'], PLAIN).values()]).toEqual(['db     | ', 'worker | ']);
  });
});

describe('tables', () => {
  const cell = fc.string({ maxLength: 30, unit: fc.constantFrom('a', 'b', '-', '3') });
  it('never exceed the width that their columns can give', () => {
    const columns = [
      { title: 'NAME', gives: true, least: 4 },
      { title: 'N', align: 'right' as const },
      { title: 'WHY', gives: true, least: 3 },
    ];
    const rows = fc.array(fc.tuple(cell, fc.constantFrom('1', '22', '333'), cell), { maxLength: 8 });
    fc.assert(
      fc.property(rows, fc.integer({ min: 14, max: 90 }), (body, width) => {
        const shown = table(columns, body, width);
        expect(Math.max(...shown.map(visible))).toBeLessThanOrEqual(width);
        expect(shown).toHaveLength(body.length + 1);
      }),
    );
  });
  it('wrap keeps all words', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1 }), fc.integer({ min: 12, max: 60 }), (words, width) => {
        const wrapped = wrapCell(words.join(' '), width);
        expect(wrapped.join(' ').split(' ')).toEqual(words);
        expect(Math.max(...wrapped.map(line => line.length))).toBeLessThanOrEqual(width);
      }),
    );
  });
});
