import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseProfile, parseServiceBlock } from '../../../daemon/config/profiles/parse.js';
import { MiB } from '../../../daemon/shared/bytes.js';
import { formatProblem } from '../../../daemon/shared/problem.js';
import { cpuOf } from '../../support/cpu.js';
import { byGear, rounds, some } from '../../support/deep.js';

const FILE = '/p/.laptop-dev/shop.yaml';
const GOOD = `name: shop
description: The shop
extends: [base, "other"]
compose: [../compose.yaml]
services:
  api: &api
    memory: { standard: 256mb, maximum: 1.5GiB }
    priority: 80
    start: eager
    idle: never
    runtime: none
  worker: *api
  db:
    idle: 1h30m
    start_timeout: 90s
    memory:
      maximum: 536870912
  cache:
`;

describe('parseProfile', () => {
  it('reads sizes as bytes, durations as ms, paths as absolute', () => {
    const { profile, problems } = parseProfile(GOOD, FILE);
    expect(problems).toEqual([]);
    expect(profile).toMatchObject({ name: 'shop', description: 'The shop', extends: ['base', 'other'], compose: ['/p/compose.yaml'] });
    const api = {
      memory: { standard: 256 * MiB, maximum: 1536 * MiB },
      priority: 80,
      start: 'eager',
      idle: { stopAfter: null, freezeAfter: null },
      runtime: 'none',
    };
    expect(Object.fromEntries(profile?.services ?? [])).toEqual({
      api,
      worker: api,
      db: { idle: { stopAfter: 5_400_000 }, start_timeout: 90_000, memory: { maximum: 512 * MiB } },
      cache: {},
    });
  });

  const settings = (text: string) => parseProfile(`services: { a: ${text} }`, FILE).profile?.services.get('a');
  it.each([
    ['10m', { stopAfter: 600_000 }],
    ['never', { stopAfter: null, freezeAfter: null }],
    ['{ freezeAfter: 2m, stopAfter: 15m }', { freezeAfter: 120_000, stopAfter: 900_000 }],
    ['{ freezeAfter: 2m, stopAfter: never }', { freezeAfter: 120_000, stopAfter: null }],
    ['{ freezeAfter: 2m }', { freezeAfter: 120_000 }],
    ['{ veto: [pg_isready, -q] }', { veto: ['pg_isready', '-q'] }],
    ['{ veto: "test ! -e /tmp/busy" }', { veto: ['/bin/sh', '-c', 'test ! -e /tmp/busy'] }],
    ['{ veto: [] }', { veto: null }],
    ['{}', {}],
  ])('reads idle: %s', (text, idle) => expect(settings(`{ idle: ${text} }`)).toEqual({ idle }));

  it('reads how a service is woken', () => {
    expect(settings('{ protocol: http, ready: /health/ready, path: kernel }')).toEqual({
      protocol: 'http',
      ready: '/health/ready',
      path: 'kernel',
    });
    expect(settings('{ protocol: redis, hold_blocked: true }')).toEqual({ protocol: 'redis', hold_blocked: true });
  });

  it('reads running hours, either or both', () => {
    const schedule = (text: string) => parseProfile(`schedule: ${text}`, FILE).profile?.schedule;
    expect(schedule('{ up: "0 9 * * 1-5", down: "0 30 18 * * *" }')).toEqual({ up: '0 9 * * 1-5', down: '0 30 18 * * *' });
    expect(schedule('{ down: "0 18 * * *" }')).toEqual({ down: '0 18 * * *' });
    expect(schedule('{ up: never }')).toEqual({ up: null });
  });

  it.each([
    ['/p/laptop-dev.yaml', 'services: {}', 'default'],
    ['/p/laptop-dev.yaml', 'name: shop', 'shop'],
    ['/p/.laptop-dev/small.yml', 'services: {}', 'small'],
  ])('takes the name of %s with %j: %s', (file, text, name) => {
    expect(parseProfile(text, file).profile?.name).toBe(name);
  });

  it('gives all mistakes of a file at once, in the order of the file', () => {
    const text = 'nmae: x\nservices:\n  a: { idle: soon, priority: -1 }\n  b: { start: later }\n';
    expect(parseProfile(text, FILE).problems.map(({ line, column, key }) => `${line}:${column} ${key}`)).toEqual([
      '1:1 nmae',
      '3:14 services.a.idle',
      '3:30 services.a.priority',
      '4:15 services.b.start',
    ]);
  });

  it('refuses an alias bomb in less than a second of CPU time, with little memory', () => {
    const row = (name: string, of: string) => `  ${name}: &${name} [${Array(50).fill(of).join(', ')}]\n`;
    let text = `services:\n${row('a0', 'x')}`;
    for (let level = 1; level < 40; level++) text += row(`a${level}`, `*a${level - 1}`);
    const before = process.memoryUsage().rss;
    expect(cpuOf(() => expect(parseProfile(text, FILE).problems[0]?.message).toContain('stand for too much'))).toBeLessThan(1_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * MiB);
  });

  it('refuses brackets nested beyond the stack', () => {
    const texts = ['['.repeat(100_000), '{a: '.repeat(50_000), `${'['.repeat(5000)}${']'.repeat(5000)}`, '- '.repeat(50_000)];
    for (const text of some(texts, byGear({ deep: 4, usual: 4, fast: 1 }))) {
      const { problems } = parseProfile(`services: ${text}`, FILE);
      expect(problems.length).toBeGreaterThan(0);
      expect(problems.length).toBeLessThanOrEqual(20);
    }
  });

  it('never throws, whatever becomes of a good file, and always says where', () => {
    const edit = fc.record({
      at: fc.nat(GOOD.length),
      drop: fc.nat(12),
      add: fc.oneof(
        fc.string({ maxLength: 6 }),
        fc.constantFrom('\n', '\t', ': ', '- ', '{', '}', '[', '*api', '&api ', '!!map ', '<<: ', '"', '|', '%', '\0'),
      ),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), edits => {
        let text = GOOD;
        for (const { at, drop, add } of edits) text = text.slice(0, at) + add + text.slice(at + drop);
        const { profile, problems } = parseProfile(text, FILE);
        expect(profile === null).toBe(problems.length > 0);
        for (const problem of problems) expect(formatProblem(problem)).toMatch(/^\/p\/\.laptop-dev\/shop\.yaml:\d+:\d+: ./);
      }),
      { numRuns: rounds(2000) },
    );
  });

  it('never throws on any YAML value', () => {
    fc.assert(
      fc.property(fc.json(), text => {
        const { profile, problems } = parseProfile(text, FILE);
        expect(profile === null).toBe(problems.length > 0);
      }),
      { numRuns: rounds(500) },
    );
  });
});

