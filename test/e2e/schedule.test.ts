import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoggedNotice } from '../../daemon/api/notice.js';
import type { ServiceView } from '../../daemon/api/views.js';
import type { Home } from './support/home.js';
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
  beforeAll(async () => {
    own = await tinyHome();
  });
  afterAll(() => own?.close());

  it('stop a project and bring it up again, with the same containers; one that was taken down stays down', async () => {
    // All starts with hours that are far away: nothing is stopped while it is still on its way up.
    const cwd = await own.project('hours', far);
    const other = await own.project('left', far);
    await own.ask(['up'], { cwd });
    await own.ask(['up'], { cwd: other });
    const containers = await idsOf(own, basename(cwd));
    const near = profile(daily(40), daily(20));
    for (const folder of [cwd, other]) {
      await writeFile(join(folder, 'laptop-dev.yaml'), near);
      await own.ask(['up'], { cwd: folder });
    }
    await own.ask(['down'], { cwd: other });
    await both(own, cwd, 'stopped');
    expect((await viewIn(own, cwd, 'web')).why).toMatch(/^stopped by its running hours; up again [A-Z][a-z]{2} \d\d:\d\d$/);
    await both(own, cwd, 'running');
    expect(await idsOf(own, basename(cwd))).toEqual(containers);
    expect(await idsOf(own, basename(other))).toEqual({});
    await own.ask(['down'], { cwd });
  });

  it('make up the last tick that was missed while the daemon was off, once', async () => {
    const cwd = await own.project('missed', far);
    await own.ask(['up'], { cwd });
    await own.ask(['daemon', 'stop']);
    const file = join(own.stateDir, 'ticks.json');
    const seen: Record<string, { expressions: string; until: number }> = JSON.parse(await readFile(file, 'utf8'));
    const key = `project ${basename(cwd)}`;
    expect(Object.keys(seen)).toContain(key);
    await writeFile(file, JSON.stringify({ ...seen, [key]: { ...seen[key], until: 0 } }));
    await own.ask(['daemon', 'start']);
    await both(own, cwd, 'stopped');
    expect((await viewIn(own, cwd, 'db')).why).toMatch(/^stopped by its running hours; up again .* 09:00$/);
    await own.ask(['up'], { cwd });
    await own.ask(['daemon', 'stop']);
    await own.ask(['daemon', 'start']);
    await both(own, cwd, 'running');
    const { notices } = await own.api<{ notices: readonly LoggedNotice[] }>(`/v1/projects/${basename(cwd)}/services/web/why`);
    expect(notices.map(({ kind }) => kind)).toEqual(['adopted']);
  });
});
