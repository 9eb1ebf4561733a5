import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspect } from './support/engine.js';
import type { Home } from './support/home.js';
import { freePorts } from './support/ports.js';
import { get } from './support/sleepers.js';
import { idsOf, statesIn, stays, TINY, tinyHome, viewIn } from './support/tiny.js';
import { until } from './support/until.js';

const compose = (port: number) => `services:
  web:
    image: ${TINY}
    command: ${stays('mkdir -p /www; echo web > /www/index.html; httpd -p 80 -h /www')}
    ports: ["127.0.0.1:${port}:80"]
    x-laptop-dev: { memory: { standard: 32MB, maximum: 32MB }, start: on-demand, idle: 1s, protocol: http }
  beside:
    image: ${TINY}
    command: ${stays()}
    network_mode: service:web
    x-laptop-dev: { memory: { standard: 32MB, maximum: 32MB }, start: manual }
`;

let own: Home;
let folder: string;
let port: number;
beforeAll(async () => {
  own = await tinyHome();
  [port = 0] = await freePorts(1);
  folder = await own.project('sharing', { 'compose.yaml': compose(port) });
  await own.ask(['up'], { cwd: folder });
});
afterAll(() => own?.close());

const laptop = (...args: string[]) => own.cli(args, { cwd: folder });
const becomes = (state: string) => until(state, async () => (await statesIn(own, folder)).includes(state));
const startOf = async (name: string) => {
  const { State } = await inspect((await idsOf(own, `${own.name}-sharing`))[name] ?? '');
  return State.StartedAt;
};
/** What the one beside it sees of it at its own loopback. */
const seen = async () => (await laptop('exec', 'beside', 'wget', '-qO-', 'http://127.0.0.1/')).stdout.trim();

describe.sequential('a service in whose network another one lives', () => {
  it('stays awake beyond its idle time while the other runs, and why says so', async () => {
    await own.ask(['start', 'beside'], { cwd: folder });
    expect(await seen()).toBe('web');
    const before = performance.now();
    await until('three times its idle time is over', () => performance.now() - before > 3_000);
    expect(await viewIn(own, folder, 'web')).toMatchObject({
      state: 'running',
      stopsIn: null,
      why: expect.stringContaining('beside runs in its network'),
    });
  });

  it('takes the other along when it starts again', async () => {
    const before = await startOf('beside');
    await own.ask(['restart', 'web'], { cwd: folder });
    await until('the other has started again', async () => (await startOf('beside')) !== before);
    await becomes('beside running');
    expect(await seen()).toBe('web');
    expect(await get({ name: 'web', port })).toMatchObject({ status: 200, body: 'web' });
  });

  it('falls asleep when the other has stopped; who is started in its network wakes it', async () => {
    await own.ask(['stop', 'beside'], { cwd: folder });
    await becomes('web asleep');
    await own.ask(['start', 'beside'], { cwd: folder });
    expect(await seen()).toBe('web');
  });

  it('made anew, has the other made anew', async () => {
    const before = await idsOf(own, `${own.name}-sharing`);
    await own.ask(['up', 'web', '--recreate'], { cwd: folder });
    await until('both are others', async () => {
      const now = await idsOf(own, `${own.name}-sharing`);
      return now['web'] !== before['web'] && now['beside'] !== undefined && now['beside'] !== before['beside'];
    });
    await becomes('beside running');
    expect(await seen()).toBe('web');
  });
});