describe('parseServiceBlock', () => {
  const at = (line: number, column: number) => ({ file: '/p/compose.yaml', line, column });
  const location = {
    ...at(7, 5),
    locations: new Map([
      ['memory.maximum', at(9, 16)],
      ['KEY#idel', at(8, 7)],
    ]),
  };
  it('reads x-laptop-dev of a Compose file', () => {
    const { settings } = parseServiceBlock({ value: { memory: { maximum: '1g' }, idle: '5m' }, ...location }, 'api');
    expect(settings).toEqual({ memory: { maximum: 1024 * MiB }, idle: { stopAfter: 300_000 } });
  });
  it('takes nothing for nothing', () => expect(parseServiceBlock({ value: null, ...location }, 'api').settings).toEqual({}));
  it('names key and place of each mistake', () => {
    const { problems } = parseServiceBlock({ value: { idel: '5m', memory: { maximum: 'x' } }, ...location }, 'api');
    expect(problems.map(formatProblem)).toEqual([
      '/p/compose.yaml:8:7: services.api.x-laptop-dev.idel: unknown key; expected one of memory, priority, start, idle, protocol, ports, runtime, ready, hold_blocked, path, start_timeout, stop_timeout; did you mean idle?',
      '/p/compose.yaml:9:16: services.api.x-laptop-dev.memory.maximum: found "x"; expected a size such as 256MB or 1.5GiB',
    ]);
  });
  it('holds standard against maximum', () => {
    const { problems } = parseServiceBlock({ value: { memory: { standard: '2g', maximum: '1g' } }, ...location }, 'api');
    expect(problems[0]?.message).toBe('found 1024MB, less than the standard of 2048MB');
  });
  it('reads the keys of waking and sleeping, and refuses what contradicts itself', () => {
    const value = { idle: { freezeAfter: '2m', stopAfter: '1h', veto: 'true' }, protocol: 'http', ready: '/ready', path: 'splice' };
    expect(parseServiceBlock({ value, ...location }, 'api').settings).toEqual({
      idle: { freezeAfter: 120_000, stopAfter: 3_600_000, veto: ['/bin/sh', '-c', 'true'] },
      protocol: 'http',
      ready: '/ready',
      path: 'splice',
    });
    const wrong = { idle: { freezeAfter: '2h', stopAfter: '1h' }, protocol: 'redis', ready: '/ready' };
    expect(parseServiceBlock({ value: wrong, ...location }, 'api').problems.map(formatProblem)).toEqual([
      '/p/compose.yaml:7:5: services.api.x-laptop-dev.idle.freezeAfter: found a freezeAfter of 2h, not shorter than the stopAfter of 1h; expected freezeAfter < stopAfter',
      '/p/compose.yaml:7:5: services.api.x-laptop-dev.ready: is for protocol http only, and the protocol here is redis; expected protocol: http, or no ready',
    ]);
  });
  it('finds the place of an item of a list, and of the nearest thing around one that is not there', () => {
    const locations = new Map([
      ['idle', at(8, 3)],
      ['idle.veto[1]', at(9, 5)],
    ]);
    const value = { idle: { veto: ['a', 7], stopAfter: 5 } };
    expect(parseServiceBlock({ value, ...location, locations }, 'api').problems.map(({ line, key }) => `${line} ${key}`)).toEqual([
      '8 services.api.x-laptop-dev.idle.stopAfter',
      '9 services.api.x-laptop-dev.idle.veto.1',
    ]);
  });
  it('never throws on any value: it has either settings or problems', () => {
    fc.assert(
      fc.property(fc.anything(), value => {
        const { settings, problems } = parseServiceBlock({ value, ...location }, 'api');
        return (settings === null) === problems.length > 0;
      }),
    );
  });
});
