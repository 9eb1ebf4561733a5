import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ServiceView } from '../../daemon/core/views.js';
import { type Home, home } from './support/home.js';
import { freePorts } from './support/ports.js';
import { SERVERS, serversImage } from './support/servers.js';
import { type Done, statesIn, stays, viewIn } from './support/tiny.js';
import { until } from './support/until.js';

let own: Home;
beforeAll(async () => {
  await serversImage();
  own = await home();
}, 600_000);
afterAll(() => own?.close());

/** What each program of Debian's prints when its server has served it, at the ports of test/e2e/servers. */
const CLIENTS = {
  smtp: ['curl -sS smtp://HOST:3000 --mail-from a@test --mail-rcpt b@mail.test -T /etc/hostname && echo sent', 'sent'],
  mariadb: ['mariadb -h HOST -P 4000 -u somebody --skip-ssl -N -e "select 40 + 2"', '42'],
  psql: ['psql -h HOST -U postgres -Atc "select 40 + 3"', '43'],
  redis: ['redis-cli -h HOST ping', 'PONG'],
  https: ['curl -skS https://HOST:8000', 'from https'],
  http: ['curl -sS http://HOST:8080', 'from http'],
} as const;

const compose = (ports: readonly number[]) => `services:
  servers:
    image: ${SERVERS}
    mem_limit: 512m
    stop_grace_period: 1s
    ports: [${[3000, 4000, 5432, 6379, 8000, 8080].map((inner, at) => `"127.0.0.1:${ports[at]}:${inner}"`).join(', ')}]
    x-laptop-dev: { start: on-demand, idle: 3s, memory: { standard: 256MB } }
  client:
    image: ${SERVERS}
    command: ${stays()}
    mem_limit: 128m
    x-laptop-dev: { start: eager, memory: { standard: 32MB } }
`;

describe('six servers behind one service', () => {
  let cwd: string;
  let ports: readonly number[];
  beforeAll(async () => {
    ports = await freePorts(6);
    cwd = await own.project('six', { 'compose.yaml': compose(ports) });
    await own.ask<Done>(['up'], { cwd });
  });

  const asleep = () => until('the servers sleep', async () => (await statesIn(own, cwd)).includes('servers asleep'));

  test('asleep, each real client is served from another container, all at once', { timeout: 180_000 }, async () => {
    expect(await statesIn(own, cwd)).toContain('servers asleep');
    const results = await Promise.all(
      Object.entries(CLIENTS).map(async ([name, [command]]) => {
        const { stdout, stderr } = await own.cli(['exec', 'client', 'sh', '-c', command.replace('HOST', 'servers')], { cwd });
        return [name, (stdout.trim().split('\n').at(-1) ?? '') || stderr];
      }),
    );
    expect(Object.fromEntries(results)).toEqual(Object.fromEntries(Object.entries(CLIENTS).map(([name, [, answer]]) => [name, answer])));
    const { speaks } = await viewIn(own, cwd, 'servers');
    const seen = (found: ServiceView['speaks']) =>
      found.filter(each => each.source === 'seen').map(({ port, protocol }) => `${port} ${protocol}`);
    expect(seen(speaks)).toEqual(['3000 tcp', '4000 tcp', '5432 postgres', '6379 redis', '8000 tls', '8080 http']);
  });

  test('asleep, a server that speaks first is heard at the host port of a guessed web server', { timeout: 120_000 }, async () => {
    await asleep();
    const socket = connect(ports[0] ?? 0, '127.0.0.1');
    const [banner] = await once(socket, 'data');
    socket.end('QUIT\r\n');
    expect(String(banner)).toContain('220 mail.test ESMTP');
  });
});
