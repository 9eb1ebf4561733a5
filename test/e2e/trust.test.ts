import { mkdir, readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOST } from '../../daemon/api/contract.js';
import { some } from '../support/deep.js';
import { engine } from './support/engine.js';
import type { Home } from './support/home.js';
import { type Done, idsOf, statesIn, stays, TINY, takeDown, tinyHome } from './support/tiny.js';

let own: Home;
beforeAll(async () => {
  own = await tinyHome();
});
afterAll(() => own?.close());

const compose = (extra: string) => `services:\n  it:\n    image: ${TINY}\n    command: ${stays()}\n    mem_limit: 32m\n${extra}`;

describe('a file that asks for power over the machine', () => {
  // All risks are in test/model/trust.test.ts and test/config/project/trust-matrix.test.ts; here a refusal is one to the end.
  it.each(
    some(
      [
        ['privileged', '    privileged: true\n', 'privileged: true'],
        ['socket', '    volumes: ["/var/run/docker.sock:/var/run/docker.sock"]\n', 'docker.sock'],
        ['mount', '    volumes: ["/etc:/host-etc:ro"]\n', '/etc'],
        ['network', '    network_mode: host\n', 'network_mode: host'],
        ['pid', '    pid: host\n', 'pid: host'],
        ['device', '    devices: ["/dev/null:/dev/other"]\n', '/dev/null'],
        ['power', '    cap_add: [SYS_ADMIN]\n', 'SYS_ADMIN'],
        ['link', '    volumes: ["./up/../../../../etc:/host-etc"]\n', '/etc'],
        [
          'log',
          '    logging: { driver: fluentd, options: { fluentd-address: "unix:///var/run/docker.sock", fluentd-async: "true" } }\n',
          'fluentd',
        ],
        ['foreign', '    networks: [n]\nnetworks: { n: { external: true, name: other_default } }\n', 'other_default'],
        ['public', '    networks: [n]\nnetworks: { n: { ipam: { config: [{ subnet: 203.0.113.0/24 }] } } }\n', '203.0.113.0/24'],
        ['data', '    volumes: [v:/v]\nvolumes: { v: { external: true, name: other_data } }\n', 'other_data'],
      ] as const,
      4,
    ),
  )('%s is refused with exit 8, named, and nothing is started', async (suffix, extra, named) => {
    const cwd = await own.project(suffix, { 'compose.yaml': compose(extra) });
    const { code, stderr } = await own.cli(['up'], { cwd });
    expect(code).toBe(8);
    expect(stderr).toContain(named);
    expect(stderr).toContain('--trust');
    expect(await own.leftovers({ volumes: true })).toEqual([]);
    expect((await own.client.projects()).filter(({ root }) => root === cwd)).toEqual([]);
  });

  it('runs with --trust, is remembered across daemons, and asked again when it changes', async () => {
    const power = (name: string) => compose(`    cap_add: [${name}]\n`);
    const cwd = await own.project('trusted', { 'compose.yaml': power('SYS_PTRACE') });
    expect((await own.ask<Done>(['up', '--trust'], { cwd })).services).toMatchObject([{ state: 'running' }]);
    const { it: id = '' } = await idsOf(own, basename(cwd));
    const { HostConfig } = await engine<{ HostConfig: { CapAdd: string[] } }>('GET', `/containers/${id}/json`);
    expect(HostConfig.CapAdd).toEqual([expect.stringMatching(/SYS_PTRACE$/)]);
    expect((await own.ask<Done>(['up'], { cwd })).plan).toMatchObject({ starts: [] });
    await takeDown(own, basename(cwd));
    await own.ask(['daemon', 'stop']);
    expect((await own.ask<Done>(['up'], { cwd })).services).toMatchObject([{ state: 'running' }]);
    await own.project('trusted', { 'compose.yaml': power('NET_ADMIN') });
    const changed = await own.cli(['up', '--json'], { cwd });
    expect(changed.code).toBe(8);
    expect(changed.error()).toMatchObject({ code: 'not-trusted', details: { risks: [{ service: 'it', what: 'cap_add: NET_ADMIN' }] } });
    expect(await statesIn(own, cwd)).toEqual(['it running']);
    await takeDown(own, basename(cwd));
  });

  it('asks again for what would run with the power or reach it, and not for what would not', async () => {
    const outside = join(own.root, 'outside');
    await mkdir(outside);
    const plain = { image: TINY, command: JSON.parse(stays()), mem_limit: '32m', 'x-laptop-dev': { memory: { standard: '16MB' } } };
    const it = { ...plain, volumes: [`${outside}:/host`] };
    const up = async (services: object, ...flags: readonly string[]) => {
      const cwd = await own.project('reached', { 'compose.yaml': JSON.stringify({ services, volumes: { data: {} } }) });
      return own.cli(['up', '--json', ...flags], { cwd });
    };
    expect((await up({ it }, '--trust')).code).toBe(0);
    const owns = 'touch /host/owned';
    const changes: readonly (readonly [object, RegExp])[] = [
      [{ it: { ...it, healthcheck: { test: ['CMD-SHELL', owns], interval: '1s' } } }, /it: healthcheck/],
      [{ it: { ...it, environment: { ENV: '/host/profile' } } }, /it: environment/],
      [{ it: { ...it, user: '0:0' } }, /it: user/],
      [{ it: { ...it, 'x-laptop-dev': { ...it['x-laptop-dev'], idle: { stopAfter: '1s', veto: ['sh', '-c', owns] } } } }, /it: idle\.veto/],
      [{ it, b: { ...plain, pid: 'service:it' } }, /b \(pid: service:it\)/],
      [{ it, b: { ...plain, volumes: [`${outside}:/host`] } }, /b: volume .*outside → \/host .*← new/],
    ];
    for (const [services, words] of some(changes, 2)) {
      const { code, error } = await up(services);
      expect([code, error().code]).toEqual([8, 'not-trusted']);
      expect(error().message).toMatch(words);
    }
    expect((await up({ it: { ...it, labels: { a: 'b' } }, b: plain })).code).toBe(0);
    expect(await readdir(outside)).toEqual([]);
    await takeDown(own, `${own.name}-reached`);
  });

  it('--dry-run neither runs nor remembers it', async () => {
    const cwd = await own.project('rehearsed', { 'compose.yaml': compose('    pid: host\n') });
    await own.ask(['up', '--trust', '--dry-run'], { cwd });
    expect((await own.cli(['up'], { cwd })).code).toBe(8);
    expect(await own.leftovers()).toEqual([]);
  });
});

