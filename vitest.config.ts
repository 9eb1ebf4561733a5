import { defineConfig } from 'vitest/config';

const project = (name: string, include: string[], extra: object = {}) => ({
  test: { name, include, environment: 'node' as const, ...extra },
});

/** unit: no engine. engine: adapters against a real engine. e2e: the real CLI against a real engine, one file at a time. */
export default defineConfig({
  test: {
    projects: [
      project(
        'unit',
        ['test/*.test.ts', 'test/{core,supervisor,compose,profiles,project,images,containers,http,cli,usage,stack}/**/*.test.ts'],
        { testTimeout: 20_000 },
      ),
      project('engine', ['test/engine/**/*.test.ts'], { testTimeout: 120_000, hookTimeout: 600_000, fileParallelism: false }),
      project('e2e', ['test/e2e/**/*.test.ts'], { testTimeout: 300_000, hookTimeout: 900_000, fileParallelism: false }),
    ],
  },
});
