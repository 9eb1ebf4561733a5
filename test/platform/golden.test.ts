import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sampled, some } from '../support/deep.js';
import { ENGINES, type StubEngine, startEngine } from './doctor/engine.js';
import { runOn } from './wsl/run-cli.js';
import { RELEASES, type Release, type Simulated, type SimulatedWslc, simulate } from './wsl/simulated.js';

/**
 * What `wsl show`, `wsl presets` and `doctor` say on some 200 hosts, as people see it at 80 columns. LAPTOP_DEV_RECORD=1 writes the file anew: read what changed in it
 * before it is kept.
 */
const FILE = join(import.meta.dirname, 'golden.txt');
const RECORD = process.env['LAPTOP_DEV_RECORD'] === '1';
interface GoldenHost {
  readonly name: string;
  readonly parts: Partial<Simulated>;
  readonly engine: StubEngine | null;
}

/** Presets where something decides them. */
const linesOf = ({ parts }: GoldenHost): readonly string[] => {
  const isSized = 'host' in parts || 'wslc' in parts || Object.keys(parts).every(key => key === 'release');
  return ['wsl show', ...(isSized ? ['wsl presets full'] : []), 'doctor full'];
};

const USED = (running: boolean, settings: SimulatedWslc['settings'] = null): SimulatedWslc => ({
  settings,
  sessions: { 'wslc-cli-me': { running } },
});
const UNIT = { 'home/me/.config/systemd/user/laptop-dev.service': '' };
const ALL = Object.keys(RELEASES) as Release[];
/** With containers of its own. */
const OWN = ALL.slice(ALL.indexOf('2.9.3'));

const host = (name: string, parts: Partial<Simulated>, engine: StubEngine | null = ENGINES.docker): GoldenHost => ({ name, parts, engine });
const each = <T extends string>(keys: readonly T[], make: (key: T) => GoldenHost): readonly GoldenHost[] => keys.map(make);

