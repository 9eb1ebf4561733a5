import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { askWindows, readAnswer } from '../../../daemon/platform/wsl/windows.js';
import { lookAtBothSides } from '../../../daemon/platform/wsl/windows-memory.js';
import { GiB, MiB } from '../../../daemon/shared/bytes.js';
import { anyCharacter } from '../../support/any-character.js';
import { rounds } from '../../support/deep.js';
import { parsePowershell } from '../../support/powershell.js';
import { type Simulated, type SimulatedHost, simulate } from './simulated.js';

const BASE = 'total=16000000\nfree=1000\nbuild=22631\ncpus=8\nprofile=C:\\Users\\me\n';
const SINCE = Date.UTC(2026, 9, 4, 10, 7, 4, 123);

const hosts: SimulatedHost[] = [];
afterEach(() => hosts.splice(0).forEach(host => void host.remove()));

function on(parts: Partial<Simulated> = {}) {
  const host = simulate(parts);
  hosts.push(host);
  const { root, env, start } = host;
  return { host, seam: { root, env, start }, cache: join(host.state, 'windows.json') };
}

const asked = (host: SimulatedHost) => host.calls().split('\n').filter(call => call.startsWith('powershell.exe')); // biome-ignore format: short

describe('the machines in an answer of PowerShell', () => {
  it.each([
    ['one', 'machine=7516192768 2026-10-04T05:07:04.1234567-05:00 vmmemWSL', [{ name: 'vmmemWSL', memory: 7 * GiB, since: SINCE }]],
    ['in UTC, and without a fraction', 'machine=1 2026-10-04T10:07:04Z vmmemWSL', [{ memory: 1, since: SINCE - 123 }]],
    ['a working set that is not readable', 'machine= 2026-10-04T10:07:04Z vmmemWSL', [{ memory: null }]],
    ['a working set of nothing', 'machine=0 2026-10-04T10:07:04Z vmmemWSL', [{ memory: null }]],
    ['no time', 'machine=5  vmmemWSL', [{ memory: 5, since: null }]],
    ['a time without its zone', 'machine=5 2026-10-04T10:07:04 vmmemWSL', [{ memory: 5, since: null }]],
    ['a time that is none', 'machine=5 2026-99-04T10:07:04Z vmmemWSL', [{ memory: 5, since: null }]],
    ['a figure beyond all memory', `machine=${'9'.repeat(19)} 2026-10-04T10:07:04Z vmmemWSL`, [{ memory: null }]],
    ['a line beyond all names', `machine=5 2026-10-04T10:07:04Z vmmem${'x'.repeat(2_000)}`, []],
    ['a long name', `machine=5 2026-10-04T10:07:04Z vmmem${'x'.repeat(500)}`, [{ name: `vmmem${'x'.repeat(123)}` }]],
    ['a name that steers a terminal', 'machine=5 2026-10-04T10:07:04Z vmmem\u001b[31mW\u202eSL', [{ name: 'vmmem[31mWSL' }]],
    ['another process', 'machine=5 2026-10-04T10:07:04Z explorer.exe', []],
    ['words', 'machine=a lot of memory', []],
    ['none, as an older version asked', '', []],
    ['hundreds', 'machine=5  vmmem\n'.repeat(500), Array.from({ length: 32 }, () => ({ name: 'vmmem' }))],
  ])('%s', (_, lines, expected) => {
    const machines = readAnswer(`${BASE}${lines}\n`)?.machines;
    expect(machines).toHaveLength(expected.length);
    expect(machines).toMatchObject(expected);
  }); // biome-ignore format: a table

  it('a name with a line of its own passes for no figure', () => {
    const answer = readAnswer(`${BASE}machine=5  vmmem\nprofile=D:\\evil\ntotal=1\n`);
    expect(answer).toMatchObject({ profile: 'C:\\Users\\me', total: 16_000_000 * 1024 });
  });

  it('whatever stands there: figures that are figures, names that do nothing', () => {
    const line = fc.array(fc.oneof(fc.constantFrom('machine=', 'vmmem', ' ', '5', '\n', '\r', '\u001b[2J', 'Z'), anyCharacter), { maxLength: 60 });
    fc.assert(
      fc.property(line, parts => {
        for (const { name, memory, since } of readAnswer(`${BASE}${parts.join('')}`)?.machines ?? []) {
          expect(name).toMatch(/^vmmem[^\p{Cc}\p{Cs}\u2028\u2029]{0,123}$/iu);
          expect(memory === null || (Number.isSafeInteger(memory) && memory > 0)).toBe(true);
          expect(since === null || Number.isSafeInteger(since)).toBe(true);
        }
      }),
      { numRuns: rounds(2_000) },
    );
  }); // biome-ignore format: short
});

