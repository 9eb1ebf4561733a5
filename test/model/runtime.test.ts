import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tune } from '../../daemon/model/runtime.js';
import type { ContainerSpec, Runtime } from '../../daemon/model/spec.js';
import { GiB, MiB } from '../../daemon/shared/bytes.js';
import { containerSpec } from '../scheduler/specs.js';

const MEMORY = { standard: GiB, maximum: 2 * GiB };
const tuned = (runtime: Runtime | null, grant: number, over: Partial<ContainerSpec> = {}) =>
  tune({ runtime, container: containerSpec(over), memory: MEMORY }, grant) ?? containerSpec();

/** The environment as it comes out, from one that goes in. */
const environment: [Runtime, number, Record<string, string>, Record<string, string>][] = [
  ['node', 512 * MiB, {}, { NODE_OPTIONS: '--max-old-space-size=384' }],
  ['node', 128 * MiB, {}, { NODE_OPTIONS: '--max-old-space-size=64' }],
  ['node', 96 * MiB, {}, { NODE_OPTIONS: '--max-old-space-size=48' }],
  ['node', 256 * MiB, { NODE_OPTIONS: '--inspect' }, { NODE_OPTIONS: '--inspect --max-old-space-size=192' }],
  ['node', 256 * MiB, { NODE_OPTIONS: '--max-old-space-size=99' }, { NODE_OPTIONS: '--max-old-space-size=99' }],
  ['node', 256 * MiB, { NODE_OPTIONS: '--max_old_space_size=99' }, { NODE_OPTIONS: '--max_old_space_size=99' }],
  ['jvm', 512 * MiB, {}, { JAVA_TOOL_OPTIONS: '-XX:MaxRAMPercentage=75.0 -XX:MinRAMPercentage=75.0' }],
  ['jvm', 256 * MiB, {}, { JAVA_TOOL_OPTIONS: '-XX:MaxRAMPercentage=50.0 -XX:MinRAMPercentage=50.0' }],
  ['jvm', 2 * GiB, { JAVA_TOOL_OPTIONS: '-Da=b' }, { JAVA_TOOL_OPTIONS: '-Da=b -XX:MaxRAMPercentage=75.0 -XX:MinRAMPercentage=75.0' }],
  ['jvm', 2 * GiB, { JAVA_OPTS: '-Xmx1g' }, { JAVA_OPTS: '-Xmx1g' }],
  ['jvm', 2 * GiB, { JDK_JAVA_OPTIONS: '-XX:MaxRAMPercentage=40' }, { JDK_JAVA_OPTIONS: '-XX:MaxRAMPercentage=40' }],
  ['go', 100 * MiB, {}, { GOMEMLIMIT: '90MiB' }],
  ['go', 100 * MiB, { GOMEMLIMIT: 'off' }, { GOMEMLIMIT: 'off' }],
  ['llm', 100 * MiB, {}, { MEMORY_MAXIMUM: '2147483648' }],
  ['llm', 100 * MiB, { MEMORY_MAXIMUM: '9' }, { MEMORY_MAXIMUM: '9' }],
  ['python', 100 * MiB, {}, { MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '131072' }],
  ['python', 100 * MiB, { MALLOC_ARENA_MAX: '8' }, { MALLOC_ARENA_MAX: '8', MALLOC_TRIM_THRESHOLD_: '131072' }],
];

describe('settings in the environment', () => {
  it.each(environment)('%s with %d bytes and %j', (runtime, grant, before, after) => {
    expect(tuned(runtime, grant, { environment: before }).environment).toEqual(after);
  });

  it('leaves node alone when its command sets the heap', () => {
    expect(tuned('node', GiB, { command: ['node', '--max-old-space-size=64', 'a.js'] }).environment).toEqual({});
  });

  it('leaves everything alone without a runtime, and what has no container', () => {
    expect(tuned(null, GiB, { environment: { A: '1' } })).toEqual(containerSpec({ environment: { A: '1' } }));
    expect(tune({ runtime: 'node', container: null, memory: MEMORY }, GiB)).toBeNull();
  });
});