const HOSTS: readonly GoldenHost[] = [
  // What a release decides.
  ...each(ALL, release => host(`${release}`, { release })),
  ...each(ALL, release => host(`${release}: psi=1`, { release, commandLine: 'panic=-1 psi=1', config: '[wsl2]\nkernelCommandLine=psi=1\n' })),
  ...each(ALL, release => host(`${release}: gradual`, { release, config: '[experimental]\nautoMemoryReclaim=gradual\n' })),
  ...each(ALL, release => host(`${release}: cgroups=v1 in wsl.conf`, { release, wslConf: '[automount]\ncgroups=v1\n' })),
  ...each(ALL, release => host(`${release}: full of cache and busy`, { release, cache: 0.6 })),
  ...each(ALL, release => host(`${release}: Podman`, { release }, ENGINES.podman)),
  ...each(OWN, release => host(`${release}: wslc runs`, { release, wslc: USED(true) })),
  ...each(OWN, release => host(`${release}: wslc was used, with a limit`, { release, wslc: USED(false, 'session:\n  memorySize: 3GB\n') })),

  // WSL's own containers.
  host('wslc: settings opened, never used', { release: '3.0.1', wslc: { settings: 'session:\n', sessions: {} } }),
  host('wslc: two sessions, one runs', { release: '3.0.1', wslc: { settings: null, sessions: { 'wslc-cli-me': { running: true }, 'wslc-cli-admin-me': { running: false } } } }),
  host('wslc: broken YAML', { release: '3.0.1', wslc: USED(true, 'session: [\n') }),
  host('wslc: unknown key', { release: '3.0.1', wslc: USED(false, 'session:\n  memory: 4GB\n') }),
  host('wslc: small letters', { release: '2.9.4', wslc: USED(false, 'session:\n  memorySize: 4gb\n') }),
  host('wslc: more than the host has', { release: '3.0.1', wslc: USED(false, 'session:\n  memorySize: 64GB\n') }),
  host('wslc: a key twice', { release: '3.0.1', wslc: USED(false, 'session:\n  memorySize: 4GB\n  memorySize: 8GB\n') }),
  host('wslc: 32 GB, the default', { release: '3.0.1', host: 32, vm: 15.9, cpus: 16, wslc: USED(true) }),
  host('wslc: 32 GB, shared by hand', { release: '3.0.1', host: 32, vm: 12, cpus: 16, config: '[wsl2]\nmemory=12GB\n', wslc: USED(true, 'session:\n  memorySize: 8GB\n') }),
  host('wslc: runs while Windows is short', { release: '3.0.1', windowsFree: 0.9, wslc: USED(true) }),
  host('wslc: interop off', { release: '3.0.1', interop: false, config: '', wslc: USED(true) }),

  // Sizes.
  ...[4, 8, 12, 24, 32, 48, 64, 96, 128].map(gib => host(`${gib} GB`, { host: gib, vm: gib / 2, cpus: gib / 2, vmCpus: gib / 2, swap: gib / 8 })),
  ...[8, 16, 32, 64].map(gib => host(`${gib} GB, interop off`, { host: gib, vm: gib / 2, cpus: 8, vmCpus: 6, interop: false, config: '' })),
  host('memory=1GB that holds', { vm: 1, swap: 0.25, config: '[wsl2]\nmemory=1GB\n' }),
  host('memory=1536MB that holds', { vm: 1.5, swap: 0.25, config: '[wsl2]\nmemory=1536MB\n' }),
  host('memory=6GB that holds', { vm: 6, config: '[wsl2]\nmemory=6GB\n' }),
  host('1 processor', { cpus: 1, vmCpus: 1 }),
  host('128 processors', { host: 128, vm: 64, cpus: 128, vmCpus: 128, swap: 16 }),

  // Programs that answer in their ways.
  host('wsl.exe in UTF-8', { wslinfo: 'absent', wsl: 'utf8' }),
  host('wsl.exe in UTF-16', { wslinfo: 'fails', wsl: 'utf16', release: '3.0.2' }),
  host('wsl.exe in German', { wslinfo: 'fails', wsl: 'localized', release: '2.9.13' }),
  host('wsl.exe in Chinese', { wslinfo: 'fails', wsl: 'chinese', release: '3.0.2', vmCpus: 6 }),
  host('no version', { wslinfo: 'hangs', wsl: 'hangs' }),
  host('PowerShell in UTF-16', { powershell: 'utf16', release: '3.0.1', users: ['Jo Doe'] }),
  host('PowerShell hangs', { powershell: 'hangs', config: '' }),
  host('PowerShell fails', { powershell: 'fails', config: '' }),
  host('PowerShell is not there', { powershell: 'absent', config: '' }),
  host('a user outside ASCII', { users: ['José'] }),

  // Networking.
  ...(['mirrored', 'none', 'consomme'] as const).map(networkingMode => host(`networking: ${networkingMode}`, { networkingMode })),
  host('virtioproxy is consomme', { networkingMode: 'consomme', config: '[wsl2]\nnetworkingMode=virtioproxy\n', release: '2.9.4' }),

  // What the file says.
  host('an empty file', { config: '' }),
  host('a size in small letters', { config: '[wsl2]\nmemory=8gb\n' }),
  host('8 bytes', { config: '[wsl2]\nmemory=8\n' }),
  host('a comment with ;', { config: '[wsl2]\n; mine\nswap=2GB\n' }),
  host('an unknown key', { config: '[wsl2]\nmemroy=8GB\n' }),
  host('a key in no section', { config: 'memory=8GB\n' }),
  host('a section that is broken off', { config: '[experimental x\nsparseVhd=true\n' }),
  host('a key twice', { config: '[wsl2]\nprocessors=8\nprocessors=2\n' }),
  host('keys that do nothing', { config: '[wsl2]\npageReporting=true\nvirtio9p=true\n' }),
  host('keys of 2.9.8 on 2.6', { config: '[wsl2]\nisolateDistroCgroup=false\n' }),
  host('keys of 2.9.8 on 3.0', { release: '3.0.1', config: '[wsl2]\nisolateDistroCgroup=false\n' }),
  host('a path with single backslashes', { config: '[wsl2]\nkernel=C:\\Users\\me\\kernel\n' }),
  host('UTF-16', { config: Buffer.from('\ufeff[wsl2]\nprocessors=8\n', 'utf16le') }),
  host('UTF-16 without a mark', { config: Buffer.from('[wsl2]\n', 'utf16le') }),
  host('a mark', { config: '\ufeff[wsl2]\nprocessors=8\n' }),
  host('ANSI', { config: Buffer.from('# caf\xe9\n[wsl2]\n', 'latin1') }),
  host('a file that Explorer named', { files: { 'mnt/c/Users/me/.wslconfig.txt': '[wsl2]\n' } }),
  host('waits for a restart', { config: '[wsl2]\nprocessors=2\n', changedAfterBoot: 60 }),
  host('is not obeyed', { config: '[wsl2]\nmemory=12GB\n' }),
  host('swap that is not there', { config: '[wsl2]\nswap=4GB\n', swap: 0 }),
  host('swap turned off', { config: '[wsl2]\nswap=0\n', swap: 0 }),
  host('no swap', { swap: 0 }),
  host('a bad line in wsl.conf above cgroups=v1, 3.0.1', { release: '3.0.1', wslConf: 'nonsense\n[automount]\ncgroups=v1\n' }),
  host('cgroups=v1 without isolation', { release: '3.0.1', wslConf: '[automount]\ncgroups=v1\n', config: '[wsl2]\nisolateDistroCgroup=false\n' }),
  host('drives mounted elsewhere', { wslConf: '[automount]\nroot = /win/\n' }),

  // Engines.
  host('no engine', {}, null),
  host('Docker Desktop 4.40', {}, ENGINES.desktopOld),
  host('Docker Desktop 4.49', {}, ENGINES.desktop),
  host('Rancher Desktop', {}, ENGINES.rancher),
  ...each(['2.9.8', '2.9.11', '2.9.12'], release => host(`rootless Docker, ${release}`, { release }, ENGINES.rootless)),
  host('Podman in the distribution, 2.9.12', { release: '2.9.12' }, ENGINES.podmanHere),
  host('a session of wslc by a bridge', { release: '3.0.1', wslc: USED(true) }, ENGINES.session),
  host('an engine that cannot limit swap', {}, { ...ENGINES.docker, warnings: ['WARNING: No swap limit support'] }),
  host('a clock that lags', {}, { ...ENGINES.docker, drift: -60_000 }),
  host('unused images', {}, { ...ENGINES.docker, unused: 30 }),

  // What users complain of.
  host('Windows is short', { windowsFree: 1 }),
  host('Windows is short, the VM full of cache', { release: '2.7.11', windowsFree: 1, cache: 0.7 }),
  host('Windows is short on 3.0, the VM full of cache', { release: '3.0.1', windowsFree: 0.5, cache: 0.7 }),
  host('a VM that is too small', { vm: 3, swap: 1 }),
  host('an idle VM with cache', { cache: 0.7, busy: { user: 0.001, system: 0.001 } }),
  host('a VM idle but for the system, with cache, 2.7.14', { release: '2.7.14', cache: 0.7, busy: { user: 0.001, system: 0.05 } }),
  host('a VM idle but for the system, with cache, 3.0.1', { release: '3.0.1', cache: 0.7, busy: { user: 0.001, system: 0.05 } }),
  host('a unit that ends with the terminal', { files: UNIT }),
  host('a unit that stays', { config: '[general]\ninstanceIdleTimeout=-1\n', files: UNIT }),
  host('Compose sees more', { compose: ['api', 'db', 'llm'] }),
  host('a taken port', { files: { 'project/compose.yaml': 'services:\n  api: { image: none, ports: ["8080:80"] }\n  llm: { image: none }\n' } }),

  // No WSL2.
  host('plain Linux', { kind: 'linux', swap: 0 }),
  host('plain Linux, Podman', { kind: 'linux' }, ENGINES.podman),
  host('WSL1', { kind: 'wsl1' }),
]; // biome-ignore format: a table

