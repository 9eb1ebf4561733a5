import { formatBytes } from '../../shared/bytes.js';
import { isAtLeast, traitsOf } from '../wsl/releases.js';
import type { Diagnostic } from '../wsl/wslconfig/read.js';
import { knownSince, parseBoolean, parseSize } from '../wsl/wslconfig/values.js';
import { type Evidence, settingOf } from './evidence.js';
import { type DoctorCheck, type Finding, note, onWsl, problem, verdictOf, withRemedies } from './finding.js';
import { SHUTDOWN_COST } from './remedies.js';

const SHUTDOWN = 'wsl --shutdown in PowerShell; it stops every distribution, Docker Desktop and the daemon';

const configMistake: DoctorCheck = ({ facts, config, configWhy, stray }) => {
  const unmatched = stray.map(file => problem('The file is never read', `${file} is there`, 'rename it to .wslconfig'));
  if (config === null) return unmatched.length > 0 ? verdictOf(...unmatched) : { skipped: configWhy };
  const mistakes = config.diagnostics.map(diagnostic => mistake(config.file, diagnostic));
  const all = [...unmatched, ...mistakes, ...unknownHere(config, facts.wslVersion?.value ?? null)];
  return all.length > 0 ? verdictOf(...all) : { fine: config.bytes === null ? 'no .wslconfig: defaults' : config.file };
};

function mistake(file: string, { line, message, fix, change }: Diagnostic): Finding {
  const repair = change === null ? null : { kind: 'config' as const, changes: [change] };
  return problem('WSL skips or misreads a line of .wslconfig', `${file}, line ${line}: ${message}`, fix ?? 'correct the line', repair);
}

