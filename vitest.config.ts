import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const project = (name: string, include: string[], extra: object = {}) => ({
  test: { name, include, environment: 'node' as const, setupFiles: ['test/support/seed.ts'], ...extra },
});

/** How much slower than a laptop this host is; see CONTRIBUTING. */
const SLOW = Number(process.env['LAPTOP_DEV_TEST_SLOW'] ?? 1);

/** On a slow host longer, but never so long that a hang outlasts the whole run: then it would have no name. */
const limit = (ms: number): number => Math.min(ms * SLOW, Math.max(ms, 900_000));

/** One file at a time on an engine that is found or started. Limits in ms. */
const withEngine = (testTimeout: number, hookTimeout: number, ...globalSetup: string[]) => ({
  testTimeout: limit(testTimeout),
  hookTimeout: limit(hookTimeout),
  fileParallelism: false,
  globalSetup: ['test/e2e/support/found-engine.ts', ...globalSetup],
});

/** unit: no engine. engine: adapters against a real engine. e2e: the real CLI against a real engine, one file at a time. */
export default defineConfig({
  test: {
    // Vitest leaves one core free, which on two is half of all; tests of units wait more than they count.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      project(
        'unit',
        [
          'test/*.test.ts',
          'test/{core,files,supervisor,compose,profiles,project,images,containers,http,cli,usage,stack,store,activation,asks,history,kernel-path,schedule,wsl,dashboard,doctor,web}/**/*.test.ts',
        ],
        { testTimeout: 20_000 },
      ),
      project('engine', ['test/engine/**/*.test.ts'], withEngine(120_000, 600_000)),
      project('e2e', ['test/e2e/**/*.test.ts'], withEngine(300_000, 900_000, 'test/e2e/support/built-dist.ts')),
    ],
  },
});
