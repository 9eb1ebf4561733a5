import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { choices, figures, readNetworkPools, readRelist, readSettings, readStreamClients } from '../daemon/config/settings.js';
import { DEFAULT_POLICY } from '../daemon/scheduler/policy/policy.js';
import { GiB, MiB } from '../daemon/shared/bytes.js';
import { FailureError } from '../daemon/shared/failure.js';

const HOST = 16 * GiB;
const DOCS = readFileSync(join(import.meta.dirname, '../docs/settings.md'), 'utf8');

function refusal(name: string, text: string): string {
  try {
    readSettings({ [`LAPTOP_DEV_${name}`]: text }, HOST);
  } catch (error) {
    if (error instanceof FailureError && error.failure.code === 'config-invalid') return error.failure.message;
    throw error;
  }
  throw new Error(`LAPTOP_DEV_${name}=${text} was taken`);
}

describe('settings from the environment', () => {
  it('nothing set: the usual figures, and a budget that leaves the host its share', () => {
    expect(readSettings({ LAPTOP_DEV_PATIENCE: '' }, HOST)).toEqual({ ...DEFAULT_POLICY, budget: Math.floor(0.85 * HOST) });
  });

  it('each unit is read', () => {
    const policy = readSettings(
      {
        LAPTOP_DEV_BUDGET: '1GB',
        LAPTOP_DEV_STARTS_AT_ONCE: '2',
        LAPTOP_DEV_MIN_UPTIME: '1m30s',
        LAPTOP_DEV_PATIENCE: '0s',
        LAPTOP_DEV_BUSY_ABOVE: '0.5',
        LAPTOP_DEV_GROW_TO: '1.25',
        LAPTOP_DEV_START_MARGIN: '64MB',
        LAPTOP_DEV_COOLDOWN: '500ms',
      },
      HOST,
    );
    expect(policy).toMatchObject({ budget: GiB, startsAtOnce: 2, patience: 0, busyAbove: 0.5 });
    expect(policy.relief).toEqual({ ...DEFAULT_POLICY.relief, minUptime: 90_000 });
    expect(policy.growth.growTo).toBe(1.25);
    expect(policy.cooldown.first).toBe(500);
    expect(policy.pressure.startMargin).toBe(64 * MiB);
  });

  it('file cache is given back when somebody says so, and the whole of a VM only when he says that too', () => {
    const reclaim = (env: Readonly<Record<string, string>>) => readSettings(env, HOST).reclaim;
    expect(reclaim({ LAPTOP_DEV_RECLAIM: '' })).toEqual({ mode: 'off', vm: false, below: 0.15, cacheAbove: 0.25, pause: 600_000 });
    const all = {
      LAPTOP_DEV_RECLAIM: 'short',
      LAPTOP_DEV_RECLAIM_VM: 'on',
      LAPTOP_DEV_RECLAIM_BELOW: '0.3',
      LAPTOP_DEV_RECLAIM_PAUSE: '1h',
    };
    expect(reclaim(all)).toEqual({ mode: 'short', vm: true, below: 0.3, cacheAbove: 0.25, pause: 3_600_000 });
    expect(reclaim({ LAPTOP_DEV_RECLAIM: 'always' })).toMatchObject({ mode: 'always', vm: false });
  });

  it('how often the engine is asked for everything', () => {
    expect([readRelist({}), readRelist({ LAPTOP_DEV_RELIST: '' }), readRelist({ LAPTOP_DEV_RELIST: '1s' })]).toEqual([
      30_000, 30_000, 1_000,
    ]);
    expect(() => readRelist({ LAPTOP_DEV_RELIST: '10ms' })).toThrow('LAPTOP_DEV_RELIST is "10ms"; expected a duration from 200ms to 1h.');
  });

  it('where networks get their subnets from', () => {
    const read = (text: string) => readNetworkPools({ LAPTOP_DEV_NETWORK_POOL: text });
    expect([readNetworkPools({}), read(''), read('engine')]).toEqual([undefined, undefined, null]);
    expect(read('10.200.0.0/16, 192.168.64.0/20')).toEqual(['10.200.0.0/16', '192.168.64.0/20']);
    for (const wrong of ['10.200.0.0', '8.8.0.0/16', '10.0.0.0/7', '10.0.0.0/27', 'fd00::/64', '10.200.0.0/16,', 'none'])
      expect(() => read(wrong)).toThrow(`LAPTOP_DEV_NETWORK_POOL is "${wrong}"; expected engine, or private IPv4 ranges from /8 to /26`);
  });

  it.each([
    ['BUDGET', '10MB', 'LAPTOP_DEV_BUDGET is "10MB"; expected a size of at least 64 MB, such as 4GB.'],
    ['STARTS_AT_ONCE', '65', 'LAPTOP_DEV_STARTS_AT_ONCE is "65"; expected a whole number from 1 to 64.'],
    ['STARTS_AT_ONCE', '1.5', 'LAPTOP_DEV_STARTS_AT_ONCE is "1.5"; expected a whole number from 1 to 64.'],
    ['MIN_UPTIME', '5', 'LAPTOP_DEV_MIN_UPTIME is "5"; expected a duration from 0s to 24h.'],
    ['BUSY_OVER', '2m', 'LAPTOP_DEV_BUSY_OVER is "2m"; expected a duration from 1s to 50s.'],
    ['SHRINK_BELOW', '-1', 'LAPTOP_DEV_SHRINK_BELOW is "-1"; expected a share from 0.1 to 1.'],
    ['LEAVE_MARGIN', 'much', 'LAPTOP_DEV_LEAVE_MARGIN is "much"; expected a size from 0MB to 1024GB.'],
    ['RECLAIM', 'yes', 'LAPTOP_DEV_RECLAIM is "yes"; expected off, short or always.'],
    ['RECLAIM_VM', 'short', 'LAPTOP_DEV_RECLAIM_VM is "short"; expected off or on.'],
    ['BACKOFF', '10m', 'LAPTOP_DEV_BACKOFF is 10m, above LAPTOP_DEV_BACKOFF_MOST (1m).'],
    ['HARD_AVAILABLE', '0.5', 'LAPTOP_DEV_HARD_AVAILABLE is 0.5, above LAPTOP_DEV_SOFT_AVAILABLE (0.08).'],
  ])('%s=%s is refused with the variable and what is expected', (name, text, message) => {
    expect(refusal(name, text)).toBe(message);
  });

  it('the clients of the stream', () => {
    expect([readStreamClients({}), readStreamClients({ LAPTOP_DEV_STREAM_CLIENTS: '101' })]).toEqual([16, 101]);
    expect(() => readStreamClients({ LAPTOP_DEV_STREAM_CLIENTS: '0' })).toThrow(
      'LAPTOP_DEV_STREAM_CLIENTS is "0"; expected a whole number from 1 to 1000.',
    );
  });

  it('every figure has a variable of its own, can be written as it usually is, and stands in docs/settings.md with that', () => {
    const all = figures();
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    const asUsual = Object.fromEntries(all.map(({ name, usual }) => [`LAPTOP_DEV_${name}`, usual]));
    expect(readSettings(asUsual, HOST)).toEqual(readSettings({}, HOST));
    const rows = [...DOCS.matchAll(/^\| `LAPTOP_DEV_([A-Z_]+)` \| ([^|]*) \|/gm)].map(([, name, usual]) => `${name} ${usual?.trim()}`);
    expect(rows.sort()).toEqual([...all, ...choices()].map(({ name, usual }) => `${name} ${usual}`).sort());
  });
});
