import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Outcome, StartProgram } from '../../../daemon/platform/wsl/programs.js';
import { GiB, KiB, MiB } from '../../../daemon/shared/bytes.js';

/** How a stub program behaves. */
export type Stub = 'utf8' | 'utf16' | 'localized' | 'chinese' | 'hangs' | 'fails' | 'absent';

/** Containers of WSL's own (wslc), as their files show them to a distribution. */
export interface SimulatedWslc {
  /** Text of settings.yaml; null: it was never made. */
  readonly settings: string | Buffer | null;
  /** By name; running: its VM has a swap.vhdx now. */
  readonly sessions: Readonly<Record<string, { readonly running: boolean }>>;
}

/** A virtual machine as a process of Windows. */
export interface SimulatedMachine {
  readonly name: string;
  /** Working set, GiB; null: not readable. */
  readonly memory: number | null;
  /** As .NET prints it in its round-trip format. */
  readonly created: string;
}

/** A Windows host with a WSL2 VM, as the CLI is to see it. */
export interface Simulated {
  /** Built into the host, GiB; Windows shows 0.3 GiB less. */
  readonly host: number;
  readonly cpus: number;
  readonly release: Release;
  readonly interop: boolean;
  /** What the VM was given, GiB; the kernel shows 107 MiB and 1.7 % less. */
  readonly vm: number;
  readonly vmCpus: number;
  /** GiB. */
  readonly swap: number;
  /** Text of `.wslconfig`; null: there is none. */
  readonly config: string | Buffer | null;
  readonly users: readonly string[];
  readonly wslinfo: Stub;
  readonly wsl: Stub;
  readonly powershell: Stub | 'slow';
  /** Seconds between the boot of the VM and the last change of the file; negative: the file is older. */
  readonly changedAfterBoot: number;
  readonly commandLine: string;
  readonly networkingMode: string;
  readonly wslConf: string | null;
  readonly kind: 'wsl2' | 'wsl1' | 'linux';
  /** Share of the VM that is file cache. */
  readonly cache: number;
  /** Load average of 5 minutes. */
  readonly load: number;
  /** Shares of all processors that programs, and the kernel, use from now on. */
  readonly busy: { readonly user: number; readonly system: number };
  /** Free on Windows, GiB. */
  readonly windowsFree: number;
  /** As PowerShell lists them; none: the list fails. */
  readonly machines: readonly SimulatedMachine[];
  /** Of the first user; null: never used. */
  readonly wslc: SimulatedWslc | null;
  /** Services that the Compose plugin sees; null: there is none. */
  readonly compose: readonly string[] | null;
  /** Further files below the root, and their texts. */
  readonly files: Readonly<Record<string, string>>;
  /** What stands for programs: `start` answers for them here, or they are scripts on PATH, for a program of its own, and for what only a process can show. */
  readonly programs: 'here' | 'scripts';
}

export const HOST: Simulated = {
  host: 16,
  cpus: 8,
  release: '2.6.1',
  interop: true,
  vm: 8,
  vmCpus: 8,
  swap: 2,
  config: null,
  users: ['me'],
  wslinfo: 'utf8',
  wsl: 'utf16',
  powershell: 'utf8',
  changedAfterBoot: -3600,
  commandLine: 'initrd=\\initrd.img WSL_ROOT_INIT=1 panic=-1',
  networkingMode: 'nat',
  wslConf: null,
  kind: 'wsl2',
  cache: 0.2,
  load: 0.4,
  busy: { user: 0.04, system: 0.01 },
  windowsFree: 3,
  machines: [{ name: 'vmmemWSL', memory: 6.5, created: '2026-10-04T05:07:04.1234567-05:00' }],
  wslc: null,
  compose: null,
  files: {},
  programs: 'here',
};

interface ReleaseFacts {
  readonly kernel: string;
  /** As wslinfo and wsl.exe print them. */
  readonly wsl: string;
  readonly kernelVersion: string;
  /** asked: with psi=1 on the command line alone. */
  readonly psi: 'none' | 'asked' | 'on';
  /**
   * v1. root: containers at /docker/ID or below system.slice. visible: every distribution below /wsl-user/distro-N, as all of them see it.
   * namespaced: each in a namespace of its own, in which its cgroup is the root.
   */
  readonly cgroups: 'v1' | 'root' | 'visible' | 'namespaced';
}

