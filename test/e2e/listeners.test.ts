import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Failure } from '../../daemon/shared/failure.js';
import type { Home } from './support/home.js';
import { freePorts } from './support/ports.js';
import { type Done, statesIn, stays, TINY, tinyHome, viewIn } from './support/tiny.js';
import { until } from './support/until.js';

let own: Home;
beforeAll(async () => {
  own = await tinyHome();
});
afterAll(() => own?.close());

/** A web server on `port` of this machine; `more`: keys of x-laptop-dev. */
const web = (port: number, more: string, command = stays('echo here > /tmp/index.html; httpd -p 8000 -h /tmp')) => `services:
  web:
    image: ${TINY}
    command: ${command}
    ports: ["127.0.0.1:${port}:8000"]
    mem_limit: 32m
    x-laptop-dev: { protocol: http, ${more} }
`;
const get = async (port: number, host = '127.0.0.1') => {
  const response = await fetch(`http://${host}:${port}/`);
  return { status: response.status, text: await response.text() };
};

// Each has a project of its own.
test.concurrent('on both loopbacks the first connection wakes it', async () => {
  const [port = 0] = await freePorts(1);
  const cwd = await own.project('both', { 'compose.yaml': web(port, 'start: on-demand, idle: 10s') });
  await own.ask<Done>(['up'], { cwd });
  expect(await statesIn(own, cwd)).toEqual(['web asleep']);
  expect(await get(port, '[::1]')).toEqual({ status: 200, text: 'here\n' });
  expect(await get(port)).toEqual({ status: 200, text: 'here\n' });
  expect(await statesIn(own, cwd)).toEqual(['web running']);
});

test.concurrent('what its image exposes wakes it from another container, once that is there; any other port is reached while it is awake', async () => {
  const mail = stays('echo here > /tmp/index.html; for port in 1025 8025 9000; do httpd -p $$port -h /tmp; done');
  const file = `services:
  mail:
    build: { context: ., dockerfile_inline: "FROM ${TINY}\\nEXPOSE 8025" }
    expose: ["1025"]
    command: ${mail}
    mem_limit: 32m
    x-laptop-dev: { start: on-demand, idle: 2s }
  client: { image: ${TINY}, command: ${stays()}, mem_limit: 32m }
`;
  const cwd = await own.project('image', { 'compose.yaml': file });
  await own.ask<Done>(['up'], { cwd });
  expect(await statesIn(own, cwd)).toEqual(['client running', 'mail asleep']);
  const ask = async (port: number) => {
    const { stdout, stderr } = await own.cli(['exec', 'client', 'wget', '-qO-', `http://mail:${port}/`], { cwd });
    return stdout || stderr;
  };
  expect(await ask(1025)).toBe('here\n');
  expect(await ask(9000)).toBe('here\n');
  await until('it sleeps', async () => (await statesIn(own, cwd)).includes('mail asleep'));
  expect(await ask(8025)).toBe('here\n');
});

test.concurrent('a service that runs and may sleep from now on keeps its port: the engine hands it to the daemon', async () => {
  const [port = 0] = await freePorts(1);
  const cwd = await own.project('turn', { 'compose.yaml': web(port, 'start: eager') });
  await own.ask<Done>(['up'], { cwd });
  expect(await get(port)).toMatchObject({ status: 200 });
  await own.project('turn', { 'compose.yaml': web(port, 'start: on-demand, idle: 1h') });
  await own.ask<Done>(['up'], { cwd });
  expect(await get(port)).toMatchObject({ status: 200 });
  expect(await viewIn(own, cwd, 'web')).toMatchObject({ state: 'running', why: 'woken on demand' });
  await own.project('turn', { 'compose.yaml': web(port, 'start: eager') });
  await own.ask<Done>(['up'], { cwd });
  expect(await get(port)).toMatchObject({ status: 200 });
});

test.concurrent('a port that another sleeping service has is refused, and says whose it is', async () => {
  const [port = 0] = await freePorts(1);
  const first = await own.project('first', { 'compose.yaml': web(port, 'start: on-demand') });
  const second = await own.project('second', { 'compose.yaml': web(port, 'start: on-demand') });
  await own.ask<Done>(['up'], { cwd: first });
  const refused = await own.cli(['up', '--json'], { cwd: second });
  expect(refused.code).toBe(6);
  expect(JSON.parse(refused.stdout).error.message).toContain(`is the port of ${own.name}-first/web`);
  expect(await get(port)).toMatchObject({ status: 200 });
});

test.concurrent('a port that somebody holds is refused with the owner; once it is free, start opens it', async () => {
  const [port = 0] = await freePorts(1);
  const owner = createServer();
  await new Promise<void>(resolve => owner.listen(port, '127.0.0.1', resolve));
  const cwd = await own.project('held', { 'compose.yaml': web(port, 'start: on-demand') });
  const refused = await own.cli(['up', '--json'], { cwd });
  expect(refused.code).toBe(6);
  expect(JSON.parse(refused.stdout).error.message).toContain(`PID ${process.pid}`);
  await new Promise(resolve => owner.close(resolve));
  await own.ask<Done>(['start', 'web'], { cwd });
  expect(await get(port)).toMatchObject({ status: 200 });
});

test.concurrent('who connects to what cannot start is told so, and told at once while it cools down', async () => {
  const [port = 0] = await freePorts(1);
  const broken = web(port, 'start: on-demand', '["sh", "-c", "echo no such table; exit 3"]').replace(
    'mem_limit',
    'restart: "no"\n    mem_limit',
  );
  const cwd = await own.project('broken', { 'compose.yaml': broken });
  await own.ask<Done>(['up'], { cwd });
  const response = await fetch(`http://127.0.0.1:${port}/`);
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^\d+$/)]);
  const { error } = (await response.json()) as { error: Failure };
  expect(error).toMatchObject({ code: 'exited', details: { exitCode: 3 } });
  expect((await get(port)).status).toBe(503);
  expect(
    (await own.ask<{ notices: { kind: string }[] }>(['events', 'web'], { cwd })).notices.filter(({ kind }) => kind === 'starting'),
  ).toHaveLength(1);
});
