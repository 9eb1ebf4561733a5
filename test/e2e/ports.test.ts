import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ServiceView } from '../../daemon/api/views.js';
import { DEEP } from '../support/deep.js';
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

/** What each program of Debian's prints when its server has served it, and the server's port in test/e2e/servers. */
const CLIENTS = {
  smtp: ['curl -sS smtp://HOST:PORT --mail-from a@test --mail-rcpt b@mail.test -T /etc/hostname && echo sent', 'sent', '3000'],
  mariadb: ['mariadb -h HOST -P PORT -u somebody --skip-ssl -N -e "select 40 + 2"', '42', '4000'],
  psql: ['psql -h HOST -p PORT -U postgres -Atc "select 40 + 3"', '43', '5432'],
  redis: ['redis-cli -h HOST -p PORT ping', 'PONG', '6379'],
  https: ['curl -skS https://HOST:PORT', 'from https', '8000'],
  http: ['curl -sS http://HOST:PORT', 'from http', '8080'],
} as const;
/** Whose server alone wakes all: deep all of them, else one that speaks first and one that does not speak HTTP where it looks like it. */
const ALONE = Object.entries(CLIENTS).filter(([name]) => DEEP || name === 'smtp' || name === 'https');
const INNER: readonly string[] = Object.values(CLIENTS).map(([, , port]) => port);

const compose = (ports: readonly number[]) => `services:
  servers:
    image: ${SERVERS}
    mem_limit: 512m
    stop_grace_period: 1s
    ports: [${INNER.map((inner, at) => `"127.0.0.1:${ports[at]}:${inner}"`).join(', ')}]
    x-laptop-dev: { start: on-demand, idle: 3s, memory: { standard: 256MB } }
  client:
    image: ${SERVERS}
    command: ${stays()}
    mem_limit: 128m
    x-laptop-dev: { start: eager, memory: { standard: 32MB } }
  outside:
    image: ${SERVERS}
    command: ${stays()}
    mem_limit: 128m
    network_mode: host
    x-laptop-dev: { start: eager, memory: { standard: 32MB } }
`;

describe('six servers behind one service', () => {
  let cwd: string;
  let ports: readonly number[];
  beforeAll(async () => {
    ports = await freePorts(6);
    cwd = await own.project('six', { 'compose.yaml': compose(ports) });
    // The clients of `outside` are on this machine's own network.
    await own.ask<Done>(['up', '--trust'], { cwd });
  });

  const served = Object.fromEntries(Object.entries(CLIENTS).map(([name, [, answer]]) => [name, answer]));
  /** What all clients print when they ask at once. `to`: host and port for one of the ports in CLIENTS. */
  const askAll = async (from: string, to: (inner: string) => readonly [host: string, port: number | string]) => {
    const results = await Promise.all(
      Object.entries(CLIENTS).map(async ([name, [command, , inner]]) => {
        const [host, port] = to(inner);
        const words = command.replace('HOST', host).replace('PORT', String(port));
        const { stdout, stderr } = await own.cli(['exec', from, 'sh', '-c', words], { cwd });
        return [name, (stdout.trim().split('\n').at(-1) ?? '') || stderr];
      }),
    );
    return Object.fromEntries(results);
  };

  const asleep = () => until('the servers sleep', async () => (await statesIn(own, cwd)).includes('servers asleep'));

  test('asleep, each real client is served from another container, all at once', { timeout: 180_000 }, async () => {
    expect(await statesIn(own, cwd)).toContain('servers asleep');
    expect(await askAll('client', inner => ['servers', inner])).toEqual(served);
    const { speaks } = await viewIn(own, cwd, 'servers');
    const seen = (found: ServiceView['speaks']) =>
      found.filter(each => each.source === 'seen').map(({ port, protocol }) => `${port} ${protocol}`);
    expect(seen(speaks)).toEqual(['3000 tcp', '4000 tcp', '5432 postgres', '6379 redis', '8000 tls', '8080 http']);
  });

  test('asleep, each real client is served at its host port, all at once', { timeout: 180_000 }, async () => {
    await asleep();
    expect(await askAll('outside', inner => ['127.0.0.1', ports[INNER.indexOf(inner)] ?? 0])).toEqual(served);
  });

  test.each(ALONE)('asleep, %s is served alone', { timeout: 120_000 }, async (_, [command, answer, inner]) => {
    await asleep();
    const words = command.replace('HOST', 'servers').replace('PORT', inner);
    const { stdout, stderr } = await own.cli(['exec', 'client', 'sh', '-c', words], { cwd });
    expect(stdout.trim().split('\n').at(-1) || stderr).toBe(answer);
  });

  test('asleep, a server that speaks first is heard at the host port of a guessed web server', { timeout: 120_000 }, async () => {
    await asleep();
    const socket = connect(ports[0] ?? 0, '127.0.0.1');
    const [banner] = await once(socket, 'data');
    socket.end('QUIT\r\n');
    expect(String(banner)).toContain('220 mail.test ESMTP');
  });
});
