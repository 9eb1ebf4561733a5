import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServiceView } from '../../daemon/api/views.js';
import { some } from '../support/deep.js';
import { type FakeWall, fakeWall } from './support/faketime.js';
import type { Home } from './support/home.js';
import { complaint, sleepers } from './support/sleepers.js';
import { noticesIn, statesIn, tinyHome } from './support/tiny.js';
import { until } from './support/until.js';

const HOUR = 3_600_000;
/** So much of the hour is over before the clock is changed, ms: more than lies between two looks. */
const USED = 2_500;

let own: Home;
let cwd: string;
let wall: FakeWall;

beforeAll(async () => {
  own = await tinyHome();
  wall = fakeWall(own.root);
  await own.ask(['daemon', 'start'], { env: wall.env });
  const plain = { memory: '{ standard: 32MB, maximum: 32MB }', idle: '1h' };
  const made = await sleepers(own, 'clock', { one: plain, two: plain });
  cwd = made.folder;
  for (const service of made.services) expect(await complaint(service)).toBeNull();
});
afterAll(() => own?.close());

/** What is left of its hour, ms. */
const left = async () => (await own.api<ServiceView[]>('/v1/services')).find(({ name }) => name === 'one')?.stopsIn ?? Number.NaN;
/** Resolves to what is left then. */
const someGone = () =>
  until('some of the hour is over', async () => {
    const now = await left();
    return now < HOUR - USED ? now : null;
  });
/** The daemon's wall clock against this machine's when it last had something to say, in whole hours. */
async function ahead(): Promise<number> {
  const notices = await noticesIn(own, basename(cwd));
  return Math.round(((notices.at(-1)?.at ?? Number.NaN) - Date.now()) / HOUR);
}

describe.sequential('two services with an hour of idle time each', () => {
  const AHEAD = [
    ['slept for a night: the wall clock is ahead of the monotonic one', 8],
    ['has its clock set forward, which looks the same', 24],
  ] as const;
  it.each(some(AHEAD, 1))('run on when the machine %s; the hour begins anew', async (_what, hours) => {
    const before = await someGone();
    wall.set(hours * 3_600);
    await until('the hour began anew', async () => (await left()) > before);
    expect(await statesIn(own, cwd)).toEqual(['one running', 'two running']);
  });

  it('run on when the clock is set back, and the hour with them', async () => {
    const before = await someGone();
    wall.set(-48 * 3_600);
    await own.ask(['restart', 'two'], { cwd });
    expect(await ahead()).toBe(-48);
    expect(await left()).toBeLessThanOrEqual(before);
    expect(await statesIn(own, cwd)).toEqual(['one running', 'two running']);
  });
});
