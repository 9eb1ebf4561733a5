import { once } from 'node:events';
import { chmodSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { CHECKS } from '../../../daemon/platform/doctor/examine.js';
import { fake, serve, view } from '../../server/harness.js';
import { sampled } from '../../support/deep.js';
import { runOn, type Told } from '../wsl/run-cli.js';
import { type Simulated, type SimulatedHost, simulate } from '../wsl/simulated.js';
import { ENGINES, type StubEngine, startEngine } from './engine.js';

/** `engine` null: none. */
async function on<T>(parts: Partial<Simulated>, engine: StubEngine | null, use: (host: SimulatedHost) => Promise<T>): Promise<T> {
  const host = simulate({ ...parts, files: { 'project/compose.yaml': COMPOSE, ...parts.files } });
  const server = engine === null ? null : await startEngine(host.root, engine);
  try {
    return await use(host);
  } finally {
    server?.close();
    host.remove();
  }
}

const COMPOSE = 'services:\n  api: { image: none, ports: ["8089:80"] }\n  llm: { image: none }\n';
const LINE = 'doctor full --json';
const UNIT = 'home/me/.config/systemd/user/laptop-dev.service';

const codesOf = ({ out }: Told) => (JSON.parse(out).data.findings as { code: string }[]).map(({ code }) => code);
const doctor = (parts: Partial<Simulated>, engine: StubEngine | null = ENGINES.docker, line = LINE) =>
  on(parts, engine, host => runOn(host, line));

describe.concurrent('doctor', () => {
  it.each(sampled<readonly [string, Partial<Simulated>, StubEngine | null, readonly string[], number]>([
    ['a host on which nothing is wrong', {}, ENGINES.docker, [], 0],
    ['64 GB', { host: 64, vm: 32, cpus: 24, vmCpus: 24, swap: 8 }, ENGINES.docker, [], 0],
    ['plain Linux', { kind: 'linux', swap: 0 }, ENGINES.docker, [], 0],
    ['no engine', {}, null, ['engine-missing'], 7],
    ['Docker Desktop before 4.43', {}, ENGINES.desktopOld, ['wsl-resource-saver', 'engine-away'], 7],
    ['Docker Desktop by its proxy socket', {}, ENGINES.desktop, ['engine-away'], 0],
    ['Rancher Desktop', {}, ENGINES.rancher, ['engine-away'], 0],
    ['Podman machine', {}, ENGINES.podman, ['engine-away'], 0],
    ['an engine that cannot limit swap', {}, { ...ENGINES.docker, warnings: ['WARNING: No swap limit support'] }, ['engine-warning'], 7],
    ['a clock that lags', {}, { ...ENGINES.docker, drift: -60_000 }, ['clock-drift'], 7],
    ['unused images', {}, { ...ENGINES.docker, unused: 30 }, ['image-cache'], 0],
    ['5.15', { release: '2.3.26' }, ENGINES.docker, ['psi-off', 'cgroup-v1'], 0],
    ['6.18', { release: '2.9.4' }, ENGINES.docker, ['psi-off'], 0],
    ['6.18 with psi=1', { release: '2.9.4', commandLine: 'psi=1' }, ENGINES.docker, [], 0],
    ['interop off', { interop: false, config: '' }, ENGINES.docker, ['wsl-interop'], 7],
    ['PowerShell fails', { powershell: 'fails', config: '' }, ENGINES.docker, ['wsl-interop'], 7],
    ['a bad size', { config: '[wsl2]\nmemory=8gb\n' }, ENGINES.docker, ['wsl-config-mistake'], 7],
    ['two mistakes', { config: '[wsl2]\n; x\nmemroy=8GB\n' }, ENGINES.docker, ['wsl-config-mistake', 'wsl-config-mistake'], 7],
    ['a file that Explorer named', { files: { 'mnt/c/Users/me/.wslconfig.txt': '' } }, ENGINES.docker, ['wsl-config-mistake'], 7],
    ['a setting that waits for a restart', { config: '[wsl2]\nprocessors=2\n', changedAfterBoot: 60 }, ENGINES.docker, ['wsl-config-ignored'], 7],
    ['a VM that is too small', { vm: 4, swap: 1 }, ENGINES.docker, ['wsl-memory-small'], 7],
    ['cache that never goes', { cache: 0.6 }, ENGINES.docker, ['wsl-cache-held'], 0],
    ['cache on an idle VM', { cache: 0.6, load: 0.01 }, ENGINES.docker, [], 0],
    ['gradual', { config: '[experimental]\nautoMemoryReclaim=gradual\n' }, ENGINES.docker, ['wsl-gradual'], 7],
    ['a unit that ends with the terminal', { files: { [UNIT]: '' } }, ENGINES.docker, ['wsl-idle-stop'], 0],
    ['a unit that stays', { config: '[general]\ninstanceIdleTimeout=-1\n', files: { [UNIT]: '' } }, ENGINES.docker, [], 0],
    ['mirrored networking', { networkingMode: 'mirrored' }, ENGINES.docker, ['wsl-ports-mirrored'], 0],
    ['Windows is short', { windowsFree: 1 }, ENGINES.docker, ['wsl-host-short'], 7],
    ['no swap', { swap: 0 }, ENGINES.docker, ['wsl-no-swap'], 7],
    ['no swap, as asked', { swap: 0, config: '[wsl2]\nswap=0\n' }, ENGINES.docker, [], 0],
    ['a port that is taken', { files: { 'project/compose.yaml': COMPOSE.replace('8089', '8080') } }, ENGINES.docker, ['port-taken'], 7],
    ['Compose sees the same', { compose: ['api', 'llm'] }, ENGINES.docker, [], 0],
    ['Compose sees more', { compose: ['api', 'db', 'llm'] }, ENGINES.docker, ['compose-differs'], 7],
    ['a project that cannot be read', { files: { 'project/compose.yaml': 'services: 5\n' } }, ENGINES.docker, ['profile-invalid'], 7],
    ['a profile beyond the budget', { host: 8, vm: 3, swap: 1 }, ENGINES.docker, ['profile-too-large', 'wsl-memory-small'], 7],
  ]))('%s', async (_, parts, engine, codes, code) => {
    const result = await doctor(parts, engine);
    expect([codesOf(result), result.code]).toEqual([codes, code]);
  }); // biome-ignore format: a table

  it('on plain Linux it says what does not apply', async () => {
    const { out } = await doctor({ kind: 'linux' }, ENGINES.docker, 'doctor full');
    expect(out).toMatch(/checks found nothing wrong[\s\S]*do not apply here:[\s\S]*wsl-config-mistake, wsl-config-ignored[\s\S]*: no WSL2/);
  });

  it('tells symptom, evidence and fix', async () => {
    const { out } = await doctor({ cache: 0.6 }, ENGINES.docker, 'doctor full --explain');
    expect(out).toMatch(/! vmmem holds memory that nothing uses[\s\S]*\[wsl-cache-held\][\s\S]*60 % of the VM[\s\S]*node \(server\)[\s\S]*→ laptop-dev wsl reclaim/); // biome-ignore format: short
    expect(out).toMatch(/✓ engine-missing: Docker Engine, 29\.0\.0/);
    expect(out).toContain('Unverified on a real host');
  });

  it('--fix mends lines of .wslconfig and the mode of the socket, --dry-run shows it, undo takes it back', async () => {
    const before = '[wsl2]\r\nmemory=8gb # all\r\n';
    await on({ release: '2.9.4', config: before, changedAfterBoot: 60 }, ENGINES.docker, async host => {
      const { socket, stop } = await serve(fake().supervisor);
      chmodSync(socket, 0o666);
      const dry = await runOn(host, 'doctor full --fix --dry-run', socket);
      expect(dry.out).toMatch(
        /Would mend chmod 600 [\s\S]*Would mend [\s\S]*- memory=8gb # all\n\+ memory=8GB # all\n\+ kernelCommandLine=psi=1/,
      );
      expect(readFileSync(host.config, 'utf8')).toBe(before);
      const done = await runOn(host, 'doctor full --fix --json', socket);
      expect(readFileSync(host.config, 'utf8')).toBe('[wsl2]\r\nmemory=8GB # all\r\nkernelCommandLine=psi=1\r\n');
      expect(codesOf(done)).toEqual(['wsl-config-ignored', 'psi-off']);
      await runOn(host, 'wsl undo');
      expect(readFileSync(host.config, 'utf8')).toBe(before);
      await stop();
    });
  });

  it('knows leftovers by the running daemon', async () => {
    const containers = [
      ['shop-api', 'shop', 'api'],
      ['shop-old', 'shop', 'old'],
    ] as const;
    await on({}, { ...ENGINES.docker, containers }, async host => {
      const { socket, stop } = await serve(fake({ services: async () => [view('api')] }).supervisor);
      const { out, code } = await runOn(host, LINE, socket);
      const { findings } = JSON.parse(out).data;
      expect([code, findings]).toEqual([7, [expect.objectContaining({ code: 'leftover-containers', evidence: 'shop-old' })]]);
      await stop();
    });
  });
});

// Not beside the others, whose clock would stand still.
it('finds a daemon that takes connections and says nothing, and goes on without it', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  await on({}, ENGINES.docker, async host => {
    const socket = join(host.root, 'hung.sock');
    const server = createServer(() => vi.advanceTimersByTime(3_000)).listen(socket);
    await once(server, 'listening');
    chmodSync(socket, 0o600);
    const told = await runOn(host, LINE, socket);
    expect([codesOf(told), told.code]).toEqual([['daemon-hung'], 7]);
    server.close();
  });
});

it('docs/doctor.md has one entry for each code', () => {
  const text = readFileSync(join(import.meta.dirname, '../../../docs/doctor.md'), 'utf8');
  const codes = [...text.matchAll(/^### (\S+)$/gm)].map(match => match[1]);
  expect(codes.sort()).toEqual(Object.keys(CHECKS).sort());
});