/** Releases by what differs (docs/design/wsl.md, "Releases"); kernels of 2.3.26 to 2.9.4 as they were published, PSI as measured. */
export const RELEASES = {
  '2.3.26': { kernel: '5.15.167.4', wsl: '2.3.26.0', kernelVersion: '5.15.167.4-1', psi: 'none', cgroups: 'v1' },
  '2.5.10': { kernel: '6.6.87.2', wsl: '2.5.10.0', kernelVersion: '6.6.87.2-1', psi: 'on', cgroups: 'root' },
  '2.6.1': { kernel: '6.6.87.2', wsl: '2.6.1.0', kernelVersion: '6.6.87.2-1', psi: 'on', cgroups: 'root' },
  '2.7.3': { kernel: '6.6.114.1', wsl: '2.7.3.0', kernelVersion: '6.6.114.1-1', psi: 'on', cgroups: 'root' },
  '2.7.8': { kernel: '6.18.33.1', wsl: '2.7.8.0', kernelVersion: '6.18.33.1-1', psi: 'on', cgroups: 'root' },
  '2.7.11': { kernel: '6.18.33.1', wsl: '2.7.11.0', kernelVersion: '6.18.33.1-1', psi: 'on', cgroups: 'root' },
  '2.7.14': { kernel: '6.18.33.1', wsl: '2.7.14.0', kernelVersion: '6.18.33.1-1', psi: 'on', cgroups: 'root' },
  '2.9.3': { kernel: '6.18.35.1', wsl: '2.9.3.0', kernelVersion: '6.18.35.1-1', psi: 'asked', cgroups: 'root' },
  '2.9.4': { kernel: '6.18.35.1', wsl: '2.9.4.0', kernelVersion: '6.18.35.1-1', psi: 'asked', cgroups: 'root' },
  '2.9.8': { kernel: '6.18.40.1', wsl: '2.9.8.0', kernelVersion: '6.18.40.1-1', psi: 'on', cgroups: 'visible' },
  '2.9.11': { kernel: '6.18.40.1', wsl: '2.9.11.0', kernelVersion: '6.18.40.1-1', psi: 'on', cgroups: 'visible' },
  '2.9.12': { kernel: '6.18.40.1', wsl: '2.9.12.0', kernelVersion: '6.18.40.1-1', psi: 'on', cgroups: 'visible' },
  '2.9.13': { kernel: '6.18.40.1', wsl: '2.9.13.0', kernelVersion: '6.18.40.1-1', psi: 'on', cgroups: 'namespaced' },
  '3.0.1': { kernel: '6.18.40.1', wsl: '3.0.1.0', kernelVersion: '6.18.40.1-1', psi: 'on', cgroups: 'namespaced' },
  '3.0.2': { kernel: '6.18.40.1', wsl: '3.0.2.0', kernelVersion: '6.18.40.1-1', psi: 'on', cgroups: 'namespaced' },
} as const satisfies Readonly<Record<string, ReleaseFacts>>;

export type Release = keyof typeof RELEASES;

/** Where a process of the distribution, and its init, are; as /proc/PID/cgroup says. */
const PLACES: Readonly<Record<ReleaseFacts['cgroups'], readonly [self: string, init: string]>> = {
  v1: ['4:memory:/\n0::/\n', '4:memory:/\n0::/\n'],
  root: ['0::/init.scope\n', '0::/init.scope\n'],
  visible: ['0::/wsl-user/distro-280/non-systemd\n', '0::/wsl-user/distro-280/systemd/init.scope\n'],
  namespaced: ['0::/non-systemd\n', '0::/init.scope\n'],
};

