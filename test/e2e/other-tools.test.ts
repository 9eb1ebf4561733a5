import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogEntry } from '../../daemon/api/contract.js';
import type { LoggedNotice } from '../../daemon/api/notice.js';
import { LABEL } from '../../daemon/model/labels.js';
import { MiB } from '../../daemon/shared/bytes.js';
import { ENGINE } from '../on-engine/support/open-engine.js';
import { tinyImage } from '../on-engine/support/tiny-image.js';
import { some } from '../support/deep.js';
import { engine, inspect } from './support/engine.js';
import type { Home } from './support/home.js';
import { complaint, get, type Sleeper, sleepers } from './support/sleepers.js';
import { idsOf, stays, TINY, tinyHome, viewIn } from './support/tiny.js';
import { patience, until } from './support/until.js';

/*
 * What people do to a project with other tools: docs/engine.md has the table, each row of it is a test here. As the tools do it: each is
 * one or more calls of the engine's API (docker restart, docker compose restart and every GUI's button are the same POST …/restart).
 */

let own: Home;
let cwd: string;
const services = new Map<string, Sleeper>();

/** Crashes on USR1, survives all other signals but its stop signal. */
const SERVER = stays(
  'trap "" QUIT INT HUP; trap "exit 7" USR1; echo up; mkdir -p /www /data; cat /data/kept > /www/kept 2>/dev/null; echo NAME > /www/index.html; httpd -p 80 -h /www',
);
/** ms. */
const IDLE = 1_000;
const BURN = 'i=0; while [ $$i -lt 150000 ]; do i=$$((i+1)); done';

beforeAll(async () => {
  own = await tinyHome({
    LAPTOP_DEV_RELIST: '1s',
    LAPTOP_DEV_BUSY_OVER: '5s',
    LAPTOP_DEV_LOOK_AGAIN: '1s',
    // Longer than a restart takes; each stop waits so long for a start.
    LAPTOP_DEV_RESTART_PAUSE: `${patience(2_000)}ms`,
  });
  const memory = '{ standard: 16MB, maximum: 32MB }';
  const one = (name: string, more = '', idle = '1h') => ({ memory, idle, command: SERVER.replace('NAME', name), more });
  const made = await sleepers(
    own,
    'tools',
    {
      web: one('web', 'restart: always'),
      db: one('db', 'volumes: ["named:/named", "/data"]', `${IDLE}ms`),
      brief: one('brief', '', `${IDLE}ms`),
      checked: one('checked', `healthcheck: { test: ${JSON.stringify(['CMD-SHELL', BURN])}, interval: 2s, timeout: 5s }`, '11s'),
    },
    'volumes: { named: {} }\n',
  );
  for (const service of made.services) services.set(service.name, service);
  cwd = made.folder;
}, 120_000);
/** Images that lost their name while containers were of them: the engine keeps them, for good. */
const nameless: string[] = [];
afterAll(async () => {
  await own?.close();
  for (const id of nameless) await engine('DELETE', `/images/${id}`);
});

const at = (name: string): Sleeper => services.get(name) ?? { name, port: 0 };
const idOf = async (name: string) => (await idsOf(own, basename(cwd)))[name] ?? '';
const stateOf = async (name: string) => (await viewIn(own, cwd, name)).state;
const is = (name: string, state: string) => until(`${name} is ${state}`, async () => (await stateOf(name)) === state);
const post = async (name: string, call: string) => engine('POST', `/containers/${await idOf(name)}/${call}`);
const pidOf = async (name: string) => (await inspect(await idOf(name))).State.Pid;

async function awake(name: string): Promise<string> {
  if ((await stateOf(name)) === 'stopped') await own.ask(['start', name, '--wait'], { cwd });
  expect(await complaint(at(name))).toBeNull();
  return idOf(name);
}

/** Used, and then asleep when its idle time is over. */
async function asleep(name: string): Promise<string> {
  const id = await awake(name);
  await is(name, 'asleep');
  return id;
}

/** A command in a container, as docker exec runs it; it goes on by itself. */
async function execIn(id: string, ...Cmd: readonly string[]): Promise<string> {
  const { Id } = await engine<{ Id: string }>('POST', `/containers/${id}/exec`, { Cmd });
  await engine('POST', `/exec/${Id}/start`, { Detach: true });
  return Id;
}

const filter = () => encodeURIComponent(JSON.stringify({ label: [`${LABEL.instance}=${own.instance}`] }));
const prune = (kind: 'containers' | 'networks' | 'volumes') => engine('POST', `/${kind}/prune?filters=${filter()}`);
const noticesOf = async (name: string) => (await own.client.why(basename(cwd), name)).notices;

