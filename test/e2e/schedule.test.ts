import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoggedNotice } from '../../daemon/api/notice.js';
import type { ServiceView } from '../../daemon/api/views.js';
import { DaemonProcess } from './kill9/daemon.js';
import { type FakeWall, fakeWall } from './support/faketime.js';
import { done, endDaemon, type Home } from './support/home.js';
import { idsOf, statesIn, stays, TINY, tinyHome, viewIn } from './support/tiny.js';
import { until } from './support/until.js';

const compose = `services:
  web:
    image: ${TINY}
    command: ${stays()}
    depends_on: [db]
    mem_limit: 32m
  db:
    image: ${TINY}
    command: ${stays()}
    mem_limit: 32m
`;
const profile = (up: string, down: string) => `services: { web: {}, db: {} }
schedule: { up: "${up}", down: "${down}" }
`;

/** Nothing of it falls into a test. */
const far = { 'compose.yaml': compose, 'laptop-dev.yaml': profile('0 9 1 1 *', '0 18 1 1 *') };

/** s. */
const HOUR = 3_600;

/** Each day at the time that it will be in so many seconds. */
function daily(seconds: number): string {
  const at = new Date(Date.now() + seconds * 1000);
  return `${at.getSeconds()} ${at.getMinutes()} ${at.getHours()} * * *`;
}

/** Resolves when both services are in this state. */
async function both(own: Home, cwd: string, state: ServiceView['state']): Promise<void> {
  await until(`all is ${state}`, async () => (await statesIn(own, cwd)).every(each => each.endsWith(` ${state}`)));
}

describe.sequential('running hours', () => {
  let own: Home;
  let wall: FakeWall;
  beforeAll(async () => {
    own = await tinyHome();
    wall = fakeWall(own.root);
    await DaemonProcess.start(own, wall.env);
  });
  afterAll(() => own?.close());

  it('stop a project and bring it up again, with the same containers; one that was taken down stays down', async () => {
    const near = { ...far, 'laptop-dev.yaml': profile(daily(2 * HOUR), daily(HOUR)) };
    const cwd = await own.project('hours', near);
    const other = await own.project('left', near);
    await Promise.all([own.ask(['up'], { cwd }), own.ask(['up'], { cwd: other })]);
    const containers = await idsOf(own, basename(cwd));
    wall.set(HOUR + 1);
    await both(own, cwd, 'stopped');
    expect((await viewIn(own, cwd, 'web')).why).toMatch(/^stopped by its running hours; up again [A-Z][a-z]{2} \d\d:\d\d$/);
    // Nothing runs now, and nothing else happens: the next tick comes by the timer that this `down` has set anew.
    wall.set(2 * HOUR - 2);
    await done(own.client.act(basename(other), 'down', { wait: true }));
    await both(own, cwd, 'running');
    expect(await idsOf(own, basename(cwd))).toEqual(containers);
    expect(await idsOf(own, basename(other))).toEqual({});
  });

  it('make up the last tick that was missed while the daemon was off, once', async () => {
    const cwd = await own.project('missed', far);
    await own.ask(['up'], { cwd });
    await endDaemon(own.client);
    const file = join(own.stateDir, 'ticks.json');
    const seen: Record<string, { expressions: string; until: number }> = JSON.parse(await readFile(file, 'utf8'));
    const key = `project ${basename(cwd)}`;
    expect(Object.keys(seen)).toContain(key);
    await writeFile(file, JSON.stringify({ ...seen, [key]: { ...seen[key], until: 0 } }));
    await DaemonProcess.start(own, wall.env);
    await both(own, cwd, 'stopped');
    expect((await viewIn(own, cwd, 'db')).why).toMatch(/^stopped by its running hours; up again .* 09:00$/);
    await own.ask(['up'], { cwd });
    await endDaemon(own.client);
    await DaemonProcess.start(own, wall.env);
    await both(own, cwd, 'running');
    const { notices } = await own.api<{ notices: readonly LoggedNotice[] }>(`/v1/projects/${basename(cwd)}/services/web/why`);
    expect(notices.map(({ kind }) => kind)).toEqual(['adopted']);
  });
});
