import { formatBytes, GiB } from '../../shared/bytes.js';
import type { Diagnostic } from '../wsl/wslconfig/read.js';
import { parseSize } from '../wsl/wslconfig/values.js';
import type { Evidence } from './evidence.js';
import { type DoctorCheck, type Finding, note, onWsl, problem, type Verdict, verdictOf } from './finding.js';

const SHUTDOWN = 'wsl --shutdown in PowerShell; it stops every distribution, Docker Desktop and the daemon';

/** Value of a key that counts; null: not set, or no file. */
function settingOf({ config }: Evidence, key: string): string | null {
  return config?.config.effective.get(key)?.value ?? null;
}

const configMistake: DoctorCheck = ({ config, configWhy, stray }) => {
  const unmatched = stray.map(file => problem('The file is never read', `${file} is there`, 'rename it to .wslconfig'));
  if (config === null) return unmatched.length > 0 ? verdictOf(...unmatched) : { skipped: configWhy };
  const mistakes = config.diagnostics.map(diagnostic => mistake(config.file, diagnostic));
  const all = [...unmatched, ...mistakes];
  return all.length > 0 ? verdictOf(...all) : { fine: config.bytes === null ? 'no .wslconfig: defaults' : config.file };
};

function mistake(file: string, { line, message, fix, change }: Diagnostic): Finding {
  const repair = change === null ? null : { kind: 'config' as const, changes: [change] };
  return problem('WSL skips or misreads a line of .wslconfig', `${file}, line ${line}: ${message}`, fix ?? 'correct the line', repair);
}

const configIgnored: DoctorCheck = ({ config, configWhy, keys }) => {
  if (config === null) return { skipped: configWhy };
  const missing = keys.filter(({ state }) => state === 'pending' || state === 'differs');
  if (missing.length === 0) return { fine: `${keys.filter(({ state }) => state === 'holds').length} keys hold` };
  return verdictOf(
    ...missing.map(({ key, line, wanted, found: has, state }) => {
      const why = state === 'pending' ? 'it was started before the file was changed' : 'although it was started since';
      return problem('A setting is not in force', `line ${line}: ${key}=${wanted}, the VM has ${has}; ${why}`, SHUTDOWN);
    }),
  );
};

const OVERHEAD = 1.5 * GiB;

const memorySmall: DoctorCheck = ({ facts, project }) => {
  if (project === null) return { skipped: 'no profile' };
  const [total, need] = [facts.vm.memory.total, project.standard + OVERHEAD];
  const figures = `the VM has ${formatBytes(total)}; the profile ${project.profile} needs ${formatBytes(need)}`;
  if (total >= need) return { fine: figures };
  return verdictOf(
    problem('Services are refused, or the VM swaps', figures, 'laptop-dev wsl presets shows what fits; laptop-dev wsl apply writes it'),
  );
};

/** Load below which WSL may find the VM idle and drop its cache, of all cores (docs/design/wsl.md, "Memory"). */
const IDLE_LOAD = 0.005;

const cacheHeld: DoctorCheck = ({ facts, load5, busiest }) => {
  const { total, cached, slab } = facts.vm.memory;
  const held = cached + slab;
  const share = Math.round((held / Math.max(1, total)) * 100);
  const figures = `${formatBytes(held)} of file cache, ${share} % of the VM; load ${load5} over 5 minutes on ${facts.vm.cpus} processors`;
  if (share <= 25 || load5 <= IDLE_LOAD * facts.vm.cpus) return { fine: figures };
  const who = busiest === null ? '' : `; busiest: ${busiest.name} (PID ${busiest.pid}), ${busiest.share} % of a core since it started`;
  return verdictOf(note('vmmem holds memory that nothing uses: WSL drops the cache only when the VM is idle', figures + who, 'laptop-dev wsl reclaim --yes drops it now')); // biome-ignore format: short
};

/** The last version that is known to swap in this mode (docs/design/wsl.md, "Memory"). */
const READ_UP_TO = [2, 9, 4];

const gradual: DoctorCheck = evidence => {
  const mode = settingOf(evidence, 'experimental.automemoryreclaim');
  const version = evidence.facts.wslVersion?.value ?? null;
  if (mode?.toLowerCase() !== 'gradual') return { fine: `autoMemoryReclaim: ${mode ?? 'not set'}` };
  if (version !== null && isAfter(version, READ_UP_TO)) return { fine: `gradual on WSL ${version}` };
  const figures = `autoMemoryReclaim=gradual on WSL ${version ?? 'of unknown version'}`;
  return verdictOf(problem('Containers lose anonymous memory to swap and stall', figures, 'remove the line: dropCache is the default'));
};