it('the script calls no method, which AppLocker refuses, and lists machines behind all figures', async () => {
  const { host, seam, cache } = on();
  await askWindows(seam, '/mnt/', cache);
  const script = Buffer.from(asked(host)[0]?.split(' ').at(-1) ?? '', 'base64').toString('utf16le');
  const calls = (text: string) => parsePowershell(text).descendantsOfType('invokation_expression').length;
  expect([calls(script), calls('$o.CreationDate.ToUniversalTime()')]).toEqual([0, 1]);
  const places = ['total=', 'free=', 'build=', 'cpus=', 'profile=', 'machine=', 'exit 0'].map(part => script.indexOf(part));
  expect(places).toEqual(places.toSorted((a, b) => a - b));
  expect(places[0]).toBeGreaterThan(0);
});

describe('the cache of a boot', () => {
  it('has no machines: what they held then is nothing of now', async () => {
    const { host, seam, cache } = on();
    expect((await askWindows(seam, '/mnt/', cache)).windows?.machines).toHaveLength(1);
    expect(await askWindows(seam, '/mnt/', cache)).toMatchObject({ cached: true, windows: { cpus: 8, machines: [] } });
    expect(readFileSync(cache, 'utf8')).not.toContain('vmmem');
    expect((await askWindows(seam, '/mnt/', cache, true)).windows?.machines).toHaveLength(1);
    expect(asked(host)).toHaveLength(2);
  });

  it.each([
    ['of an older version', {}],
    ['that has some', { machines: [{ name: 'vmmemWSL', memory: 1, since: null }] }],
  ])('%s is read', async (_, more) => {
    const { host, seam, cache } = on();
    const windows = { total: 5, free: 1, cpus: 2, profile: 'C:\\Users\\me', build: null, ...more };
    mkdirSync(host.state, { recursive: true });
    writeFileSync(cache, JSON.stringify({ boot: '11111111-2222-3333-4444-555555555555', windows }), { mode: 0o600 });
    const answer = await askWindows(seam, '/mnt/', cache);
    expect(answer).toEqual({ windows: { ...windows, machines: [] }, cached: true, fault: null });
  });
});

describe('both sides', () => {
  const TOTAL = 8 * (1 - 0.017) * GiB - 107 * MiB;
  it('Windows is asked each time, and the VM read after it', async () => {
    const { host, seam, cache } = on({ machines: [{ name: 'vmmemWSL', memory: null, created: '' }] });
    for (const _ of [1, 2]) {
      const { vm, answer } = await lookAtBothSides(seam, cache);
      expect(answer).toEqual({ windows: { total: expect.any(Number), free: 3 * GiB, machines: [{ name: 'vmmemWSL', memory: null, since: null }] }, fault: null }); // biome-ignore format: short
      expect(vm.memory.total / TOTAL).toBeCloseTo(1, 4);
      expect([vm.memory.used, vm.memory.free].map(bytes => Math.round((100 * bytes) / vm.memory.total))).toEqual([50, 25]);
    }
    expect(asked(host)).toHaveLength(2);
  });

  it.each<[string, Partial<Simulated>, string]>([
    ['interop is off', { interop: false }, 'interop is off'],
    ['PowerShell fails', { powershell: 'fails' }, 'powershell.exe failed (3)'],
    ['PowerShell hangs', { powershell: 'hangs' }, 'powershell.exe gave no answer within 10 s'],
    ['there is none', { powershell: 'absent' }, 'there is no powershell.exe'],
  ])('%s: said, with what the VM shows', async (_, parts, fault) => {
    const { seam, cache } = on(parts);
    const { vm, answer } = await lookAtBothSides(seam, cache);
    expect(answer).toEqual({ windows: null, fault });
    expect(vm.memory.total).toBeGreaterThan(0);
  });

  it.each(['wsl1', 'linux'] as const)('%s: nothing is asked', async kind => {
    const { host, seam, cache } = on({ kind });
    expect((await lookAtBothSides(seam, cache)).answer).toBeNull();
    expect(host.calls()).toBe('');
  });
});