/** The text of a host, all that differs from run to run taken out. */
async function saidOn(golden: GoldenHost): Promise<string> {
  const { name, parts, engine } = golden;
  const simulated = simulate(parts);
  const server = engine === null ? null : await startEngine(simulated.root, engine);
  try {
    const texts: string[] = [];
    for (const line of linesOf(golden)) {
      const { code, out, err } = await runOn(simulated, line);
      const told = `${out}${err}`.replaceAll(simulated.root, '').replace(/\n+$/, '');
      texts.push(`$ laptop-dev ${line}   # exit ${code}\n${told}`);
    }
    return `${`══ ${name} `.padEnd(80, '═')}\n${texts.join('\n\n')}\n`;
  } finally {
    server?.close();
    simulated.remove();
  }
}

const bodyOf = (text: string) => text.slice(text.indexOf('\n') + 1);
const recorded = (): ReadonlyMap<string, string> =>
  new Map(readFileSync(FILE, 'utf8').split(/^(?=══ )/m).map(text => [/^══ (.*?) ═*$/m.exec(text)?.[1] ?? '', text.replace(/\n+$/, '\n')])); // biome-ignore format: short

if (RECORD) {
  it('is written', async () => {
    const texts: string[] = [];
    for (const each of HOSTS) texts.push(await saidOn(each));
    writeFileSync(FILE, `${texts.join('\n')}`);
  }, 600_000);
}

describe('simulated hosts', () => {
  it('are 150 or more, in the file by their names, and no two have the same to say', () => {
    const golden = recorded();
    expect([...golden.keys()]).toEqual(HOSTS.map(({ name }) => name));
    expect(golden.size).toBeGreaterThanOrEqual(150);
    const bodies = new Map<string, string[]>();
    for (const [name, text] of golden) bodies.set(bodyOf(text), [...(bodies.get(bodyOf(text)) ?? []), name]);
    expect([...bodies.values()].filter(names => names.length > 1)).toEqual([]);
    for (const release of ALL) expect([...golden.keys()]).toContain(release);
  });

  const SHARE = Math.ceil(HOSTS.length / 4);
  it.each(sampled(some(HOSTS, SHARE), 10).map(each => [each.name, each] as const))('%s', async (name, each) => {
    expect(await saidOn(each)).toBe(recorded().get(name));
  });
});
