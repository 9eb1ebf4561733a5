import { formatBytes, GiB } from '../../shared/bytes.js';
import { isAtLeast } from '../wsl/releases.js';
import { withKernelArgument } from '../wsl/wslconfig/edit.js';
import { type DoctorCheck, note, problem, verdictOf } from './finding.js';

const psiOff: DoctorCheck = ({ facts, config }) => {
  const { vm } = facts;
  if (vm.psi) return { fine: '/proc/pressure is there' };
  const [major = 0] = vm.kernel.split('.').map(Number);
  const figures = `kernel ${vm.kernel}, no /proc/pressure/memory`;
  const symptom = 'Memory pressure is seen later, by MemAvailable and swapping alone';
  if (vm.kind !== 'wsl2') return verdictOf(note(symptom, figures, 'boot with psi=1 on the kernel command line, where the kernel has PSI'));
  if (major < 6)
    return verdictOf(
      note(
        symptom,
        figures,
        'update WSL (wsl --update, which ends in wsl --shutdown: it stops every distribution): 6.6 and 3.0.1 have PSI, some kernels of 6.18 only with psi=1',
      ),
    );
  const name = 'wsl2.kernelCommandLine';
  const now = config?.config.effective.get(name.toLowerCase())?.value ?? '';
  const repair = config === null ? null : { kind: 'config' as const, changes: [{ name, value: withKernelArgument(now, 'psi=1') }] };
  const asked = now.split(' ').includes('psi=1');
  const fix = asked
    ? 'psi=1 is asked for already: wsl --shutdown'
    : 'psi=1 on kernelCommandLine: laptop-dev wsl apply PRESET --psi; or wsl --update: 3.0.1 has it on';
  return verdictOf({ ...note(symptom, figures, fix), repair: asked ? null : repair });
};

const cgroupV1: DoctorCheck = ({ facts: { vm, wslVersion }, cgroupsLine }) => {
  if (vm.cgroup === 'v2') return { fine: 'cgroup v2' };
  const line = vm.kind === 'wsl2' && cgroupsLine?.unread === null ? cgroupsLine.line : null;
  if (line !== null && wslVersion !== null && isAtLeast(wslVersion.value, [2, 5, 1])) return { skipped: 'see wsl-cgroups-line' };
  const figures = vm.cgroup === 'v1' ? '/sys/fs/cgroup is v1' : 'neither v1 nor v2 below /sys/fs/cgroup';
  const update = `update WSL (wsl --update): 2.5.1 and later have v2${line === null ? '' : `; and remove line ${line} of /etc/wsl.conf`}`;
  const fix = vm.kind === 'wsl2' ? update : 'boot with systemd.unified_cgroup_hierarchy=1';
  return verdictOf(note('Limits are lowered in coarse steps, and cache is given back less gently', figures, fix)); // biome-ignore format: short
};

const memoryShort: DoctorCheck = ({ facts: { vm } }) => {
  const share = vm.memory.available / Math.max(1, vm.memory.total);
  const figures = `${formatBytes(vm.memory.available)} of ${formatBytes(vm.memory.total)} available (${Math.round(share * 100)} %)`;
  if (share >= 0.08) return { fine: figures };
  return verdictOf(
    problem('Services are stopped, and none is started', figures, 'close what uses much memory; laptop-dev ps shows what services use'),
  );
};

const LEAST_DISK = 2 * GiB;

const diskLow: DoctorCheck = ({ disks }) => {
  const low = disks.filter(({ free, total }) => free < LEAST_DISK || free < 0.03 * total);
  const freeText = ({ path, free, total }: (typeof disks)[number]) => `${path}: ${formatBytes(free)} of ${formatBytes(total)} free`;
  if (low.length === 0) return disks.length === 0 ? { skipped: 'no disk could be measured' } : { fine: disks.map(freeText).join('; ') };
  return verdictOf(
    ...low.map(disk =>
      problem('Images cannot be built, databases stop writing', freeText(disk), 'docker image prune, docker builder prune, or make room'),
    ),
  );
};

const MOST_DRIFT = 5000;

const clockDrift: DoctorCheck = ({ engine: { engine } }) => {
  const drift = engine?.drift ?? null;
  if (drift === null) return { skipped: 'the engine does not tell its time' };
  const figures = `the clock of the engine is ${(Math.abs(drift) / 1000).toFixed(1)} s ${drift < 0 ? 'behind' : 'ahead'}`;
  if (Math.abs(drift) < MOST_DRIFT) return { fine: figures };
  return verdictOf(
    problem('Certificates and tokens are refused, logs jump', figures, 'sudo hwclock -s, or wsl --shutdown; it comes of sleep'),
  );
};

const nodeVersion: DoctorCheck = ({ node }) => {
  const [major = 0, minor = 0] = node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return { fine: node };
  return verdictOf(problem('laptop-dev does not start', `Node.js ${node}`, 'install 20.19 or later'));
};

const socketOpen: DoctorCheck = ({ runtime }) => {
  if (runtime === null) return { fine: 'no socket yet' };
  const octal = runtime.mode.toString(8).padStart(4, '0');
  if ((runtime.mode & 0o077) === 0) return { fine: `${runtime.path} is ${octal}` };
  const repair = { kind: 'mode', path: runtime.path, mode: 0o600 } as const;
  return verdictOf(problem('Other users may reach the daemon', `${runtime.path} has mode ${octal}`, `chmod 600 ${runtime.path}`, repair));
};

const daemonHung: DoctorCheck = ({ daemon, hung }) => {
  if (hung === null) return daemon === null ? { skipped: 'no daemon runs' } : { fine: 'it answers' };
  const { pid, after } = hung;
  const figures = `${pid === null ? 'it' : `PID ${pid}`} took the connection and has not answered within ${after / 1_000} s`;
  const fix = `kill -CONT ${pid ?? 'PID'} if it was stopped by hand; else kill -9 ${pid ?? 'PID'}, then laptop-dev daemon start: services keep running and are adopted`;
  return verdictOf(problem('The daemon hangs: nothing wakes, nothing falls asleep', figures, fix));
};

const daemonVersion: DoctorCheck = ({ daemon, ours }) => {
  if (daemon === null) return { skipped: 'no daemon runs' };
  if (daemon === ours) return { fine: daemon };
  return verdictOf(
    problem('The daemon lacks what this version has', `it is ${daemon}, this is ${ours}`, 'laptop-dev daemon stop, then laptop-dev up'),
  );
};

export const HOST_CHECKS = {
  'psi-off': psiOff,
  'cgroup-v1': cgroupV1,
  'memory-short': memoryShort,
  'disk-low': diskLow,
  'clock-drift': clockDrift,
  'node-version': nodeVersion,
  'socket-open': socketOpen,
  'daemon-hung': daemonHung,
  'daemon-version': daemonVersion,
} as const satisfies Record<string, DoctorCheck>;
