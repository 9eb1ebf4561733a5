import { describe, expect, it } from 'vitest';
import type { Plan } from '../../daemon/api/plan.js';
import { renderPlan } from '../../daemon/cli/render/plan.js';
import { advanced, plainLine, progressOf, renderProgress } from '../../daemon/cli/render/progress.js';
import { EMPTY_PLAN, MB, notice } from '../server/harness.js';
import { PLAIN } from './harness.js';

const lines = (text: readonly string[]) => `\n${text.join('\n')}\n`;

const PLAN: Plan = {
  ...EMPTY_PLAN,
  starts: [
    { id: 'shop/postgres', grant: 512 * MB, standard: 256 * MB, recreate: true },
    { id: 'shop/api', grant: 512 * MB, standard: 256 * MB, recreate: false },
  ],
  keeps: ['shop/redis'],
  stops: ['shop/old', 'shop/postgres'],
  grantedBefore: 256 * MB,
  grantedAfter: 1280 * MB,
};

describe('plans', () => {
  it('say what would be done', () => {
    expect(lines(renderPlan(PLAN, 'would'))).toMatchInlineSnapshot(`
      "
      This would:
        stop   shop/old
        stop   shop/postgres
        start  shop/postgres, limit 512 MB (standard 256 MB), recreated
        start  shop/api, limit 512 MB (standard 256 MB)
        keep   shop/redis
      Granted: 256 MB before, 1.3 GB after, of 8 GB.
      "
    `);
    expect(renderPlan(EMPTY_PLAN, 'would')).toEqual(['Nothing would be done.']);
  });
});

describe('progress', () => {
  const at = 1_700_000_000_000;
  const size = { width: 79, height: 23, colours: PLAIN };
  it('goes from the plan to the end', () => {
    let progress = progressOf(PLAN, 'up', 'shop');
    expect(lines(renderProgress(progress, at, size))).toMatchInlineSnapshot(`
      "
      · old       will stop
      · postgres  waiting for its turn                                         512 MB
      · api       waiting for its turn                                         512 MB
      ✓ redis     already running
      "
    `);
    const happened = [
      notice(0, 'old', 'stopping', 'stops'),
      notice(0, 'postgres', 'image', 'building postgres 4/9'),
      notice(2_000, 'postgres', 'starting', 'starts'),
      notice(4_000, 'postgres', 'ready', 'is ready after 2.0 s'),
      notice(4_000, 'old', 'stopped', 'has stopped and frees 64 MB'),
      notice(4_000, 'api', 'starting', 'starts'),
      notice(5_000, 'api', 'crashed', 'api exited with 1. Starts again in 0.5 s.'),
    ];
    for (const each of happened) progress = advanced(progress, each);
    expect(lines(renderProgress(progress, at + 6_000, size))).toMatchInlineSnapshot(`
      "
      ✓ old       stopped                                              4.0 s
      ✓ postgres  ready                                                4.0 s   512 MB
      ! api       api exited with 1. Starts again in 0.5 s.            2.0 s   512 MB
      ✓ redis     already running
      "
    `);
    progress = advanced(
      progress,
      notice(7_000, 'api', 'failed', 'api exited with 1. That was crash 5 in 10 minutes; it is not tried again by itself.'),
    );
    expect(lines(renderProgress({ ...progress, over: true }, at + 9_000, size))).toMatchInlineSnapshot(`
      "
      ✓ old       stopped                                              4.0 s
      ✓ postgres  ready                                                4.0 s   512 MB
      ✗ api       api exited with 1. That was crash 5 in 10 minu…      3.0 s   512 MB
      ✓ redis     already running
      "
    `);
  });
  it('shows what is unfinished first when the terminal is low', () => {
    const many = { ...PLAN, keeps: Array.from({ length: 30 }, (_, index) => `shop/k${index}` as const) };
    const shown = renderProgress(progressOf(many, 'up', 'shop'), at, { ...size, height: 6 });
    expect(shown).toHaveLength(6);
    expect(shown.join('\n')).toMatch(/old[\s\S]*postgres[\s\S]*api[\s\S]*and 28 more/);
  });
  it('is a line a notice elsewhere', () => {
    expect(plainLine({ ...notice(1, 'api', 'crashed', 'exited with 1'), level: 'warn' })).toBe('api: warning: exited with 1');
    expect(plainLine({ ...notice(1, 'api', 'engine', 'the engine is gone'), service: null })).toBe('shop: the engine is gone');
  });
});