describe('postgres', () => {
  const settings = (grant: number, command: string[] | null = null, entrypoint: string[] | null = null) =>
    tuned('postgres', grant, { command, entrypoint }).command?.join(' ');

  it('fits memory and connections to the grant', () => {
    expect(settings(512 * MiB)).toBe(
      'postgres -c shared_buffers=128MB -c effective_cache_size=256MB -c work_mem=2621kB -c maintenance_work_mem=32MB -c max_connections=50',
    );
    expect(settings(256 * MiB)).toContain('-c max_connections=25');
    expect(settings(64 * MiB)).toContain('-c max_connections=20');
    expect(settings(8 * GiB)).toContain('-c max_connections=100');
  });

  it.each([
    [['postgres', '-c', 'shared_buffers=1MB']],
    [['postgres', '-cshared_buffers=1MB']],
    [['postgres', '--shared-buffers=1MB']],
    [['postgres', '--shared_buffers=1MB']],
    [['postgres', '-B', '128']],
    [['-c', 'shared_buffers=1MB']],
  ])('keeps shared_buffers of %j and sets the rest', command => {
    expect(settings(512 * MiB, command)).toMatch(/^postgres (?!postgres).*work_mem=/);
    expect(settings(512 * MiB, command)).not.toContain('shared_buffers=128MB');
  });

  it('takes max_connections of the user into nothing else than that', () => {
    const text = settings(512 * MiB, ['postgres', '-N', '200']);
    expect(text).toContain('-N 200');
    expect(text).not.toContain('max_connections');
  });

  it.each([
    ['a configuration file', ['postgres', '-c', 'config_file=/etc/pg.conf'], null],
    ['a shell', ['sh', '-c', 'postgres'], null],
    ['an entrypoint', null, ['/start.sh']],
  ])('leaves %s alone', (_what, command, entrypoint) => {
    expect(settings(512 * MiB, command, entrypoint)).toBe(command?.join(' '));
  });
});

describe('redis', () => {
  const command = (words: string[] | null, entrypoint: string[] | null = null) =>
    tuned('redis', 100 * MiB, { command: words, entrypoint }).command?.join(' ');
  const limit = `--maxmemory ${75 * MiB}`;
  it.each([
    [null, `redis-server ${limit} --maxmemory-policy noeviction`],
    [['redis-server', '--appendonly', 'yes'], `redis-server --appendonly yes ${limit} --maxmemory-policy noeviction`],
    [['--save', ''], `redis-server --save  ${limit} --maxmemory-policy noeviction`],
    [['redis-server', '--maxmemory', '9mb'], 'redis-server --maxmemory 9mb --maxmemory-policy noeviction'],
    [['redis-server', '--maxmemory 9mb'], 'redis-server --maxmemory 9mb --maxmemory-policy noeviction'],
    [['redis-server', '--maxmemory-policy', 'allkeys-lru'], `redis-server --maxmemory-policy allkeys-lru ${limit}`],
    [['redis-server', '/etc/redis.conf'], 'redis-server /etc/redis.conf'],
    [['sh', '-c', 'redis-server'], 'sh -c redis-server'],
  ])('%j', (before, after) => expect(command(before)).toBe(after));
  it("leaves a user's own entrypoint alone", () => expect(command(null, ['/start.sh'])).toBeUndefined());
});

describe('any grant', () => {
  it('is enough for what is promised to the process, and tuning twice changes nothing', () => {
    const runtime = fc.constantFrom<Runtime>('node', 'jvm', 'go', 'python', 'postgres', 'redis', 'llm');
    fc.assert(
      fc.property(runtime, fc.integer({ min: 6 * MiB, max: 64 * GiB }), (kind, grant) => {
        const once = tuned(kind, grant);
        expect(tune({ runtime: kind, container: once, memory: MEMORY }, grant)).toEqual(once);
        const heap = /old-space-size=(\d+)/.exec(once.environment['NODE_OPTIONS'] ?? '')?.[1];
        if (heap !== undefined) expect(Number(heap) * MiB).toBeLessThan(grant);
        const buffers = /shared_buffers=(\d+)MB/.exec(once.command?.join(' ') ?? '')?.[1];
        if (buffers !== undefined) expect(Number(buffers) * MiB).toBeLessThanOrEqual(grant / 2);
      }),
    );
  });
});