/** Keys that a later version of WSL knows and this one warns of. */
function unknownHere({ file, config }: NonNullable<Evidence['config']>, version: string | null): readonly Finding[] {
  return [...config.effective.values()].flatMap(({ name, line }) => {
    const since = knownSince(name);
    if (since === null || version === null || isAtLeast(version, since)) return [];
    const figures = `${file}, line ${line}: ${name} came with WSL ${since.join('.')}, and this is ${version}`;
    return [note('WSL warns of a line of .wslconfig and skips it', figures, 'wsl --update, or remove the line')];
  });
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

const ISOLATE = 'wsl2.isolateDistroCgroup';

/** Whether each distribution has a cgroup of its own, as `.wslconfig` says; null: it says nothing, and from 2.9.8 on they have. */
function isolation(evidence: Evidence): boolean | null {
  return parseBoolean(settingOf(evidence, ISOLATE.toLowerCase()) ?? '');
}

/** `automount.cgroups` of /etc/wsl.conf is read as the distribution starts. */
const RESTART = 'then wsl --terminate DISTRIBUTION in PowerShell, which stops this distribution';

const cgroupsLine: DoctorCheck = evidence => {
  const { cgroupsLine: found, facts } = evidence;
  if (found === null) return { fine: 'no cgroups=v1 in /etc/wsl.conf' };
  const { line, unread } = found;
  if (unread !== null) return { fine: `cgroups=v1 in line ${line} of /etc/wsl.conf is not read: WSL stops at line ${unread}` };
  const version = facts.wslVersion?.value ?? null;
  const isApart = isolation(evidence) ?? true;
  const figures = `/etc/wsl.conf, line ${line}: cgroups=v1, on WSL ${version ?? 'of unknown version'}`;
  const remove = `remove the line, ${RESTART}`;
  if (version !== null && !isAtLeast(version, [2, 5, 1])) return { fine: `${figures}, which has v1 alone: see cgroup-v1` };
  const isMounted = facts.vm.cgroup === 'v1';
  const { cgroups } = traitsOf(version ?? '0');
  if (version !== null && isApart && cgroups === 'visible') {
    return verdictOf(problem('This distribution does not start the next time (E_UNEXPECTED)', `${figures}: with isolateDistroCgroup, which is on, 2.9.8 to 2.9.12 cannot mount it`, remove)); // biome-ignore format: short
  }
  if (isApart && cgroups === 'namespaced') {
    return verdictOf(note('WSL warns at each start of the distribution, and mounts cgroup v2 all the same', figures, remove));
  }
  if (isWithoutMemoryV1(facts.vm.kernel)) {
    const why = `${figures}; kernels 6.18.26 to 6.18.33 have no memory controller of v1`;
    const when = isMounted ? '' : ' once the distribution has started again';
    return verdictOf(problem(`No container has a memory limit${when}`, why, remove));
  }
  const later = cgroups === 'flat' ? '; WSL 2.9.8 to 2.9.12 would not start the distribution' : '';
  return verdictOf(note('cgroup v1 is asked for: limits are lowered in coarse steps, and cache is given back less gently', `${figures}: v1 ${isMounted ? 'is mounted' : 'will be mounted at the next start'}${later}`, remove)); // biome-ignore format: short
};

/** Kernels without the memory controller of cgroup v1 (docs/design/wsl.md, "Memory"). */
function isWithoutMemoryV1(kernel: string): boolean {
  const [major, minor, patch = 0] = kernel.split(/[.-]/).map(Number);
  return major === 6 && minor === 18 && patch >= 26 && patch <= 33;
}

/** A Podman machine was seen to fail on 3.0.1; on this and later ones nobody has looked (docs/design/wsl.md, "Memory"). */
const AFTER_SEEN = [3, 0, 2];

const engineCgroup: DoctorCheck = evidence => {
  const { facts, config } = evidence;
  const { engine } = evidence.engine;
  if (!engine) return { skipped: 'no engine' };
  const version = facts.wslVersion?.value ?? null;
  if (version === null) return { skipped: 'the version of WSL is not known' };
  const isMachine = engine.product.startsWith('Podman machine');
  const isPodman = engine.kind === 'podman';
  const { cgroups } = traitsOf(version);
  const who = `${engine.product}${engine.rootless ? ', rootless' : ''}, on WSL ${version}`;
  if (cgroups === 'flat' || (!isPodman && !engine.rootless) || (cgroups === 'namespaced' && !isMachine)) return { fine: who };
  const isOff = isolation(evidence) === false;
  const isNewer = (config?.changedAt ?? 0) > (facts.vm.bootedAt ?? 0);
  if (isOff && !isNewer) return { fine: `${who}: isolateDistroCgroup=false` };
  const isSeen = !isAtLeast(version, AFTER_SEEN);
  const symptom = isSeen
    ? 'Containers do not start: the engine does not find their cgroup'
    : 'Containers with a memory limit may not start: the engine may not find their cgroup';
  const why =
    cgroups === 'visible'
      ? `${who}: 2.9.8 to 2.9.12 put each distribution into a cgroup of its own that the engine does not look in`
      : `${who}: crun cannot write memory.max of a container with a memory limit; seen up to 3.0.1`;
  if (isOff) return verdictOf(problem(symptom, why, `isolateDistroCgroup=false is written already: ${SHUTDOWN}`));
  const update = { does: 'wsl --update, in PowerShell: 2.9.13 and later give each distribution a namespace', cost: SHUTDOWN_COST };
  const repair = isPodman && isSeen && config !== null ? { kind: 'config' as const, changes: [{ name: ISOLATE, value: 'false' }] } : null;
  const together = {
    does: `isolateDistroCgroup=false below [wsl2] in .wslconfig${repair === null ? '' : ' (laptop-dev doctor --fix writes it)'}`,
    cost: `distributions see the cgroups of each other; ${SHUTDOWN_COST}`,
  };
  const remedies = cgroups === 'visible' && !isMachine ? [update, together] : [together];
  const level = isSeen ? 'problem' : 'note';
  return verdictOf({ ...withRemedies(problem(symptom, why, update.does, repair), remedies), level });
};

/** The first version that does not swap in this mode, by dates: it was read in 2.9.12 (docs/design/wsl.md, "Memory"). 2.7.11 has it not; later ones of that line were not read. */
const FIRST_GENTLE = [2, 9, 8];

const gradual: DoctorCheck = evidence => {
  const mode = settingOf(evidence, 'experimental.automemoryreclaim');
  const version = evidence.facts.wslVersion?.value ?? null;
  if (mode?.toLowerCase() !== 'gradual') return { fine: `autoMemoryReclaim: ${mode ?? 'not set'}` };
  if (version !== null && isAtLeast(version, FIRST_GENTLE)) return { fine: `gradual on WSL ${version}` };
  const figures = `autoMemoryReclaim=gradual on WSL ${version ?? 'of unknown version'}`;
  return verdictOf(
    problem(
      'Containers lose anonymous memory to swap and stall',
      figures,
      `remove the line: dropCache is the default; or wsl --update: 2.9.8 and later do not swap. Either takes ${SHUTDOWN_COST}`,
    ),
  );
};

/** Resource Saver is off under WSL 2 from here on, by its release notes (docs/design/wsl.md, "Memory"). */
const SAVER_OFF = [4, 42, 1];

const resourceSaver: DoctorCheck = ({ facts, engine: { engine } }) => {
  const version = /^Docker Desktop (\d+\.\d+(?:\.\d+)?)/.exec(engine?.product ?? '')?.[1];
  if (version === undefined) return { skipped: 'no Docker Desktop' };
  const figures = `${engine?.product}, cgroup ${facts.vm.cgroup ?? 'unknown'}`;
  if (facts.vm.cgroup !== 'v2' || isAtLeast(version, SAVER_OFF)) return { fine: figures };
  const fix = 'update Docker Desktop to 4.42.1 or later, which leaves Resource Saver off under WSL 2; or turn it off';
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
    : 'protectBinfmt=true below [boot] in /etc/wsl.conf, and no [interop] enabled=false; then wsl --shutdown, which stops every distribution, Docker Desktop and the daemon';
  return verdictOf(problem('Windows programs cannot be started from here', evidence, fix));
};

const mirrored: DoctorCheck = ({ facts, engine: { engine } }) => {
  const mode = facts.networkingMode?.value ?? null;
  if (mode === null) return { skipped: 'wslinfo does not tell the networking mode' };
  if (mode !== 'mirrored' || engine?.kind !== 'docker') return { fine: `networking: ${mode}` };
  const fix =
    'start the engine after loopback0 is up (restart it once: its containers restart too), or networkingMode=nat and wsl --shutdown, which stops every distribution';
  return verdictOf(note('Published ports may not be reachable from Windows', `networking is mirrored, the engine ${engine.product}`, fix));
};

const noSwap: DoctorCheck = evidence => {
  const { swap } = evidence.facts.vm;
  if (swap > 0) return { fine: formatBytes(swap) };
  if (parseSize(settingOf(evidence, 'wsl2.swap') ?? '') === 0) return { fine: 'none, as .wslconfig says' };
  return verdictOf(problem('The VM kills where it could swap', '/proc/swaps is empty, although swap is not turned off', 'delete a stale swap.vhdx in %TEMP% of Windows, then wsl --shutdown, which stops every distribution, Docker Desktop and the daemon')); // biome-ignore format: short
};

export const WSL_CHECKS = {
  'wsl-config-mistake': onWsl(configMistake),
  'wsl-config-ignored': onWsl(configIgnored),
  'wsl-cgroups-line': onWsl(cgroupsLine),
  'wsl-engine-cgroup': onWsl(engineCgroup),
  'wsl-gradual': onWsl(gradual),
  'wsl-resource-saver': onWsl(resourceSaver),
  'wsl-idle-stop': onWsl(idleStop),
  'wsl-interop': onWsl(interop),
  'wsl-ports-mirrored': onWsl(mirrored),
  'wsl-no-swap': onWsl(noSwap),
} as const satisfies Record<string, DoctorCheck>;
