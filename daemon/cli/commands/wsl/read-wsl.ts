import { join, resolve } from 'node:path';
import {
  type Fact,
  type FoundWslc,
  findConfig,
  findWslc,
  type HostFacts,
  hostCpus,
  hostMemory,
  readHost,
} from '../../../platform/wsl/facts.js';
import type { Host } from '../../../platform/wsl/programs.js';
import { type Wslc, wslcLimit, wslcVms } from '../../../platform/wsl/wslc/wslc.js';
import { type ConfigFile, loadConfig } from '../../../platform/wsl/wslconfig/file.js';
import { formatWslSize } from '../../../platform/wsl/wslconfig/read.js';
import { parseInteger, parseSize } from '../../../platform/wsl/wslconfig/values.js';
import { type Bytes, formatBytes } from '../../../shared/bytes.js';
import { FailureError, failure } from '../../../shared/failure.js';
import type { Cli } from '../../cli.js';

/** What the verbs of `wsl` read first. */
export interface Wsl extends FoundWslc {
  readonly host: Host;
  readonly facts: HostFacts;
  readonly config: ConfigFile;
  /** How the file was found. */
  readonly configSource: string;
  readonly hostMemory: Fact<Bytes> | null;
  readonly cpus: Fact<number>;
}

/** What the presets are for: this host, or one that is described by --memory and --cores. */
export interface SizedHost {
  readonly memory: Fact<Bytes>;
  readonly cpus: Fact<number>;
  readonly version: Fact<string> | null;
  /** What the VM of WSL's own containers may take; null: they are not used. */
  readonly wslc: Fact<Bytes> | null;
}

/** This host as the presets see it. Fails with usage when its memory is not known. */
export function sizedHost({ options }: Cli, { facts, hostMemory, cpus, wslc }: Wsl): SizedHost {
  if (hostMemory === null)
    throw new FailureError(failure('usage', 'The memory of the Windows host is not known.', {}, ['--memory 16GB sets it.']));
  const { cores, version } = options;
  return {
    memory: hostMemory,
    cpus: cores ? { value: cores, source: '--cores', sure: true } : cpus,
    version: version ? { value: version, source: '--version', sure: true } : facts.wslVersion,
    wslc: wslcShare(options.wslc ?? null, wslc, hostMemory.value),
  };
}

/** Of --memory and --cores: any machine, from anywhere. Null: one of them is not there, and this host is meant. */
export function describedHost({ options: { hostMemory, cores, version, wslc } }: Cli): SizedHost | null {
  if (!hostMemory || !cores) return null;
  return {
    memory: { value: hostMemory, source: '--memory', sure: true },
    cpus: { value: cores, source: '--cores', sure: true },
    version: version ? { value: version, source: '--version', sure: true } : null,
    wslc: wslc ? { value: wslc, source: '--wslc', sure: true } : null,
  };
}

function wslcShare(asked: Bytes | null, wslc: Wslc | null, host: Bytes): Fact<Bytes> | null {
  if (asked !== null) return { value: asked, source: '--wslc', sure: true };
  const each = wslc === null || wslc.sessions.length === 0 ? null : wslcLimitFact(wslc, host);
  const vms = wslc === null ? 1 : wslcVms(wslc);
  if (each === null || vms === 1) return each;
  return { ...each, value: each.value * vms, source: `${vms} sessions run; each ${formatBytes(each.value)}: ${each.source}` };
}

/** What the VM of WSL's own containers may take, and where that is written; null: half of a host that is not known. */
export function wslcLimitFact(wslc: Wslc, host: Bytes | null): Fact<Bytes> | null {
  const value = wslcLimit(wslc, host);
  if (value === null) return null;
  if (wslc.memory === null) return { value, source: 'default: half of the host', sure: false };
  return { value, source: `settings.yaml, line ${wslc.memory.line}`, sure: true };
}

/** LAPTOP_DEV_HOST_ROOT: another root for /proc, /sys, /etc and /mnt, by which tests simulate hosts. */
export function hostOf({ env, start, wait }: Cli): Host {
  return { root: env['LAPTOP_DEV_HOST_ROOT'] ?? '', env, start, wait };
}

/** File in which PowerShell's answer is kept for this boot. */
export function windowsCache({ paths }: Cli): string {
  return join(paths.stateDir, 'windows.json');
}

/** File of the changes to `.wslconfig` that can be taken back. */
export function undoFile({ paths }: Cli): string {
  return join(paths.stateDir, 'wslconfig-undo.json');
}

/** Looks at host and file. Fails with not-wsl, with config-missing when the file's place is not known, with config-invalid. */
export async function lookAtWsl(cli: Cli): Promise<Wsl> {
  const host = hostOf(cli);
  const facts = await readHost(host, windowsCache(cli));
  const { wslconfig } = cli.options;
  if (facts.vm.kind !== 'wsl2' && wslconfig === undefined) throw new FailureError(notWsl(facts, cli.options.hostMemory ?? null));
  const found = wslconfig ? { file: resolve(cli.cwd, wslconfig), source: '--wslconfig' } : findConfig(host, facts);
  if (found.file === null) throw new FailureError(noPlace(facts, found.candidates));
  const config = loadConfig(found.file);
  const { effective } = config.config;
  const said = (key: string) => effective.get(key)?.value ?? null;
  const [memory, processors] = [said('wsl2.memory'), said('wsl2.processors')];
  return {
    host,
    facts,
    config,
    configSource: found.source,
    hostMemory: hostMemory(facts, cli.options.hostMemory ?? null, memory === null ? null : parseSize(memory) || null),
    cpus: hostCpus(facts, processors === null ? null : parseInteger(processors) || null),
    ...findWslc(host, facts),
  };
}

function notWsl({ vm }: HostFacts, memory: Bytes | null) {
  const what = vm.kind === 'wsl1' ? 'WSL1, which has no virtual machine to size' : 'that of a plain Linux';
  const remedies = [
    ...(vm.kind === 'wsl1' ? ['wsl --set-version NAME 2, in PowerShell, makes it WSL2.'] : []),
    `laptop-dev wsl presets --memory ${memory === null ? '16GB' : formatWslSize(memory)} --cores 8 shows the presets of any machine.`,
  ];
  return failure('not-wsl', `This is not WSL2: the kernel ${vm.kernel} is ${what}.`, { kernel: vm.kernel, kind: vm.kind }, remedies);
}

function noPlace({ windowsFault, mount }: HostFacts, candidates: readonly string[]) {
  const seen = candidates.length === 0 ? `there is no user's folder below ${mount}` : `it may be any of ${candidates.join(', ')}`;
  const why = windowsFault === null ? '' : ` (Windows could not be asked: ${windowsFault})`;
  return failure('config-missing', `Your .wslconfig cannot be found: ${seen}${why}.`, { candidates, mount }, [
    '--wslconfig FILE names it.',
  ]);
}