// These two beside each other.
describe.concurrent('awake, used all the time', () => {
  it.sequential.each(some(['restart?t=1', 'restart?t=0'], 1))('%s: it runs on, in the same container, and is ready again', async call => {
    const id = await awake('web');
    const before = await pidOf('web');
    await post('web', call);
    await until('it has another process', async () => ![0, before].includes(await pidOf('web')));
    await until('it answers', async () => (await complaint(at('web'))) === null);
    await is('web', 'running');
    expect(await idOf('web')).toBe(id);
  });

  it.sequential('stop, then start: stopped, with its ports closed, and kept so; then started, and kept so', async () => {
    const id = await awake('web');
    await post('web', 'stop?t=1');
    await is('web', 'stopped');
    expect((await viewIn(own, cwd, 'web')).why).toContain('stopped through the engine');
    await until('its port is closed', async () => (await complaint(at('web')))?.includes('ECONNREFUSED'));
    await post('web', 'start');
    await is('web', 'running');
    await until('its port is open again', async () => (await complaint(at('web'))) === null);
    expect(await idOf('web')).toBe(id);
  });

  it.sequential('logs, ps, top, stats, inspect, start: nothing', async () => {
    const id = await awake('web');
    const before = [await pidOf('web'), await stateOf('web'), (await noticesOf('web')).at(-1)];
    for (const look of ['json', 'top', 'stats?stream=false', 'logs?stdout=true&tail=0']) await engine('GET', `/containers/${id}/${look}`);
    await engine('GET', '/containers/json?all=true');
    await post('web', 'start');
    expect([await pidOf('web'), await stateOf('web'), (await noticesOf('web')).at(-1)]).toEqual(before);
  });

  it.sequential('kill: stopped, as by stop', async () => {
    await awake('web');
    await post('web', 'kill');
    await is('web', 'stopped');
  });

  it.sequential.each(some(['QUIT', 'INT'], 1))('kill -s %s that it survives, then a crash: a crash, and it runs again', async signal => {
    const id = await awake('web');
    const before = await pidOf('web');
    await post('web', `kill?signal=SIG${signal}`);
    await execIn(id, 'kill', '-USR1', '1');
    await until('it has another process', async () => ![0, before].includes(await pidOf('web')));
    await is('web', 'running');
    expect((await noticesOf('web')).some(({ kind, data }) => kind === 'crashed' && data.exit.code === 7)).toBe(true);
  });

  it.sequential('pause, unpause: paused, and it goes on', async () => {
    await awake('web');
    // A connection would let it go on at once.
    await until('nobody is connected', async () => (await viewIn(own, cwd, 'web')).stopsIn !== null);
    await post('web', 'pause');
    await is('web', 'frozen');
    await post('web', 'unpause');
    await is('web', 'running');
    expect(await complaint(at('web'))).toBeNull();
  });

  it.sequential('rm -f: made again, since it is wanted', async () => {
    const id = await awake('web');
    await engine('DELETE', `/containers/${id}?force=true`);
    await until('there is another', async () => !['', id].includes(await idOf('web')));
    expect(await complaint(at('web'))).toBeNull();
  });

  it.sequential('stop and rm (compose down): stopped; up brings it back', async () => {
    const id = await awake('web');
    await post('web', 'stop?t=1');
    await engine('DELETE', `/containers/${id}`);
    await is('web', 'stopped');
    await own.ask(['up'], { cwd });
    expect(await complaint(at('web'))).toBeNull();
  });

  it.sequential('network disconnect, connect: reached again at its new address', async () => {
    const id = await awake('web');
    const network = `${basename(cwd)}_default`;
    await engine('POST', `/networks/${network}/disconnect`, { Container: id, Force: true });
    await engine('POST', `/networks/${network}/connect`, { Container: id });
    await until('it answers', async () => (await complaint(at('web'))) === null);
  });
});

describe.concurrent('awake, and checked all the time', () => {
  it.sequential('the health check that the engine runs does not keep it awake, whatever it costs', async () => {
    await awake('checked');
    await is('checked', 'asleep');
  }, 90_000);
});

