import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const project = (name: string, include: string[], extra: object = {}) => ({
  // Not a process for each file: no module is mocked, and starting them took a third of the unit tests' time.
  test: { name, include, environment: 'node' as const, setupFiles: ['test/support/seed.ts'], isolate: false, ...extra },
});

/** How much slower than a laptop this host is; see CONTRIBUTING. */
const SLOW = Number(process.env['LAPTOP_DEV_TEST_SLOW'] ?? 1);

/** On a slow host longer, but never so long that a hang outlasts the whole run: then it would have no name. */
const limit = (ms: number): number => Math.min(ms * SLOW, Math.max(ms, 900_000));

/** On an engine that is found or started. Limits in ms. */
const withEngine = (testTimeout: number, hookTimeout: number, ...globalSetup: string[]) => ({
  testTimeout: limit(testTimeout),
  hookTimeout: limit(hookTimeout),
  globalSetup: ['test/e2e/support/found-engine.ts', ...globalSetup],
});

const endToEnd = withEngine(300_000, 900_000, 'test/e2e/support/built-dist.ts');

/** Unit tests wait for sockets, files and child processes for a third of their time: with two more than there are cores, they took a sixth less. */
const UNIT_WORKERS = availableParallelism() + 2;
/** Files at a time where tests have an engine. Two keep two processors busy; with three, what is to be done in time was not, and a run took as long. */
const WORKERS = Number(process.env['LAPTOP_DEV_TEST_WORKERS'] ?? 2);

/** What loads this machine, or looks at how much of it is used: nothing else runs meanwhile. */
const ALONE = ['kill9', 'storm', 'stream', 'through', 'web-flood'].map(name => `test/e2e/${name}.test.ts`);
/** Small files that take long: were one the last, the other worker would wait for it. */
const LONG = ['llm', 'sleep', 'many-projects', 'llm-models', 'race', 'schedule'].map(name => `/e2e/${name}.test.ts`);
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => LONG.some(name => moduleId.endsWith(name));
    return [...sorted.filter(isLong), ...sorted.filter(file => !isLong(file))];
  }
}

const WITH_ENGINE = ['test/on-engine/**', 'test/e2e/**'];

/** Of one project after the other. */
const turn = (groupOrder: number, maxWorkers: number) => ({ maxWorkers, sequence: { groupOrder } });

/**
 * Of a process that runs unit tests. Most of their code runs a few times: Node 20 begins to optimise it early, which took a fourth of the tests' CPU time (V8
 * of Node 22 waits longer by itself, and knows no such flag). Much of what they make is garbage at once.
 */
const BRIEF = [...(process.versions.node.startsWith('20.') ? ['--interrupt-budget=1000000'] : []), '--max-semi-space-size=16'];

/** unit: no engine. engine: adapters against a real engine. e2e: the real CLI against a real engine, each file with a daemon of its own. */
export default defineConfig({
  test: {
    sequence: { sequencer: LongFirst },
    projects: [
      // Whatever needs no engine: a new room's tests run without being named here.
      project('unit', ['test/**/*.test.ts'], {
        exclude: [...WITH_ENGINE, 'test/corpus/**'],
        testTimeout: 20_000,
        execArgv: BRIEF,
        ...turn(0, UNIT_WORKERS),
      }),
      project('engine', ['test/on-engine/**/*.test.ts'], { ...withEngine(120_000, 600_000), ...turn(1, WORKERS) }),
      project('e2e', ['test/e2e/**/*.test.ts'], { ...endToEnd, exclude: ALONE, ...turn(2, WORKERS) }),
      project('e2e-alone', ALONE, { ...endToEnd, ...turn(3, 1) }),
    ],
  },
});
