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
const V1 = '[automount]\ncgroups=v1\n';
const TOGETHER = '[wsl2]\nisolateDistroCgroup=false\n';
/** What a system with an engine of its own says of itself, and what that engine says: the kernel and the memory of the usual simulated host. */
const HERE = { 'etc/os-release': 'NAME="Ubuntu"\nPRETTY_NAME="Ubuntu 24.04.3 LTS"\n', 'proc/sys/kernel/hostname': 'laptop\n' };
const OWN = { KernelVersion: '6.6.87.2-microsoft-standard-WSL2', MemTotal: 8_331_000_000, NCPU: 8, Name: 'laptop' };
const UNIT = 'home/me/.config/systemd/user/laptop-dev.service';

/** Each takes a tenth of a second: a fast run takes a few. */
const RARE = 20;
const codesOf = ({ out }: Told) => (JSON.parse(out).data.findings as { code: string }[]).map(({ code }) => code);
const doctor = (parts: Partial<Simulated>, engine: StubEngine | null = ENGINES.docker, line = LINE) =>
  on(parts, engine, host => runOn(host, line));

describe.concurrent('doctor', () => {
  it.each(sampled<readonly [string, Partial<Simulated>, StubEngine | null, readonly string[], number]>([
    ['a host on which nothing is wrong', {}, ENGINES.docker, [], 0],
    ['64 GB', { host: 64, vm: 32, cpus: 24, vmCpus: 24, swap: 8 }, ENGINES.docker, [], 0],
    ['plain Linux', { kind: 'linux', swap: 0 }, ENGINES.docker, [], 0],
    ['no engine', {}, null, ['engine-missing'], 7],
    ['Docker Desktop before 4.42.1', {}, ENGINES.desktopOld, ['wsl-resource-saver', 'engine-away'], 7],
    ['Docker Desktop 4.42.0', {}, { ...ENGINES.desktopOld, platform: 'Docker Desktop 4.42.0 (192140)' }, ['wsl-resource-saver', 'engine-away'], 7],
    ['Docker Desktop 4.42.1', {}, { ...ENGINES.desktopOld, platform: 'Docker Desktop 4.42.1 (196648)' }, ['engine-away'], 0],
    ['Docker Desktop by its proxy socket', {}, ENGINES.desktop, ['engine-away'], 0],
    ['Rancher Desktop', {}, ENGINES.rancher, ['engine-away'], 0],
    ['Podman machine', {}, ENGINES.podman, ['engine-away'], 0],
    ['an engine of this system', { files: HERE }, { ...ENGINES.docker, info: { ...OWN, OperatingSystem: 'Ubuntu 24.04.3 LTS' } }, [], 0],
    ['an engine of a distribution beside this one', { files: HERE }, { ...ENGINES.docker, info: { ...OWN, OperatingSystem: 'Debian GNU/Linux 13' } }, [], 0],
    ['an engine with another kernel', { files: HERE }, { ...ENGINES.docker, info: { ...OWN, KernelVersion: '6.12.9' } }, ['engine-away'], 0],
    ['an engine with other memory', { files: HERE }, { ...ENGINES.docker, info: { ...OWN, MemTotal: 7e9 } }, ['engine-away'], 0],
    ['an engine of another VM that is as large', { files: HERE }, { ...ENGINES.docker, info: { ...OWN, Name: 'wslc', OperatingSystem: 'Microsoft Azure Linux 3.0' } }, ['engine-away'], 0],
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
    ['cache on an idle VM', { cache: 0.6, busy: { user: 0.001, system: 0.001 } }, ENGINES.docker, [], 0],
    ['cache on an idle VM that is not to drop it', { cache: 0.6, busy: { user: 0, system: 0 }, config: '[experimental]\nautoMemoryReclaim=disabled\n' }, ENGINES.docker, ['wsl-cache-held'], 0],
    ['gradual on 2.7.14', { release: '2.7.14', config: '[experimental]\nautoMemoryReclaim=gradual\n' }, ENGINES.docker, ['wsl-gradual'], 7],
    ['gradual on 2.9.8', { release: '2.9.8', config: '[experimental]\nautoMemoryReclaim=gradual\n' }, ENGINES.docker, [], 0],
    ['cgroups=v1 on 2.6.1', { wslConf: V1 }, ENGINES.docker, ['wsl-cgroups-line'], 0],
    ['cgroups=v1 on a kernel without its memory controller', { release: '2.7.8', wslConf: V1 }, ENGINES.docker, ['wsl-cgroups-line'], 7],
    ['cgroups=v1 on 2.9.11', { release: '2.9.11', wslConf: V1 }, ENGINES.docker, ['wsl-cgroups-line'], 7],
    ['cgroups=v1 on 2.9.11, as asked', { release: '2.9.11', wslConf: V1, config: TOGETHER }, ENGINES.docker, ['wsl-cgroups-line'], 0],
    ['cgroups=v1 on 3.0.1', { release: '3.0.1', wslConf: V1 }, ENGINES.docker, ['wsl-cgroups-line'], 0],
    ['cgroups=v1 that 2.9.12 does not get to', { release: '2.9.12', wslConf: `; mine\n${V1}` }, ENGINES.docker, [], 0],
    ['cgroups=v1 that 3.0.1 gets to', { release: '3.0.1', wslConf: `; mine\n${V1}` }, ENGINES.docker, ['wsl-cgroups-line'], 0],
    ['cgroups=v2', { wslConf: '[automount]\ncgroups=v2\ncgroups=v1\n' }, ENGINES.docker, [], 0],
    ['a rootless engine on 2.7.14', { release: '2.7.14' }, ENGINES.rootless, [], 0],
    ['a rootless engine on 2.9.11', { release: '2.9.11' }, ENGINES.rootless, ['wsl-engine-cgroup'], 7],
    ['a rootless engine on 2.9.11, cgroups together', { release: '2.9.11', config: TOGETHER }, ENGINES.rootless, [], 0],
    ['a rootless engine on 3.0.1', { release: '3.0.1' }, ENGINES.rootless, [], 0],
    ['Podman in the distribution on 2.9.8', { release: '2.9.8' }, ENGINES.podmanHere, ['wsl-engine-cgroup'], 7],
    ['Podman in the distribution on 3.0.1', { release: '3.0.1' }, ENGINES.podmanHere, [], 0],
    ['a Podman machine on 2.9.12', { release: '2.9.12' }, ENGINES.podman, ['wsl-engine-cgroup', 'engine-away'], 7],
    ['a Podman machine on 3.0.1', { release: '3.0.1' }, ENGINES.podman, ['wsl-engine-cgroup', 'engine-away'], 7],
    ['a Podman machine on 3.0.2, where nobody has looked', { release: '3.0.2' }, ENGINES.podman, ['engine-away', 'wsl-engine-cgroup'], 0],
    ['a key that this WSL does not know yet', { config: TOGETHER }, ENGINES.docker, ['wsl-config-mistake'], 0],
    ['the same key where it is known', { release: '2.9.8', config: TOGETHER }, ENGINES.docker, [], 0],
    ['virtio9p', { release: '3.0.1', config: '[wsl2]\nvirtio9p=true\n' }, ENGINES.docker, ['wsl-config-mistake'], 7],
    ['wslc beside the VM', { release: '3.0.1', wslc: { settings: null, sessions: { 'wslc-cli-me': { running: false } } } }, ENGINES.docker, ['wsl-wslc-memory'], 0],
    ['wslc with less', { release: '3.0.1', vm: 7, config: '[wsl2]\nmemory=7GB\n', wslc: { settings: 'session:\n  memorySize: 4gb\n', sessions: { 'wslc-cli-me': { running: true } } } }, ENGINES.docker, [], 0],
    ['wslc that was never used', { release: '3.0.1', wslc: { settings: 'session:\n', sessions: {} } }, ENGINES.docker, [], 0],
    ['a line that wslc skips', { release: '3.0.1', wslc: { settings: 'session:\n  memorysize: 4GB\n', sessions: {} } }, ENGINES.docker, ['wsl-wslc-memory'], 7],
    ['a size in small letters on 2.9.4', { release: '2.9.4', commandLine: 'psi=1', wslc: { settings: 'session:\n  memorySize: 2gb\n', sessions: {} } }, ENGINES.docker, ['wsl-wslc-memory'], 7],
    ['a VM of wslc that never ends', { release: '2.9.3', commandLine: 'psi=1', vm: 7, wslc: { settings: 'session:\n  memorySize: 2GB\n', sessions: { 'wslc-cli-me': { running: true } } }, config: '[wsl2]\nmemory=7GB\n' }, ENGINES.docker, ['wsl-wslc-stuck'], 7],
    ['one that has ended', { release: '2.9.4', commandLine: 'psi=1', vm: 7, wslc: { settings: 'session:\n  memorySize: 2GB\n', sessions: { 'wslc-cli-me': { running: false } } }, config: '[wsl2]\nmemory=7GB\n' }, ENGINES.docker, [], 0],
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
  ], RARE))('%s', async (_, parts, engine, codes, code) => {
    const result = await doctor(parts, engine);
    expect([codesOf(result), result.code]).toEqual([codes, code]);
  }); // biome-ignore format: a table

  it('on plain Linux it says what does not apply', async () => {
    const { out } = await doctor({ kind: 'linux' }, ENGINES.docker, 'doctor full');
    expect(out).toMatch(/checks found nothing wrong[\s\S]*do not apply here:[\s\S]*wsl-config-mistake, wsl-config-ignored[\s\S]*: no WSL2/);
  });

  it('tells symptom, evidence and fix', async () => {
    const { out } = await doctor({ cache: 0.6 }, ENGINES.docker, 'doctor full --explain');
    expect(out).toMatch(/! vmmem holds memory that nothing uses[\s\S]*\[wsl-cache-held\][\s\S]*60 % of the VM[\s\S]*→ laptop-dev wsl reclaim[\s\S]*node \(server\)/); // biome-ignore format: short
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

  it('--fix writes isolateDistroCgroup=false for Podman, which counts after a restart of WSL; undo takes it back', async () => {
    const before = '[wsl2]\r\nmemory=8GB\r\n';
    await on({ release: '2.9.12', config: before, changedAfterBoot: 60 }, ENGINES.podmanHere, async host => {
      const told = await runOn(host, LINE);
      expect(JSON.parse(told.out).data.findings[0].remedies.map(({ does }: { does: string }) => does)).toEqual([
        expect.stringMatching(/^wsl --update/),
        expect.stringMatching(/^isolateDistroCgroup=false .*doctor --fix writes it/),
      ]);
      const done = await runOn(host, 'doctor full --fix --json');
      expect(readFileSync(host.config, 'utf8')).toBe(`${before}isolateDistroCgroup=false\r\n`);
      const [left] = JSON.parse(done.out).data.findings;
      expect([left.code, left.repair, left.fix]).toEqual([
        'wsl-engine-cgroup',
        null,
        expect.stringContaining('is written already: wsl --shutdown'),
      ]);
      await runOn(host, 'wsl undo');
      expect(readFileSync(host.config, 'utf8')).toBe(before);
    });
  });

  it('tells an engine of another VM by what it says of its machine', async () => {
    const told = await doctor({ release: '3.0.1', vm: 8, files: HERE }, ENGINES.session);
    const { findings } = JSON.parse(told.out).data;
    expect(findings.map(({ evidence }: { evidence: string }) => evidence)).toEqual([
      expect.stringMatching(
        /is on Microsoft Azure Linux 3\.0, kernel 6\.18\.40\.1-\S+, 7\.5 GB, 8 processors; this is Ubuntu 24\.04\.3 LTS, kernel/,
      ),
    ]);
  });

  it('… by name and system where its figures are the same', async () => {
    const info = { ...OWN, Name: 'wslc\u001b[2J', OperatingSystem: 'Microsoft Azure Linux 3.0' };
    const told = await doctor({ files: HERE }, { ...ENGINES.docker, info });
    expect(JSON.parse(told.out).data.findings[0].evidence).toMatch(
      /is on Microsoft Azure Linux 3\.0, wslc\[2J, kernel .*; this is Ubuntu 24\.04\.3 LTS, laptop,/,
    );
  });

  it('psi-off says that an update has it, too', async () => {
    const { out } = await doctor({ release: '2.9.4' });
    expect(JSON.parse(out).data.findings[0].fix).toMatch(/--psi; or wsl --update: 3\.0\.1 has it on$/);
  });

  it('cgroups=v1 says what it does in this version, and cgroup-v1 which line it is', async () => {
    const told = async (release: Simulated['release'], config: string | null = null) =>
      JSON.parse((await doctor({ release, wslConf: `# mine\n${V1}`, config })).out).data.findings as {
        symptom: string;
        evidence: string;
        fix: string;
      }[];
    expect((await told('2.9.12'))[0]?.symptom).toContain('does not start the next time (E_UNEXPECTED)');
    expect((await told('2.9.12', TOGETHER))[0]?.evidence).toMatch(/line 3: cgroups=v1, on WSL 2\.9\.12\.0: v1 is mounted$/);
    expect((await told('2.9.13'))[0]?.symptom).toContain('mounts cgroup v2 all the same');
    expect((await told('2.7.11'))[0]?.evidence).toContain('6.18.26 to 6.18.33 have no memory controller');
    const old = await told('2.3.26');
    expect(old.map(({ fix }) => fix)).toContain('update WSL (wsl --update): 2.5.1 and later have v2; and remove line 3 of /etc/wsl.conf');
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
