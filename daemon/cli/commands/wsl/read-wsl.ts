import { join, resolve } from 'node:path';
import { type Fact, findConfig, type HostFacts, hostCpus, hostMemory, readHost } from '../../../platform/wsl/facts.js';
import type { Host } from '../../../platform/wsl/programs.js';
import { type ConfigFile, loadConfig } from '../../../platform/wsl/wslconfig/file.js';
import { parseInteger, parseSize } from '../../../platform/wsl/wslconfig/values.js';
import type { Bytes } from '../../../shared/bytes.js';
import { FailureError, failure } from '../../../shared/failure.js';
import type { Cli } from '../../cli.js';

/** What the verbs of `wsl` read first. */
export interface Wsl {
  readonly host: Host;
  readonly facts: HostFacts;
  readonly config: ConfigFile;
  /** How the file was found. */
  readonly configSource: string;
  readonly hostMemory: Fact<Bytes> | null;
  readonly cpus: Fact<number>;
}

/** LAPTOP_DEV_HOST_ROOT: another root for /proc, /sys, /etc and /mnt, by which tests simulate hosts. */
export function hostOf({ env, start }: Cli): Host {
  return { root: env['LAPTOP_DEV_HOST_ROOT'] ?? '', env, start };
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
  if (facts.vm.kind !== 'wsl2' && wslconfig === undefined) throw new FailureError(notWsl(facts));
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
  };
}

function notWsl({ vm }: HostFacts) {
  const what = vm.kind === 'wsl1' ? 'WSL1, which has no virtual machine to size' : 'that of a plain Linux';
  const remedies = vm.kind === 'wsl1' ? ['wsl --set-version NAME 2, in PowerShell, makes it WSL2.'] : [];
  return failure('not-wsl', `This is not WSL2: the kernel ${vm.kernel} is ${what}.`, { kernel: vm.kernel, kind: vm.kind }, remedies);
}

function noPlace({ windowsFault, mount }: HostFacts, candidates: readonly string[]) {
  const seen = candidates.length === 0 ? `there is no user's folder below ${mount}` : `it may be any of ${candidates.join(', ')}`;
  const why = windowsFault === null ? '' : ` (Windows could not be asked: ${windowsFault})`;
  return failure('config-missing', `Your .wslconfig cannot be found: ${seen}${why}.`, { candidates, mount }, [
    '--wslconfig FILE names it.',
  ]);
}
