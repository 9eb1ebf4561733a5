import { type Bytes, KiB, MiB } from '../shared/bytes.js';
import type { ContainerSpec, Memory, Runtime, ServiceSpec } from './spec.js';

type Tuning = (container: ContainerSpec, grant: Bytes, memory: Memory) => ContainerSpec;

const TUNINGS: Readonly<Record<Runtime, Tuning>> = { node, jvm, go, python, postgres, redis, llm };

/**
 * The container with settings that fit its process to `grant` (bytes, the hard limit): a runtime that does not know its limit
 * grows until it is killed. A setting of the user's own, in the environment or the command, wins: that one is left as it is.
 * `runtime: null` and adopted services (no container) are not touched.
 */
export function tune(spec: Pick<ServiceSpec, 'container' | 'runtime' | 'memory'>, grant: Bytes): ContainerSpec | null {
  if (spec.container === null || spec.runtime === null) return spec.container;
  return TUNINGS[spec.runtime](spec.container, grant, spec.memory);
}

const whole = (bytes: number, unit: Bytes) => Math.max(1, Math.floor(bytes / unit));

/** Adds variables that are not set at all; set to nothing is set. */
function withDefaults(container: ContainerSpec, variables: Readonly<Record<string, string>>): ContainerSpec {
  return { ...container, environment: { ...variables, ...container.environment } };
}

function appended(container: ContainerSpec, name: string, options: string): ContainerSpec {
  const before = container.environment[name]?.trim();
  return { ...container, environment: { ...container.environment, [name]: before ? `${before} ${options}` : options } };
}

/** Everything the user gave the process in words, for "has this been set already". */
function words(container: ContainerSpec, ...variables: string[]): string {
  const texts = variables.map(name => container.environment[name] ?? '');
  return [...texts, ...(container.entrypoint ?? []), ...(container.command ?? [])].join(' ');
}

/** The heap is 75 % of the grant; the rest, at least 64 MB, is for buffers, code, stacks. Small grants: half. */
function node(container: ContainerSpec, grant: Bytes): ContainerSpec {
  if (/--max[-_]old[-_]space[-_]size|--max[-_]heap[-_]size/.test(words(container, 'NODE_OPTIONS'))) return container;
  const heap = Math.max(grant / 2, Math.min(grant * 0.75, grant - 64 * MiB));
  return appended(container, 'NODE_OPTIONS', `--max-old-space-size=${whole(heap, MiB)}`);
}

/**
 * 128 MB are kept for metaspace, code cache and threads; between 50 and 75 % go to the heap (the JVM's own default is 25 %).
 * A heap that is fitted to a guess must not fail inside the process: the exit says that the guess was too low (scheduler/memory/learned).
 * MinRAMPercentage is what the JVM goes by under about 250 MB (JDK-8186315), whatever its name says.
 */
function jvm(container: ContainerSpec, grant: Bytes, { guessed }: Memory): ContainerSpec {
  const given = words(container, 'JAVA_TOOL_OPTIONS', 'JDK_JAVA_OPTIONS', '_JAVA_OPTIONS', 'JAVA_OPTS', 'JAVA_OPTIONS');
  if (/-Xmx|-XX:(Max|Min|Initial)?RAM(Percentage|Fraction)?=|-XX:(Max|Min)RAM|-XX:MaxHeapSize/.test(given)) return container;
  const percent = Math.round(Math.min(75, Math.max(50, (100 * (grant - 128 * MiB)) / grant)));
  const exits = guessed ? ' -XX:+ExitOnOutOfMemoryError' : '';
  return appended(container, 'JAVA_TOOL_OPTIONS', `-XX:MaxRAMPercentage=${percent}.0 -XX:MinRAMPercentage=${percent}.0${exits}`);
}

/** A soft limit: the collector works harder as it comes near. 10 % stay for what Go does not count (cgo, mappings). */
function go(container: ContainerSpec, grant: Bytes): ContainerSpec {
  return withDefaults(container, { GOMEMLIMIT: `${whole(grant * 0.9, MiB)}MiB` });
}

/**
 * glibc keeps up to 8 arenas a core and trims late; two arenas and an early trim hold a threaded Python near what it uses
 * (mallopt(3)). Without glibc (Alpine) the variables mean nothing and do no harm.
 */