export interface SimulatedHost {
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  /** Folder of a project with the profiles full (2.75 GB standard, 5.5 GB maximum) and small (512 MB, 1 GB). */
  readonly project: string;
  /** Folder for the state of laptop-dev. */
  readonly state: string;
  /** The `.wslconfig` of the first user. */
  readonly config: string;
  /** Starts its programs; undefined where they are scripts. */
  readonly start: StartProgram | undefined;
  /** Lets time pass on it, at once. */
  readonly wait: (span: number) => Promise<void>;
  /** How much time passed on it, ms. */
  waited(): number;
  /** Programs that were called, with their arguments. */
  calls(): string;
  remove(): void;
}

/** Builds the host in a folder of its own. */
export function simulate(parts: Partial<Simulated> = {}): SimulatedHost {
  const host = { ...HOST, ...parts };
  // Of a length that is always the same: lines with paths wrap by it.
  const root = mkdtempSync('/tmp/ld-wsl-');
  const write = (path: string, content: string | Buffer) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  writeProc(host, write);
  const stubs = stubsOf(host);
  const called: string[] = [];
  const log = join(root, 'calls');
  if (host.programs === 'scripts') writeScripts(stubs, root, log, write);
  for (const user of ['Public', 'Default', ...host.users]) mkdirSync(join(root, 'mnt/c/Users', user), { recursive: true });
  const config = join(root, 'mnt/c/Users', host.users[0] ?? 'me', '.wslconfig');
  let passed = 0;
  if (host.config !== null) writeFileSync(config, host.config);
  if (host.wslConf !== null) write('etc/wsl.conf', host.wslConf);
  if (host.wslc !== null) writeWslc(host.wslc, host.users[0] ?? 'me', write);
  writeProject(write);
  for (const [path, text] of Object.entries(host.files)) write(path, text);
  const env = { PATH: `${join(root, 'bin')}:/usr/bin:/bin`, LAPTOP_DEV_HOST_ROOT: root, HOME: '/home/me' };
  return {
    root,
    env,
    project: join(root, 'project'),
    state: join(root, 'state'),
    config,
    start: host.programs === 'scripts' ? undefined : answering(stubs, called),
    wait: async span => {
      passed += span;
      write('proc/stat', statText(host, passed));
    },
    waited: () => passed,
    calls: () => (host.programs === 'scripts' ? readFileSync(log, 'utf8') : called.join('\n')),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

function writeWslc({ settings, sessions }: SimulatedWslc, user: string, write: Write): void {
  const folder = `mnt/c/Users/${user}/AppData/Local/wslc`;
  if (settings !== null) write(`${folder}/settings.yaml`, settings);
  for (const [name, { running }] of Object.entries(sessions)) {
    write(`${folder}/sessions/${name}/storage.vhdx`, 'vhdxfile');
    if (running) write(`${folder}/sessions/${name}/swap.vhdx`, 'vhdxfile');
  }
}

function writeProject(write: Write): void {
  const services = ['api', 'llm'].map(name => `  ${name}: { image: none }\n`).join('');
  write('project/compose.yaml', `services:\n${services}`);
  const profile = (name: string, api: string, more = '') =>
    write(`project/.laptop-dev/${name}.yaml`, `name: ${name}\nservices:\n  api: { memory: ${api} }\n${more}`);
  profile('full', '{ standard: 1792MB, maximum: 3584MB }', '  llm: { memory: { standard: 1GB, maximum: 2GB } }\n');
  profile('small', '{ standard: 512MB, maximum: 1GB }');
}

type Write = (path: string, content: string | Buffer) => void;

function writeProc(host: Simulated, write: Write): void {
  const release: ReleaseFacts = RELEASES[host.release];
  const kernels = { wsl2: `${release.kernel}-microsoft-standard-WSL2`, wsl1: '4.4.0-22621-Microsoft', linux: '6.12.9-amd64' };
  const kib = (gib: number) => Math.round((gib * GiB) / KiB);
  const total = kib(host.vm * (1 - 0.017) - (107 * MiB) / GiB);
  const lines = [
    ['MemTotal', total], ['MemFree', Math.round(total / 4)], ['MemAvailable', Math.round(total / 2)], ['Buffers', 100], ['Cached', Math.round(total * host.cache)],
    ['SReclaimable', 100], ['SwapTotal', kib(host.swap)],
  ]; // biome-ignore format: a table
  write('proc/meminfo', lines.map(([key, value]) => `${key}:  ${value} kB\n`).join(''));
  write('proc/sys/kernel/osrelease', `${kernels[host.kind]}\n`);
  write('proc/loadavg', `9.00 ${host.load} 0.10 1/200 300\n`);
  write('proc/uptime', '1000.00 4000.00\n');
  const stat = (name: string, ticks: number) => `(${name}) S 1 1 1 0 -1 0 0 0 0 0 ${ticks} 0 0 0 20 0 1 0 5000 0 0\n`;
  write('proc/41/stat', `41 ${stat('node (server)', 19_000)}`);
  write('proc/42/stat', `42 ${stat('sleep', 1)}`);
  write('proc/net/tcp', 'sl local rem st\n   0: 0100007F:1F90 00000000:0000 0A 0\n   1: 0100007F:1F91 00000000:0000 01 0\n');
  write('proc/sys/vm/drop_caches', '');
  write('proc/sys/vm/compact_memory', '');
  write('proc/sys/kernel/random/boot_id', '11111111-2222-3333-4444-555555555555\n');
  write('proc/stat', statText(host, 0));
  write('proc/cmdline', `${host.commandLine}\n`);
  write('proc/cpuinfo', Array.from({ length: host.vmCpus }, (_, cpu) => `processor\t: ${cpu}\nmodel name\t: stub\n`).join('\n'));
  const swap = host.swap > 0 ? `/dev/sdb partition ${kib(host.swap) - 4} 0 -2\n` : '';
  write('proc/swaps', `Filename Type Size Used Priority\n${swap}`);
  if (release.psi === 'on' || (release.psi === 'asked' && host.commandLine.includes('psi=1')))
    write('proc/pressure/memory', 'some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n');
  const cgroups = cgroupsOf(host, release);
  write(cgroups === 'v1' ? 'sys/fs/cgroup/memory/memory.stat' : 'sys/fs/cgroup/cgroup.controllers', 'memory\n');
  const [self, init] = PLACES[cgroups];
  write('proc/self/cgroup', self);
  write('proc/1/cgroup', init);
  if (cgroups === 'namespaced') write('sys/fs/cgroup/memory.current', `${host.vm * GiB}\n`);
  if (host.interop && host.kind !== 'linux') write('proc/sys/fs/binfmt_misc/WSLInterop', 'enabled\n');
}

/** /proc/stat after so many ms: a row of all processors and one of each. What was used before is no part of `busy`. */
function statText({ busy, vmCpus, changedAfterBoot }: Simulated, passed: number): string {
  const row = (name: string, cpus: number) => {
    const ticks = (passed / 10) * cpus;
    const [user, system] = [Math.round(busy.user * ticks), Math.round(busy.system * ticks)];
    return `${name} ${90_000 * cpus + user} ${700 * cpus} ${20_000 * cpus + system} ${10_000 * cpus + Math.round(ticks) - user - system} 300 20 10 0 5000 0\n`;
  };
  const rows = Array.from({ length: vmCpus }, (_, cpu) => row(`cpu${cpu}`, 1));
  return `${row('cpu ', vmCpus)}${rows.join('')}intr 12345 0\nctxt 99\nbtime ${Math.floor(Date.now() / 1000) - changedAfterBoot}\n`;
}

/** As the distribution has started: wsl.conf asks for v1, and up to 2.9.4, or without isolation, it has it. */
function cgroupsOf({ wslConf, config }: Simulated, { cgroups }: ReleaseFacts): ReleaseFacts['cgroups'] {
  const isApart = cgroups !== 'root' && !/isolateDistroCgroup=false/.test(String(config));
  return /^cgroups=(\w+)$/m.exec(wslConf ?? '')?.[1] === 'v1' && !isApart ? 'v1' : cgroups;
}

interface StubProgram {
  readonly name: string;
  readonly behaviour: Exclude<Stub, 'absent'> | 'slow';
  /** What it prints, by a part of its arguments; the first that fits. Without one it fails. */
  readonly answers: readonly (readonly [argument: string, printed: Buffer])[];
}

function stubsOf(host: Simulated): readonly StubProgram[] {
  const { wsl: version, kernelVersion }: ReleaseFacts = RELEASES[host.release];
  const stub = (name: string, behaviour: Stub | 'slow', answers: Readonly<Record<string, string>>): readonly StubProgram[] => {
    if (behaviour === 'absent') return [];
    const encoding = behaviour === 'utf16' || behaviour === 'localized' || behaviour === 'chinese' ? 'utf16le' : 'utf8';
    const printed = Object.entries(answers).map(
      ([argument, text]) => [argument, Buffer.from(text.replaceAll('\n', '\r\n'), encoding)] as const,
    );
    return [{ name, behaviour, answers: printed }];
  };
  const inLanguage = {
    localized: `WSL-Version: ${version}\nKernelversion: ${kernelVersion}\nÜbergeordnete Version: 10.0\n`,
    chinese: `WSL 版本: ${version}\n内核版本: ${kernelVersion}\n`,
  };
  const listed =
    host.wsl === 'localized' || host.wsl === 'chinese'
      ? inLanguage[host.wsl]
      : `WSL version: ${version}\nKernel version: ${kernelVersion}\n`;
  const total = Math.round(((host.host - 0.3) * GiB) / KiB);
  const machines = host.machines.map(
    ({ name, memory, created }) => `machine=${memory === null ? '' : Math.round(memory * GiB)} ${created} ${name}\n`,
  );
  const answer = `total=${total}\nfree=${Math.round((host.windowsFree * GiB) / KiB)}\nbuild=22631\ncpus=${host.cpus}\nprofile=C:\\Users\\${host.users[0]}\n${machines.join('')}`;
  return [
    ...stub('wslinfo', host.wslinfo, { '--wsl-version': `${version}\n`, '--networking-mode': `${host.networkingMode}\n` }),
    ...stub('wsl.exe', host.wsl, { '--version': listed, '--list': 'Ubuntu\ndocker-desktop\n', root: '' }),
    ...stub('docker', 'utf8', host.compose === null ? {} : { compose: `${host.compose.join('\n')}\n` }),
    ...stub('powershell.exe', host.powershell, { '': answer }),
  ];
}

const BROKEN = 'broken\n';

/** The stubs as what starts programs, without a process. Of the machine below there is `sync` alone. */
function answering(stubs: readonly StubProgram[], called: string[]): StartProgram {
  const ended = (stdout: Buffer, code = 0): Outcome => ({ kind: 'ended', stdout, code, signal: null });
  return async (program, args) => {
    if (program === 'sync') return ended(Buffer.alloc(0));
    const stub = stubs.find(({ name }) => name === program);
    if (!stub) return { kind: 'not-started', code: 'ENOENT' };
    const line = args.join(' ');
    called.push(`${program} ${line}`);
    if (stub.behaviour === 'hangs') return { kind: 'late' };
    if (stub.behaviour === 'fails') return ended(Buffer.from(BROKEN), 3);
    const printed = stub.answers.find(([argument]) => line.includes(argument))?.[1];
    return printed ? ended(printed) : ended(Buffer.alloc(0), 1);
  };
}

function writeScripts(stubs: readonly StubProgram[], root: string, log: string, write: Write): void {
  for (const { name, behaviour, answers } of stubs) {
    const cases = answers.map(([argument, printed], at) => {
      write(`answers/${name}.${at}`, printed);
      return `*${argument}*) cat '${root}/answers/${name}.${at}' ;;`;
    });
    const answer = `case "$*" in ${cases.join(' ')} *) exit 1 ;; esac`;
    const doing: Readonly<Record<string, string>> = {
      hangs: `echo $$ > '${root}/hanging'; sleep 60`,
      fails: `printf '${BROKEN}'; exit 3`,
      slow: `sleep 0.3; ${answer}`,
    };
    write(`bin/${name}`, `#!/bin/sh\necho "${name} $*" >> '${log}'\n${doing[behaviour] ?? answer}\n`);
    chmodSync(join(root, 'bin', name), 0o755);
  }
}
