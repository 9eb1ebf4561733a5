import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MiB } from '../../daemon/shared/bytes.js';
import type { Failure } from '../../daemon/shared/failure.js';
import { inspect } from './support/engine.js';
import type { Home } from './support/home.js';
import { oomKillsIn } from './support/oom-kills.js';
import { get, type Sleeper, sleepers } from './support/sleepers.js';
import { idsOf, statesIn, stays, tinyHome, viewIn } from './support/tiny.js';
import { until } from './support/until.js';

/** Serves; once it is told, it needs so much memory at once, in this run and at the start of all further ones, and ends when it does not get it. */
const eats = (mb: number) =>
  stays(
    'mkdir -p /www; echo eater > /www/index.html; httpd -p 80 -h /www; ' +
      `while ! test -f /hungry; do sleep 0.1; done; dd if=/dev/zero of=/dev/null bs=${mb}M count=1 || exit $$?`,
  );

let own: Home;
let folder: string;
let services: Record<'filler' | 'eater' | 'glutton', Sleeper>;

beforeAll(async () => {
  own = await tinyHome({ LAPTOP_DEV_BUDGET: '256MB' });
  const made = await sleepers(own, 'oom', {
    filler: { memory: '{ standard: 224MB, maximum: 224MB }', idle: '1s' },
    eater: { memory: '{ standard: 32MB, maximum: 128MB }', idle: '10m', command: eats(64), more: 'restart: unless-stopped' },
    glutton: { memory: '{ standard: 32MB, maximum: 48MB }', idle: '10m', command: eats(100), more: 'restart: unless-stopped' },
  });
  folder = made.folder;
  services = Object.fromEntries(made.services.map(each => [each.name, each])) as typeof services;
});
afterAll(() => own?.close());

const limitOf = async (name: string): Promise<number> => {
  const ids = await idsOf(own, `${own.name}-oom`);
  return (await inspect(ids[name] ?? '')).HostConfig.Memory / MiB;
};
const feed = (name: string) => own.cli(['exec', name, 'touch', '/hungry'], { cwd: folder });

describe.sequential('a service that is killed at its limit', () => {
  it('comes back with more where the budget has room', async () => {
    await Promise.all([get(services.filler), get(services.eater)]);
    expect(await limitOf('eater')).toBe(32);
    await until('the filler is asleep', async () => (await statesIn(own, folder)).includes('filler asleep'));
    await feed('eater');
    await until('it is back', async () => {
      const { state, crashes } = await viewIn(own, folder, 'eater');
      return state === 'running' && crashes === 1;
    });
    expect(await limitOf('eater')).toBe(128);
    expect(await get(services.eater)).toMatchObject({ status: 200, body: 'eater' });
    expect((await own.cli(['why', 'eater'], { cwd: folder })).stdout).toContain('killed at');
    expect(await viewIn(own, folder, 'eater')).toMatchObject({ state: 'running', crashes: 1 });
    expect(await oomKillsIn(own), 'since it has what it needs').toMatchObject({ eater: 0, filler: 0 });
  });

  it('three times at its maximum: it has failed, and the figure to raise is said', async () => {
    expect(await get(services.glutton)).toMatchObject({ status: 200 });
    expect(await limitOf('glutton')).toBe(48);
    await feed('glutton');
    await until('it has failed', async () => (await viewIn(own, folder, 'glutton')).state === 'failed');
    const { why, crashes } = await viewIn(own, folder, 'glutton');
    // The kernel may kill another process of it in the same moment: that is a kill, and no crash.
    expect(why).toMatch(/killed at its maximum [3-6] times in 10 minutes: 48 MB are too little/);
    expect(crashes).toBeLessThanOrEqual(2);
    const { status, body } = await get(services.glutton);
    expect(status).toBe(503);
    const { error } = JSON.parse(body) as { error: Failure };
    expect(error).toMatchObject({ code: 'out-of-memory', details: { limit: 48 * MiB, maximum: 48 * MiB } });
    expect(error.remedies.join('\n')).toContain('Raise memory.maximum of glutton (now 48 MB)');
  });
});