function python(container: ContainerSpec): ContainerSpec {
  return withDefaults(container, { MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: String(128 * KiB) });
}

/**
 * The command with `settings` appended, or null where it cannot be known what the arguments would mean: an entrypoint of
 * the user's own, a shell, another program. `command` null is the image's default, which for the official images and ours
 * is `program` alone.
 */
function programArguments(container: ContainerSpec, program: string): readonly string[] | null {
  if (container.entrypoint !== null) return null;
  const [first, ...rest] = container.command ?? [program];
  if (first === program) return [program, ...rest];
  // The official entrypoints put the program before a first argument that is an option.
  return first?.startsWith('-') ? [program, first, ...rest] : null;
}

/** Backends at 10 MB each, 20 to 100; a quarter of the grant for shared buffers, a quarter for sorts of all backends together. */
function postgres(container: ContainerSpec, grant: Bytes): ContainerSpec {
  const given = programArguments(container, 'postgres');
  const set = given && postgresSettings(given);
  // A configuration file of the user's own is an explicit setting as a whole: the command line would override it.
  if (given === null || set === null || set.has('config_file')) return container;
  const connections = Math.min(100, Math.max(20, 5 * Math.floor(grant / (50 * MiB))));
  const settings: Readonly<Record<string, string>> = {
    shared_buffers: `${whole(grant * 0.25, MiB)}MB`,
    effective_cache_size: `${whole(grant * 0.5, MiB)}MB`,
    work_mem: `${Math.max(1024, whole((grant * 0.25) / connections, KiB))}kB`,
    maintenance_work_mem: `${Math.max(8, whole(grant / 16, MiB))}MB`,
    max_connections: String(connections),
  };
  const missing = Object.entries(settings).filter(([name]) => !set.has(name));
  return { ...container, command: [...given, ...missing.flatMap(([name, value]) => ['-c', `${name}=${value}`])] };
}

const POSTGRES_LETTERS: Readonly<Record<string, string>> = { B: 'shared_buffers', N: 'max_connections', S: 'work_mem' };

/** Names of the settings on a postgres command line, in any of its spellings: `-c a=b`, `-ca=b`, `--a-b=c`, `-B 64`. */
function postgresSettings(command: readonly string[]): ReadonlySet<string> {
  const set = new Set<string>();
  for (const [at, word] of command.entries()) {
    const text = /^(-c|--)$/.test(word) ? command[at + 1] : /^(?:-c|--)(.+)$/.exec(word)?.[1];
    if (text !== undefined) set.add((text.split('=')[0] ?? '').trim().replaceAll('-', '_').toLowerCase());
    const letter = POSTGRES_LETTERS[/^-([BNS])/.exec(word)?.[1] ?? ''];
    if (letter !== undefined) set.add(letter);
  }
  return set;
}

/**
 * 75 % of the grant for data; the rest for buffers and the copy that a save makes. `noeviction`, Redis's own default: a full Redis
 * then answers writes with an error that says so, where an eviction policy would lose data without a word. A cache sets its own.
 */
function redis(container: ContainerSpec, grant: Bytes): ContainerSpec {
  const given = programArguments(container, 'redis-server');
  // A first argument that is no option is a configuration file, which the command line would override.
  if (given === null || (given[1] !== undefined && !given[1].startsWith('-'))) return container;
  // Redis joins its arguments: '--maxmemory 1gb' may be one word or two.
  const set = new Set(given.flatMap(word => word.toLowerCase().split(/[\s=]/)));
  const limit = set.has('--maxmemory') ? [] : ['--maxmemory', String(Math.floor(grant * 0.75))];
  const policy = set.has('--maxmemory-policy') ? [] : ['--maxmemory-policy', 'noeviction'];
  return { ...container, command: [...given, ...limit, ...policy] };
}

/** It weighs models against the most that it can ever have, and asks when it needs more than it has (scheduler/admission/memory-requests). */
function llm(container: ContainerSpec, _grant: Bytes, { maximum }: Memory): ContainerSpec {
  return withDefaults(container, { MEMORY_MAXIMUM: String(maximum) });
}
