import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { MiB } from '../../daemon/shared/bytes.js';
import type { Home } from './support/home.js';
import { type Done, stays, TINY, tinyHome, viewIn } from './support/tiny.js';
import { until } from './support/until.js';

/** Takes so much memory at its start, as search engines, column stores and whole forges do, and ends when it does not get it. */
const takes = (mb: number) => stays(`dd if=/dev/zero of=/dev/null bs=${mb}M count=1 || exit $$?`);
const service = (name: string, mb: number) => `  ${name}: { image: "${TINY}", command: ${takes(mb)}, stop_grace_period: 1s }\n`;
const STAND_INS = `services:\n${service('forge', 700)}${service('columns', 1_000)}${service('search', 1_500)}`;

let own: Home;
beforeAll(async () => {
  own = await tinyHome({ LAPTOP_DEV_BUDGET: '6GB' });
});
afterEach(() => own.cli(['down', '--all', '--yes']));
afterAll(() => own?.close());

describe.sequential('programs that need more than an image without a limit is guessed to', () => {
  it('come up after init without an edit, and the next time at once', async () => {
    const cwd = await own.project('big', { 'compose.yaml': STAND_INS });
    await own.ask(['init'], { cwd });
    await own.ask<Done>(['up'], { cwd });
    for (const [name, least] of [
      ['forge', 700],
      ['columns', 1_000],
      ['search', 1_500],
    ] as const) {
      // Each kill and start anew gives it more: several in turn.
      await until(
        `${name} has what it needs`,
        async () => {
          const { state, memory, why } = await viewIn(own, cwd, name);
          if (state === 'running' && memory.grant > least * MiB) return true;
          throw new Error(`${state} with ${memory.grant / MiB} MB: ${why}`);
        },
        120_000,
      );
    }
    const search = await viewIn(own, cwd, 'search');
    expect(search.memory).toMatchObject({ guessed: true });
    expect(search.crashes).toBe(0);
    expect((await own.cli(['why', 'search'], { cwd })).stdout).toMatch(
      /both guessed[\s\S]*killed at [\d.]+ [MG]B, a limit that nobody set/,
    );
    await own.cli(['down'], { cwd });
    const again = await own.ask<Done>(['up'], { cwd });
    expect(again.plan.starts.find(({ id }) => id.endsWith('/search'))?.grant).toBeGreaterThan(1_500 * MiB);
    expect(await viewIn(own, cwd, 'search')).toMatchObject({ state: 'running', ooms: 0 });
  });

  it('are refused with who holds the memory where the budget has no room', async () => {
    const cwd = await own.project('tight', {
      'compose.yaml': `services:\n${service('search', 1_500)}  hog: { image: "${TINY}", command: ${stays()}, mem_limit: 5g, mem_reservation: 5g }\n`,
    });
    await own.ask(['up', 'hog'], { cwd });
    await own.cli(['up', 'search'], { cwd });
    await until('it is refused', async () => (await viewIn(own, cwd, 'search')).state === 'failed');
    expect((await viewIn(own, cwd, 'search')).why).toMatch(
      /^search was killed at [\d.]+ [MG]B, a limit that nobody set, and needs more\. search needs? .* but .* of the 6 GB budget are free/,
    );
  });

  it('a limit that a person wrote stays one', async () => {
    const cwd = await own.project('written', {
      'compose.yaml': `services:\n  job: { image: "${TINY}", command: ${takes(200)}, mem_limit: 64m, restart: "no" }\n`,
    });
    await own.cli(['up'], { cwd });
    await until('it has failed', async () => (await viewIn(own, cwd, 'job')).state === 'failed');
    expect((await viewIn(own, cwd, 'job')).why).toContain('killed at its 64 MB limit');
  });
});

describe.sequential('another profile of a project that is up', () => {
  const profile = (name: string, names: readonly string[]) =>
    `name: ${name}\nservices:\n${names.map(each => `  ${each}: {}`).join('\n')}\n`;

  it('asks before it takes away what only the present one has; what is left out is in the answer', async () => {
    const one = `{ image: "${TINY}", command: ${stays()}, mem_limit: 32m, stop_grace_period: 1s }`;
    const cwd = await own.project('two', {
      'compose.yaml': `services:\n  web: ${one}\n  extra: ${one}\n  other: ${one}\n`,
      '.laptop-dev/base.yaml': 'name: base\nservices:\n  later: { memory: { maximum: 64MB } }\n',
      '.laptop-dev/a.yaml': profile('a', ['web', 'extra']),
      '.laptop-dev/b.yaml': `extends: base\n${profile('b', ['web', 'other', 'later'])}`,
    });
    await own.ask(['up', 'a'], { cwd });
    const refused = await own.cli(['up', 'b', '--json'], { cwd });
    expect([refused.code, refused.error().code]).toEqual([2, 'usage']);
    expect(refused.error().message).toContain('profile b is without extra');
    expect((await viewIn(own, cwd, 'extra')).state).toBe('running');
    const quiet = await own.cli(['up', 'b', '--yes', '--quiet'], { cwd });
    expect([quiet.code, quiet.stdout]).toEqual([0, '']);
    expect(quiet.stderr).toContain('is up (b) without later: no Compose file defines it');
    const done = await own.ask<Done & { leftOut: readonly string[] }>(['up', 'b'], { cwd });
    expect(done.leftOut).toEqual(['later']);
    expect(done.services.map(({ name }) => name).sort()).toEqual(['other', 'web']);
  });
});
