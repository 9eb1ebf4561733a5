import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WhyView } from '../../daemon/api/contract.js';
import type { LoggedNotice } from '../../daemon/api/notice.js';
import { MiB } from '../../daemon/shared/bytes.js';
import { engine, inspect, networksOf } from './support/engine.js';
import type { Home } from './support/home.js';
import { type Done, idsOf, noticesIn, stays, TINY, tinyHome, viewIn } from './support/tiny.js';
import { until } from './support/until.js';

/** Eats memory until the kernel says no: tail keeps a line without an end. */
const EAT = 'tail -n 1 /dev/zero';

let own: Home;
beforeAll(async () => {
  own = await tinyHome({ LAPTOP_DEV_RESTART_PAUSE: '1s' });
});
afterAll(() => own?.close());

/** A project of one service, `it`. */
async function one(suffix: string, command: string, limit = '32m'): Promise<string> {
  const text = `services:\n  it:\n    image: ${TINY}\n    command: ${command}\n    mem_limit: ${limit}\n    restart: unless-stopped\n`;
  return own.project(suffix, { 'compose.yaml': text });
}

const noticesOf = (cwd: string) => noticesIn(own, basename(cwd));
const runs = async (cwd: string) => (await viewIn(own, cwd, 'it')).state === 'running';
const running = (cwd: string, what: string) => until(what, () => runs(cwd));

// Each has a project of its own, and most of the time waits.
describe.concurrent('a main process that crashes', () => {
  it('is started again after pauses that double, and given up after five, with its last words', async () => {
    const cwd = await one('crash', JSON.stringify(['sh', '-c', 'echo "line $$(date +%s)"; sleep 0.3; echo no configuration >&2; exit 1']));
    await own.ask(['up', '--no-wait'], { cwd });
    // Five starts, and pauses of 7.5 s in all.
    await until('it has failed', async () => (await viewIn(own, cwd, 'it')).state === 'failed', 120_000);
    const view = await viewIn(own, cwd, 'it');
    expect(view.why).toMatch(/exited with 1.*crash 5 in 10 minutes/);
    const notices = await noticesOf(cwd);
    const pauses = notices.filter(({ kind }) => kind === 'crashed').map(({ text }) => /again in ([\d.]+) s/.exec(text)?.[1]);
    expect(pauses).toEqual(['0.5', '1', '2', '4']);
    const { ms } = starts(notices);
    expect(ms.map((gap, index) => gap >= 500 * 2 ** index)).toEqual([true, true, true, true]);
    expect((await own.cli(['why', 'it'], { cwd })).stdout).toContain('no configuration');
    await own.ask(['start', 'it', '--no-wait'], { cwd });
    await until('a start by hand tries once more', async () => (await viewIn(own, cwd, 'it')).crashes === 1);
  });

  it('while somebody waits for it to be healthy: the wait ends with exit 7 and the last words', async () => {
    const text = `services:
  it:
    image: ${TINY}
    command: ["sh", "-c", "echo no configuration >&2; exit 1"]
    mem_limit: 32m
    healthcheck: { test: ["CMD", "true"] }
    restart: "no"
`;
    const cwd = await own.project('dies', { 'compose.yaml': text });
    const { code, stderr } = await own.cli(['up'], { cwd });
    expect(code).toBe(7);
    expect(stderr).toMatch(/✗ it exited with 1/);
    expect(stderr).toContain('no configuration');
  });

  /** Between one start and the next. */
  function starts(notices: readonly LoggedNotice[]): { ms: number[] } {
    const at = notices.filter(({ kind }) => kind === 'started').map(notice => notice.at);
    return { ms: at.slice(1).map((time, index) => time - (at[index] ?? 0)) };
  }
});

describe.concurrent('the memory limit', () => {
  it('kills a main process: said so with the figure, and it comes back', async () => {
    const cwd = await one(
      'oom',
      JSON.stringify([
        'sh',
        '-c',
        `trap 'exit 0' TERM; test -f /eaten && { sleep 100000 & wait $$!; }; touch /eaten; sleep 0.5; exec ${EAT}`,
      ]),
    );
    await own.ask(['up'], { cwd });
    const notice = await until('it was killed', async () =>
      (await noticesOf(cwd)).find(({ kind, data }) => kind === 'oom' && data.reason === 'exited'),
    );
    expect(notice.data).toMatchObject({ exit: { code: 137, limit: 32 * MiB }, restartsIn: expect.any(Number) });
    await running(cwd, 'it is back');
    expect((await viewIn(own, cwd, 'it')).crashes).toBe(1);
  });

  it('kills a child: counted, and the service stays up', async () => {
    const cwd = await one('child', stays());
    await own.ask(['up'], { cwd });
    const before = (await inspect(`${basename(cwd)}-it-1`)).State;
    const { code } = await own.cli(['exec', 'it', 'sh', '-c', EAT], { cwd });
    expect(code).toBe(137);
    const view = await until('it is counted', async () => {
      const now = await viewIn(own, cwd, 'it');
      return now.ooms > 0 ? now : null;
    });
    expect(view).toMatchObject({ state: 'running', crashes: 0 });
    expect((await inspect(`${basename(cwd)}-it-1`)).State.Pid).toBe(before.Pid);
    const { notices } = await own.ask<WhyView>(['why', 'it'], { cwd });
    expect(notices).toContainEqual(
      expect.objectContaining({ kind: 'oom', data: expect.objectContaining({ reason: 'process-killed', limit: 32 * MiB }) }),
    );
  });
});

describe.concurrent('what is done past laptop-dev', () => {
  it('docker rm -f is repaired: one new container', async () => {
    const cwd = await one('removed', stays());
    await own.ask(['up'], { cwd });
    const { it: id = '' } = await idsOf(own, basename(cwd));
    await engine('DELETE', `/containers/${id}?force=true`);
    const made = await until('there is a new one', async () => {
      const { it: now } = await idsOf(own, basename(cwd));
      return now !== undefined && now !== id && (await inspect(now)).State.Running ? now : null;
    });
    await running(cwd, 'ps shows it');
    expect((await viewIn(own, cwd, 'it')).container).toBe(made);
  });

  it('docker pause is shown, and down copes with it', async () => {
    const cwd = await one('paused', stays());
    await own.ask(['up'], { cwd });
    const { it: id = '' } = await idsOf(own, basename(cwd));
    await engine('POST', `/containers/${id}/pause`);
    await until('ps shows it', async () => (await viewIn(own, cwd, 'it')).state === 'frozen');
    await own.ask(['down'], { cwd });
    expect(await idsOf(own, basename(cwd))).toEqual({});
    expect(await networksOf(own.instance)).not.toContain(`${basename(cwd)}_default`);
  });
});

describe.sequential('what is done past laptop-dev, and a daemon that is new', () => {
  it('docker stop is honoured as the user’s stop', async () => {
    const cwd = await one('outside', stays());
    await own.ask(['up'], { cwd });
    const { it: id = '' } = await idsOf(own, basename(cwd));
    await engine('POST', `/containers/${id}/stop`);
    await until('it is stopped', async () => (await viewIn(own, cwd, 'it')).state === 'stopped');
    await own.ask(['daemon', 'stop']);
    await own.ask(['daemon', 'start']);
    expect((await viewIn(own, cwd, 'it')).state).toBe('stopped');
    expect((await inspect(id)).State.Running).toBe(false);
    expect((await own.ask<Done>(['start', 'it'], { cwd })).services).toMatchObject([{ state: 'running' }]);
  });
});