function isAfter(version: string, than: readonly number[]): boolean {
  const parts = version.split('.').map(Number);
  const at = than.findIndex((part, index) => (parts[index] ?? 0) !== part);
  return at >= 0 && (parts[at] ?? 0) > (than[at] ?? 0);
}

const resourceSaver: DoctorCheck = ({ facts, engine: { engine } }) => {
  const version = /^Docker Desktop (\d+)\.(\d+)/.exec(engine?.product ?? '');
  if (!version) return { skipped: 'no Docker Desktop' };
  const [, major, minor] = version.map(Number);
  const figures = `${engine?.product}, cgroup ${facts.vm.cgroup ?? 'unknown'}`;
  if (facts.vm.cgroup !== 'v2' || (major ?? 0) > 4 || (minor ?? 0) >= 43) return { fine: figures };
  const fix = 'update Docker Desktop to 4.43 or later, or turn Resource Saver off';
  return verdictOf(problem('Terminals freeze when Docker Desktop pauses its engine', figures, fix));
};

const idleStop: DoctorCheck = evidence => {
  if (!evidence.unit) return { fine: 'no systemd unit of the daemon' };
  const timeout = settingOf(evidence, 'general.instanceidletimeout');
  if (timeout !== null && Number(timeout) < 0) return { fine: `instanceIdleTimeout=${timeout}` };
  const figures = `a systemd unit is installed, instanceIdleTimeout is ${timeout === null ? '15 s, its default' : `${timeout} ms`}`;
  const fix = 'instanceIdleTimeout=-1 below [general] in .wslconfig; the VM then keeps its memory until wsl --shutdown';
  return verdictOf(note('Services end soon after the last terminal is closed', figures, fix));
};

const interop: DoctorCheck = ({ facts }) => {
  if (facts.vm.interop && facts.windows !== null) return { fine: 'Windows programs can be started' };
  const evidence = facts.vm.interop ? (facts.windowsFault ?? '') : 'neither WSLInterop nor WSLInterop-late in /proc/sys/fs/binfmt_misc';
  const fix = facts.vm.interop
    ? 'start powershell.exe by hand and see; figures of Windows are estimates until then'
    : 'protectBinfmt=true below [boot] in /etc/wsl.conf, and no [interop] enabled=false; then wsl --shutdown';
  return verdictOf(problem('Windows programs cannot be started from here', evidence, fix));
};

const mirrored: DoctorCheck = ({ facts, engine: { engine } }) => {
  const mode = facts.networkingMode?.value ?? null;
  if (mode === null) return { skipped: 'wslinfo does not tell the networking mode' };
  if (mode !== 'mirrored' || engine?.kind !== 'docker') return { fine: `networking: ${mode}` };
  const fix = 'start the engine after loopback0 is up (restart it once), or networkingMode=nat';
  return verdictOf(note('Published ports may not be reachable from Windows', `networking is mirrored, the engine ${engine.product}`, fix));
};

const LEAST_FREE = 1.5 * GiB;

const hostShort: DoctorCheck = ({ windowsFree, facts }): Verdict => {
  if (windowsFree === null) return { skipped: `Windows could not be asked: ${facts.windowsFault ?? 'no answer'}` };
  const figures = `Windows has ${formatBytes(windowsFree)} free`;
  if (windowsFree >= LEAST_FREE) return { fine: figures };
  return verdictOf(
    problem('Windows itself runs short of memory', figures, 'stop idle services, then laptop-dev wsl reclaim --after-stop --yes'),
  );
};

const noSwap: DoctorCheck = evidence => {
  const { swap } = evidence.facts.vm;
  if (swap > 0) return { fine: formatBytes(swap) };
  if (parseSize(settingOf(evidence, 'wsl2.swap') ?? '') === 0) return { fine: 'none, as .wslconfig says' };
  return verdictOf(problem('The VM kills where it could swap', '/proc/swaps is empty, although swap is not turned off', 'delete a stale swap.vhdx in %TEMP% of Windows, then wsl --shutdown')); // biome-ignore format: short
};

export const WSL_CHECKS = {
  'wsl-config-mistake': onWsl(configMistake),
  'wsl-config-ignored': onWsl(configIgnored),
  'wsl-memory-small': onWsl(memorySmall),
  'wsl-cache-held': onWsl(cacheHeld),
  'wsl-gradual': onWsl(gradual),
  'wsl-resource-saver': onWsl(resourceSaver),
  'wsl-idle-stop': onWsl(idleStop),
  'wsl-interop': onWsl(interop),
  'wsl-ports-mirrored': onWsl(mirrored),
  'wsl-host-short': onWsl(hostShort),
  'wsl-no-swap': onWsl(noSwap),
} as const satisfies Record<string, DoctorCheck>;