// After web: where it is stopped with its ports closed, others are made without a way to it, and made anew once it is back.
describe.sequential('awake or asleep', () => {
  it('exec: it stays awake while the command runs, and why says so', async () => {
    // Held until the command runs, however slow this machine is.
    const lease = await own.client.lease(basename(cwd), ['brief'], 'the test');
    const id = await awake('brief');
    await execIn(id, 'sh', '-c', 'mkfifo /end; read line < /end');
    await lease.release();
    const { why } = await until('it would sleep by now', async () => {
      const view = await viewIn(own, cwd, 'brief');
      return view.why.includes('docker exec') ? view : null;
    });
    expect(why).toContain('held awake: a command runs in it');
    await new Promise(resolve => setTimeout(resolve, 2 * IDLE)); // more than its idle time: nothing must happen
    expect(await stateOf('brief')).toBe('running');
    await execIn(id, 'sh', '-c', 'echo over > /end');
    await is('brief', 'asleep');
  });

  it.each(some(['start', 'restart?t=1'], 1))('%s: awake, in the same container, until its idle time is over', async call => {
    const id = await asleep('brief');
    const before = (await noticesOf('brief')).at(-1)?.at ?? 0;
    await post('brief', call);
    const isSaid = ({ at, kind, data }: LoggedNotice) => at > before && kind === 'started' && data.reason === 'by-hand';
    await until('it is taken for started', async () => (await noticesOf('brief')).some(isSaid));
    expect([await complaint(at('brief')), await idOf('brief')]).toEqual([null, id]);
    await is('brief', 'asleep');
  });

  it('stop, kill: there is nothing to stop; a connection wakes it as before', async () => {
    await is('brief', 'asleep');
    await post('brief', 'stop').catch(() => undefined);
    await post('brief', 'kill').catch(() => undefined);
    expect(await stateOf('brief')).toBe('asleep');
    expect(await complaint(at('brief'))).toBeNull();
  });

  it('exec: the engine refuses; laptop-dev exec wakes it', async () => {
    const id = await asleep('brief');
    await expect(execIn(id, 'true')).rejects.toThrow('is not running');
    expect(await stateOf('brief')).toBe('asleep');
    expect((await own.cli(['exec', 'brief', 'echo', 'here'], { cwd })).stdout.trim()).toBe('here');
  });

  it('update: the limit is put back at the next wake', async () => {
    const id = await asleep('brief');
    await engine('POST', `/containers/${id}/update`, { Memory: 96 * MiB, MemorySwap: 96 * MiB });
    expect(await complaint(at('brief'))).toBeNull();
    expect((await inspect(await idOf('brief'))).HostConfig.Memory).toBeLessThanOrEqual(32 * MiB);
  });

  it('rename: nothing', async () => {
    const id = await asleep('brief');
    await engine('POST', `/containers/${id}/rename?name=${own.name}-another`);
    expect([await complaint(at('brief')), await idOf('brief')]).toEqual([null, id]);
  });

  it('logs -f stays over sleep, wake and restart, and says what happens', async () => {
    await awake('brief');
    const ending = new AbortController();
    const lines: LogEntry[] = [];
    const reading = (async () => {
      const query = { services: ['brief'], follow: true, since: null, tail: 1, signal: ending.signal };
      for await (const line of own.client.logs(basename(cwd), query)) lines.push(line);
    })().catch(() => undefined);
    const shown = () => lines.map(({ stream, text }) => `${stream} ${text}`);
    await until('it says that it sleeps', () => shown().some(text => text.startsWith('notice brief has fallen asleep')));
    await get(at('brief'));
    await until('it goes on', () => shown().at(-1) === 'stdout up' && shown().includes('notice brief runs again'));
    await post('brief', 'restart?t=1');
    await until('it goes on again', () => shown().filter(text => text === 'stdout up').length === 3);
    ending.abort();
    await reading;
  });
});

describe.sequential('asleep, and what all need is taken away', () => {
  it('rmi, image prune: its container goes on', async () => {
    const id = await asleep('brief');
    nameless.push((await inspect(id)).Image);
    await engine('DELETE', `/images/${TINY}?force=true`);
    expect([await complaint(at('brief')), await idOf('brief')]).toEqual([null, id]);
    await tinyImage(ENGINE, TINY);
  });

  it('container prune: the next connection makes it anew, with the data of its anonymous volumes', async () => {
    expect((await own.cli(['exec', 'db', 'sh', '-c', 'echo precious > /data/kept'], { cwd })).code).toBe(0);
    const id = await asleep('db');
    await prune('containers');
    expect(await complaint(at('db'))).toBeNull();
    expect(await idOf('db')).not.toBe(id);
    const kept = await new Promise<string>((resolve, reject) => {
      fetch(`http://127.0.0.1:${at('db').port}/kept`).then(answer => answer.text().then(resolve, reject), reject);
    });
    expect(kept.trim()).toBe('precious');
  });

  it('system prune, and another network takes the addresses: made and wired anew, and reached from inside too', async () => {
    await engine('POST', `/containers/${await idOf('web')}/stop?t=1`);
    for (const name of ['web', 'checked', 'brief', 'db']) await is(name, name === 'web' ? 'stopped' : 'asleep');
    await prune('containers');
    await prune('networks');
    const taken = `${own.name}-taken`;
    await engine('POST', '/networks/create', { Name: taken });
    try {
      expect(await complaint(at('db'))).toBeNull();
      const inside = await own.cli(['exec', 'brief', 'wget', '-qO-', 'http://db'], { cwd });
      expect([inside.code, inside.stdout.trim()]).toEqual([0, 'db']);
    } finally {
      await engine('DELETE', `/networks/${taken}`);
    }
  });

  it('volume prune: what was in them is lost, and that is said in an error', async () => {
    await asleep('db');
    await prune('containers');
    await prune('volumes');
    await engine('DELETE', `/volumes/${basename(cwd)}_named`).catch(() => undefined); // engines of API 1.42 prune unnamed ones alone
    expect(await complaint(at('db'))).toBeNull();
    const said = (await noticesOf('db')).filter(({ level }) => level === 'error');
    expect(said.map(({ kind, data }) => [kind, data])).toEqual([['removed', { reason: 'volume-lost', volume: `${basename(cwd)}_named` }]]);
  });
});
