import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gather } from '../../../daemon/cli/commands/diagnose/gather-evidence.js';
import type { Evidence } from '../../../daemon/platform/doctor/evidence.js';
import { type CheckCode, examine } from '../../../daemon/platform/doctor/examine.js';
import { GiB } from '../../../daemon/shared/bytes.js';
import { failure } from '../../../daemon/shared/failure.js';
import { testCli } from '../../cli/harness.js';
import { type SimulatedHost, simulate } from '../wsl/simulated.js';
import { ENGINES, startEngine } from './engine.js';

let host: SimulatedHost;
let well: Evidence;
beforeAll(async () => {
  host = simulate();
  const server = await startEngine(host.root, ENGINES.docker);
  const { env, start, wait, project: cwd } = host;
  const { cli } = testCli(`${host.root}/daemon.sock`, {}, { env, start, wait, cwd, options: {} });
  well = await gather(cli, 'full');
  server.close();
});
afterAll(() => host.remove());

const failed = failure('engine-unavailable', 'none answers');

describe('what a simulated host cannot show', () => {
  it.each<readonly [CheckCode, (evidence: Evidence) => Partial<Evidence>, RegExp]>([
    ['engine-denied', () => ({ engine: { engine: null, failure: failed, denied: ['/var/run/docker.sock'] } }), /no permission for \/var\/run\/docker\.sock/],
    ['engine-missing', () => ({ engine: { engine: null, failure: failed, denied: [] } }), /none answers/],
    ['disk-low', () => ({ disks: [{ path: '/', free: GiB, total: 100 * GiB }] }), /\/: 1 GB of 100 GB free/],
    ['disk-low', () => ({ disks: [{ path: '/', free: 20 * GiB, total: 1000 * GiB }] }), /20 GB of 1000 GB/],
    ['node-version', () => ({ node: '20.18.3' }), /20\.18\.3/],
    ['daemon-version', () => ({ daemon: '0.0.1' }), /it is 0\.0\.1, this is 9\.9\.9/],
    ['daemon-hung', () => ({ hung: { pid: 7, after: 3000 } }), /PID 7 took the connection and has not answered within 3 s/],
    ['socket-open', () => ({ runtime: { path: '/run/x', mode: 0o666 } }), /mode 0666/],
    ['memory-short', ({ facts }) => ({ facts: { ...facts, vm: { ...facts.vm, memory: { ...facts.vm.memory, available: 0.05 * facts.vm.memory.total } } } }), /\(5 %\)/],
    ['leftover-containers', () => ({ leftovers: ['a', 'b'] }), /a, b/],
  ])('%s', (code, change, evidence) => {
    const { findings } = examine({ ...well, ...change(well) });
    expect(findings.map(finding => [finding.code, finding.level])).toEqual([[code, 'problem']]);
    expect(findings[0]?.evidence).toMatch(evidence);
  }); // biome-ignore format: a table

  it('every check says something of a host on which nothing is wrong', () => {
    const { findings, fine, skipped } = examine(well);
    expect([findings, fine.length + skipped.length]).toEqual([[], 35]);
    for (const { text } of fine) expect(text).not.toBe('');
  });
});
