import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WhyView } from '../../daemon/api/contract.js';
import { MiB } from '../../daemon/shared/bytes.js';
import { some } from '../support/deep.js';
import type { Home } from './support/home.js';
import { type Done, stays, TINY, takeDown, tinyHome, viewIn } from './support/tiny.js';
import { until } from './support/until.js';

/** Takes so much memory at its start, as search engines, column stores and whole forges do, and ends when it does not get it. */
const takes = (mb: number) => stays(`dd if=/dev/zero of=/dev/null bs=${mb}M count=1 || exit $$?`);
const service = (name: string, mb: number) => `  ${name}: { image: "${TINY}", command: ${takes(mb)}, stop_grace_period: 1s }\n`;
/** With MB that each takes: more than it is guessed to need. */
const STAND_INS = some(
  [
    ['forge', 700],
    ['columns', 1_000],
    ['search', 1_500],
  ] as const,
  1,
);

let own: Home;
beforeAll(async () => {
  own = await tinyHome({ LAPTOP_DEV_BUDGET: '6GB' });
});
afterAll(() => own?.close());

describe.concurrent('programs that need more than an image without a limit is guessed to', () => {
  it('come up after init without an edit, and the next time at once', async () => {
    const cwd = await own.project('big', { 'compose.yaml': `services:\n${STAND_INS.map(([name, mb]) => service(name, mb)).join('')}` });
    await own.ask(['init'], { cwd });
    await own.ask<Done>(['up'], { cwd });
    for (const [name, least] of STAND_INS) {
      // Each kill and start anew gives it more: several in turn.
      await until(
        `${name} has what it needs`,
        async () => {
          const { service: view, notices } = await own.ask<WhyView>(['why', name], { cwd });
          // A limit that is raised in the moment between the kill and the exit is none that it came up with.
          const last = notices.findLast(({ kind }) => kind === 'oom' || kind === 'started');
          if (view.state === 'running' && view.memory.grant > least * MiB && last?.kind === 'started') return true;
          throw new Error(`${view.state} with ${view.memory.grant / MiB} MB: ${view.why}`);
        },
        120_000,
      );
    }
    for (const [name] of STAND_INS) {
      const view = await viewIn(own, cwd, name);
      expect(view.memory).toMatchObject({ guessed: true });
      expect(view.crashes).toBe(0);
      expect((await own.cli(['why', name], { cwd })).stdout).toMatch(/both guessed[\s\S]*killed at [\d.]+ [MG]B, a limit that nobody set/);
    }
    await own.cli(['down'], { cwd });
    const again = await own.ask<Done>(['up'], { cwd });
    for (const [name, least] of STAND_INS) {
      expect(again.plan.starts.find(({ id }) => id.endsWith(`/${name}`))?.grant).toBeGreaterThan(least * MiB);
      expect(await viewIn(own, cwd, name)).toMatchObject({ state: 'running', ooms: 0 });
    }
    await takeDown(own, basename(cwd));
  });

  it('a limit that a person wrote stays one', async () => {
    const cwd = await own.project('written', {
      'compose.yaml': `services:\n  job: { image: "${TINY}", command: ${takes(200)}, mem_limit: 64m, restart: "no" }\n`,
    });
    await own.cli(['up'], { cwd });
    // The engine may tell of the exit before the kill: the failure gets its reason then.
    await until('it has failed for its limit', async () => {
      const { state, why } = await viewIn(own, cwd, 'job');
      if (state === 'failed' && why.includes('killed at its 64 MB limit')) return true;
      throw new Error(`${state}: ${why}`);
    });
    await takeDown(own, basename(cwd));
  });
});

describe.concurrent('another profile of a project that is up', () => {
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
    await takeDown(own, basename(cwd));
  });
});

// When nothing else is up: all of the budget is its own.
describe.sequential('programs that need more than the budget has left', () => {
  it('are refused with who holds the memory where the budget has no room', async () => {
    const cwd = await own.project('tight', {
      'compose.yaml': `services:\n${service('search', 700)}  hog: { image: "${TINY}", command: ${stays()}, mem_limit: 5500m, mem_reservation: 5500m }\n`,
    });
    await own.ask(['up', 'hog'], { cwd });
    await own.cli(['up', 'search'], { cwd });
    await until('it is refused', async () => (await viewIn(own, cwd, 'search')).state === 'failed');
    expect((await viewIn(own, cwd, 'search')).why).toMatch(
      /^search was killed at [\d.]+ [MG]B, a limit that nobody set, and needs more\. search needs? .* but .* of the 6 GB budget are free/,
    );
  });
});
