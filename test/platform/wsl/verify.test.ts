import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HostFacts, readHost } from '../../../daemon/platform/wsl/facts.js';
import { readConfig } from '../../../daemon/platform/wsl/wslconfig/read.js';
import { verify } from '../../../daemon/platform/wsl/wslconfig/verify.js';
import { MiB } from '../../../daemon/shared/bytes.js';
import { type SimulatedHost, simulate } from './simulated.js';

let host: SimulatedHost;
let facts: HostFacts;
beforeAll(async () => {
  host = simulate({ host: 64 });
  facts = await readHost(host, `${host.state}/windows.json`);
});
afterAll(() => host.remove());

/** The state of `memory` in a VM whose kernel shows this much, MiB. */
function stateOf(memory: string, total: number): string | undefined {
  const vm = { ...facts.vm, memory: { ...facts.vm.memory, total: total * MiB } };
  return verify(readConfig(`[wsl2]\nmemory=${memory}\n`), { ...facts, vm }, null)[0]?.state;
}

describe('memory, less what the kernel keeps', () => {
  it.each([
    ['4096MB', 3919],
    ['8039MB', 7793],
    ['16384MB', 15996],
    ['32617MB', 31946],
  ])('%s: %i MiB, as measured', (memory, total) => expect(stateOf(memory, total)).toBe('holds'));

  it.each([512, 1024, 1536, 2048, 3072, 4096, 8192, 16384, 49152])('%i MB: 107 MiB and 1.7 %% less holds', megabytes => {
    expect(stateOf(`${megabytes}MB`, megabytes * (1 - 0.017) - 107)).toBe('holds');
  });

  it.each([
    ['1GB', 1025],
    ['1GB', 800],
    ['1GB', 2048],
    ['8GB', 7000],
    ['8GB', 8193],
    ['16GB', 8000],
  ])('%s is not %i MiB', (memory, total) => expect(stateOf(memory, total)).toBe('differs'));
});
