import { type Bytes, formatBytes, GiB } from '../../shared/bytes.js';
import { isAtLeast, traitsOf } from '../wsl/releases.js';
import { terminateCommand, wslcLimit } from '../wsl/wslc/wslc.js';
import { settingOf } from './evidence.js';
import { type DoctorCheck, type Finding, note, onWsl, problem, verdictOf, withRemedies } from './finding.js';
import { bothLimits, heldCache, needOf, neverDrops, remediesFor, runningSessions, smallerWslc } from './remedies.js';

const memorySmall: DoctorCheck = evidence => {
  const { name, need } = needOf(evidence);
  if (need === null) return { skipped: 'no profile' };
  const { total } = evidence.facts.vm.memory;
  const figures = `the VM has ${formatBytes(total)}; the profile ${name} needs ${formatBytes(need)}`;
  if (total >= need) return { fine: figures };
  const found = problem('Services are refused, or the VM swaps', figures, 'laptop-dev wsl presets shows what fits');
  return verdictOf(withRemedies(found, remediesFor('small', evidence)));
};

/** Share of all processors below which WSL may find the VM idle and drop its cache (docs/design/wsl.md, "Memory"). */
const IDLE = 0.005;

const cacheHeld: DoctorCheck = evidence => {
  const { facts, cpu } = evidence;
  const { held, share, isLarge } = heldCache(facts.vm.memory);
  const cache = `${formatBytes(held)} of file cache, ${share} % of the VM`;
  if (!isLarge) return { fine: cache };
  if (cpu === null) return { skipped: 'the use of the processors cannot be read from /proc/stat' };
  const version = facts.wslVersion?.value ?? null;
  const { idle } = traitsOf(version ?? '0');
  const isBusy = idle.of === 'all' ? cpu.all > IDLE : cpu.user >= IDLE;
  const isOff = neverDrops(evidence) !== null;
  const isGradual = settingOf(evidence, 'experimental.automemoryreclaim')?.toLowerCase() === 'gradual';
  const minutes = isGradual ? idle.gradual : idle.minutes;
  const counted = idle.of === 'all' ? `programs and kernel use ${percent(cpu.all)}` : `programs use ${percent(cpu.user)}`;
  const waits = `WSL ${version ?? 'of unknown version'} waits for ${minutes} minutes below ${percent(IDLE)}`;
  const figures = `${cache}; ${counted} of ${facts.vm.cpus} processors, over ${cpu.over / 1000} s; ${isOff ? 'autoMemoryReclaim=disabled' : waits}`;
  if (!isBusy && !isOff) return { fine: figures };
  const symptom = `vmmem holds memory that nothing uses: WSL ${isOff ? 'never drops the cache here' : 'drops the cache only when the VM is idle'}`;
  return verdictOf(withRemedies(note(symptom, figures, 'laptop-dev wsl reclaim --yes drops it now'), remediesFor('held', evidence)));
};

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

const LEAST_FREE: Bytes = 1.5 * GiB;

const hostShort: DoctorCheck = evidence => {
  const { windowsFree, facts, wslc } = evidence;
  if (windowsFree === null) return { skipped: `Windows could not be asked: ${facts.windowsFault ?? 'no answer'}` };
  const figures = `Windows has ${formatBytes(windowsFree)} free`;
  if (windowsFree >= LEAST_FREE) return { fine: figures };
  const running = runningSessions(wslc);
  const limit = wslc === null ? null : wslcLimit(wslc, facts.windows?.total ?? null);
  const theirs = `WSL's own containers have a VM beside this one (${running.join(', ')}) of up to ${limit === null ? 'half of the host' : formatBytes(limit)}`;
  const found = problem(
    'Windows itself runs short of memory',
    running.length === 0 ? figures : `${figures}; ${theirs}`,
    'stop idle services',
  );
  return verdictOf(withRemedies(found, remediesFor('short', evidence)));
};

const wslcMemory: DoctorCheck = evidence => {
  const { wslc, wslcWhy, facts } = evidence;
  if (wslc === null) return { skipped: wslcWhy };
  const { file, settings } = wslc.settings;
  const version = facts.wslVersion?.value ?? null;
  // From then on sizes are read in any case.
  const isCaseless = version !== null && isAtLeast(version, [2, 9, 8]);
  const mistakes = settings.diagnostics
    .filter(({ kind }) => kind !== 'small-letters' || !isCaseless)
    .map(({ line, message, fix }) => problem('wslc skips or misreads a line of settings.yaml', `${file}, line ${line}: ${message}`, fix ?? 'correct the line')); // biome-ignore format: short
  const both = bothLimits(evidence);
  const large: Finding[] = [];
  if (both !== null && both.over > 0) {
    const [ours, theirs] = [settingOf(evidence, 'wsl2.memory'), wslc.memory];
    const figures =
      `this VM may take ${formatBytes(both.wsl)} (${ours === null ? 'default: half of the host' : `memory=${ours}`}), ` +
      `${both.vms === 1 ? 'that' : `the ${both.vms} that run`} of WSL's own containers ${formatBytes(both.wslc)} (${theirs === null ? 'default: half of the host' : `memorySize, line ${theirs.line}`}), ` +
      `of the host's ${formatBytes(both.host)}`;
    const remedy = smallerWslc(both);
    large.push(withRemedies(note('The VMs of WSL together may leave Windows less than 4 GB', figures, remedy.does), [remedy]));
  }
  if (mistakes.length + large.length > 0) return verdictOf(...mistakes, ...large);
  if (wslc.sessions.length === 0) return { fine: 'no session of wslc' };
  return {
    fine:
      both === null
        ? 'the memory of the host is not known'
        : `${formatBytes(both.wsl)} and ${formatBytes(both.wslc)} of ${formatBytes(both.host)}`,
  };
};

const wslcStuck: DoctorCheck = ({ wslc, wslcWhy, facts }) => {
  if (wslc === null) return { skipped: wslcWhy };
  const version = facts.wslVersion?.value ?? null;
  if (version === null) return { skipped: 'the version of WSL is not known' };
  const running = runningSessions(wslc);
  const { wslc: has, wslcEnds } = traitsOf(version);
  if (running.length === 0 || !has || wslcEnds) return { fine: `${running.length} VMs of wslc run; WSL ${version}` };
  const fix = `wsl --update, which stops every distribution once: 2.9.8 and later end it 30 s after its last container; until then ${running.map(terminateCommand).join(', ')}, in PowerShell, which stops its containers`;
  const figures = `${running.join(', ')} has a swap.vhdx: its VM runs, or has crashed. WSL ${version} never ends it, not even with no container in it`;
  return verdictOf(problem("The VM of WSL's own containers never ends, and keeps its memory", figures, fix));
};

/** What the two VMs of WSL take of the memory of Windows. */
export const VMMEM_CHECKS = {
  'wsl-memory-small': onWsl(memorySmall),
  'wsl-cache-held': onWsl(cacheHeld),
  'wsl-host-short': onWsl(hostShort),
  'wsl-wslc-memory': onWsl(wslcMemory),
  'wsl-wslc-stuck': onWsl(wslcStuck),
} as const satisfies Record<string, DoctorCheck>;