describe('a daemon that is sent nonsense', () => {
  let pid: number;
  beforeAll(async () => {
    await own.ask(['daemon', 'start']);
    pid = await own.daemonPid();
  });

  it.each([
    ['bytes that are no HTTP', '\u0000\u0001garbage\r\n\r\n'],
    ['a header without an end', `GET /v1/version HTTP/1.1\r\nHost: ${HOST}\r\nX: ${'x'.repeat(100_000)}`],
    [
      'a length that is not met',
      `POST /v1/shutdown HTTP/1.1\r\nHost: ${HOST}\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{`,
    ],
    ['a foreign host', 'GET /v1/version HTTP/1.1\r\nHost: evil.example\r\n\r\n'],
  ])('%s: it lives', async (_what, bytes) => {
    await new Promise<void>((resolve, reject) => {
      const socket = connect(own.socket);
      socket.once('error', () => resolve()); // hung up on: an answer too
      socket.once('close', () => resolve());
      socket.once('connect', () => socket.write(bytes, error => (error ? reject(error) : setTimeout(() => socket.destroy(), 100))));
      socket.resume();
    });
    expect(await own.daemonPid()).toBe(pid);
  });

  it.each([
    ['no JSON', '{', 400],
    ['another shape', '{"spec":[1,2,3],"services":"all"}', 400],
    ['a depth of 10,000', `${'['.repeat(10_000)}${']'.repeat(10_000)}`, 400],
    ['2 MB', JSON.stringify({ spec: 'x'.repeat(2 * 1024 * 1024) }), 413],
    ['a poisoned prototype', '{"__proto__":{"polluted":true},"constructor":{"prototype":{}}}', 400],
  ])('an up with %s is refused, and it lives', async (_what, body, status) => {
    const answer = await post('/v1/projects/x/up', body);
    expect([status, 400, 422]).toContain(answer.status);
    expect(JSON.parse(answer.body)).toMatchObject({ ok: false });
    expect(await own.daemonPid()).toBe(pid);
  });

  it.each(
    some(
      [
        ['a tab', 'services:\n\tit: {}\n'],
        ['a list', '- one\n- two\n'],
        ['a circle', 'services:\n  a: { image: x, depends_on: [b] }\n  b: { image: x, depends_on: [a] }\n'],
        ['an alias bomb', bomb()],
        ['nothing', ''],
      ] as const,
      2,
    ),
  )('a Compose file with %s is refused with exit 3, and it lives', async (_what, file) => {
    const cwd = await own.project('malformed', { 'compose.yaml': file });
    const { code, stderr } = await own.cli(['up'], { cwd });
    expect([code, stderr]).toEqual([3, expect.stringMatching(/compose\.yaml/)]);
    expect(await own.daemonPid()).toBe(pid);
  });

  /** Nine levels of nine aliases each. */
  function bomb(): string {
    const level = (n: number) => `x${n}: &x${n} [${Array.from({ length: 9 }, () => `*x${n - 1}`).join(', ')}]\n`;
    return `x0: &x0 [a, a, a, a, a, a, a, a, a]\n${[1, 2, 3, 4, 5, 6, 7, 8].map(level).join('')}services: { a: { image: x, command: *x8 } }\n`;
  }

  async function post(path: string, body: string): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const headers = { host: HOST, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      const call = request({ socketPath: own.socket, method: 'POST', path, headers, agent: false }, async response => {
        resolve({ status: response.statusCode ?? 0, body: await text(response) });
      });
      // A daemon that has seen enough may hang up while we still send: refused as well.
      call.once('error', (error: NodeJS.ErrnoException) =>
        ['EPIPE', 'ECONNRESET'].includes(error.code ?? '') ? resolve({ status: 413, body: '{"ok":false}' }) : reject(error),
      );
      call.end(body);
    });
  }
});
