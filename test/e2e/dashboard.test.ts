import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { HOST } from '../../daemon/api/contract.js';
import { BIN } from './support/cli.js';
import { engine } from './support/engine.js';
import type { Home } from './support/home.js';
import { openSession, type Session } from './support/session.js';
import { statesIn, stays, TINY, tinyHome, viewIn } from './support/tiny.js';
import { until } from './support/until.js';

/** `api` says five lines a second; `web` depends on it; `cache` sleeps. */
const FILE = `services:
  api:
    image: ${TINY}
    command: ${stays('n=0; (while sleep 0.2; do n=$$((n + 1)); echo line $$n of api; done) & true')}
    mem_limit: 32m
  web: { image: ${TINY}, command: ${stays()}, depends_on: [api], mem_limit: 32m }
  cache:
    image: ${TINY}
    command: ${stays('httpd -p 80')}
    ports: ["127.0.0.1::80"]
    mem_limit: 32m
    x-laptop-dev: { start: manual }
`;

let own: Home;
let cwd: string;
beforeAll(async () => {
  own = await tinyHome({ LAPTOP_DEV_RESTART_PAUSE: '1s' });
  cwd = await own.project('dash', { 'compose.yaml': FILE });
  await own.ask(['up', 'api', 'web'], { cwd });
});
afterAll(() => own?.close());

/** The dashboard as a person starts it, in a shell that says afterwards how it ended and whether the terminal is as it was. */
async function open(columns: number, rows: number): Promise<Session> {
  const script = `before=$(stty -g); "${process.execPath}" "${BIN}"; code=$?; [ "$before" = "$(stty -g)" ] && echo "left with $code, as before"`;
  const opened = openSession('sh', ['-c', script], { cwd, env: own.env, columns, rows });
  onTestFinished(() => opened.kill());
  await opened.until(/web .*running/);
  return opened;
}

async function leave(opened: Session): Promise<void> {
  opened.type('q');
  expect(await opened.ended).toBe(0);
  expect(opened.screen.rows().join('\n')).toContain('left with 0, as before');
  expect(opened.screen.isAlternate).toBe(false);
  expect(opened.screen.modes).toMatchObject({ mouseTrackingMode: 'none', bracketedPasteMode: false, wraparoundMode: true });
  expect(opened.output().lastIndexOf('\u001b[?25h')).toBeGreaterThan(opened.output().lastIndexOf('\u001b[?25l'));
}

const shows = (opened: Session, what: RegExp) => what.test(opened.screen.rows().join('\n'));

it('filters, stops what a person confirms, starts it, opens logs, gets small, and leaves the terminal as it was', async () => {
  const opened = await open(200, 50);
  expect(shows(opened, /^. api +\S+ running/m)).toBe(true);
  opened.type('/');
  await opened.until(/^ filter/m);
  opened.type('we');
  await opened.until(screen => screen.rows().join('\n').includes('web') && !/^. api /m.test(screen.rows().join('\n')));
  opened.type('\r');
  opened.type('x');
  await opened.until('stop web?');
  expect(await statesIn(own, cwd)).toContain('web running');
  opened.type('n');
  await opened.until(screen => !screen.rows().join('\n').includes('stop web?'));
  opened.type('x');
  await opened.until('stop web?');
  opened.type('y');
  await opened.until(/^. web +\S+ stopped/m);
  expect(await statesIn(own, cwd)).toContain('web stopped');
  opened.type('u');
  await opened.until(/^. web +\S+ running/m);
  opened.type('/\u0015\r');
  await opened.until(/^. api +\S+ running/m);
  opened.type('gl');
  await opened.until(/line \d+ of api/);
  const last = Number(/line (\d+) of api/.exec(opened.screen.rows().join('\n'))?.[1]);
  await opened.until(`line ${last + 3} of api`);
  opened.resize(60, 16);
  await opened.until(
    screen =>
      screen.rows().length === 16 &&
      screen.rows()[15] === '' &&
      (screen.rows()[14] ?? '').includes('quit') &&
      /line \d+ of api/.test(screen.rows().join('\n')),
  );
  expect(opened.screen.rows().filter(row => row.length > 60)).toEqual([]);
  opened.type('h');
  await opened.until(/^. web +\S+ running/m);
  opened.resize(200, 50);
  await opened.until(screen => (screen.rows()[48] ?? '').includes('quit'));
  await leave(opened);
});

it('says that the daemon is gone, keeps the last screen, and goes on when it is back', async () => {
  const opened = await open(100, 30);
  process.kill(await own.daemonPid(), 'SIGKILL');
  await opened.until(/daemon has been gone/);
  expect(shows(opened, /web .*running/)).toBe(true);
  opened.type('j');
  opened.resize(80, 24);
  await opened.until(screen => (screen.rows()[22] ?? '').includes('quit') && screen.rows().join('\n').includes('daemon has been gone'));
  await own.ask(['daemon', 'start']);
  await opened.until(screen => !screen.rows().join('\n').includes('daemon has been gone'));
  opened.type('/api\rx');
  await opened.until('stop api?');
  opened.type('n');
  await leave(opened);
});

it('opens a shell in a service on the same terminal, and is there again when it ends', async () => {
  const opened = await open(100, 30);
  opened.type('/api\r');
  await opened.until(screen => !/^. web /m.test(screen.rows().join('\n')));
  opened.type('e');
  await opened.until(screen => !screen.isAlternate && /[#$] $/m.test(screen.rows().join('\n')));
  opened.type('stty size; echo in-$((40 + 2)); exit 3\r');
  await opened.until(screen => screen.isAlternate && screen.rows().join('\n').includes('The shell in api ended with 3.'));
  expect(opened.output()).toContain('in-42');
  expect(opened.output()).toContain('30 100');
  await leave(opened);
});

it('shows what others do, and what befalls a container', async () => {
  const opened = await open(100, 30);
  await own.ask(['stop', 'web'], { cwd });
  await opened.until(/web .*stopped/);
  await own.ask(['start', 'web'], { cwd });
  await opened.until(/web .*running/);
  const { container } = await viewIn(own, cwd, 'web');
  await engine('POST', `/containers/${container}/kill`);
  await opened.until('was stopped through the engine');
  expect(shows(opened, /web .*stopped/)).toBe(true);
  await leave(opened);
  await own.ask(['start', 'web'], { cwd });
});

it('ends the stream with its viewer', async () => {
  const viewers = async () => /laptop_dev_stream_clients (\d+)/.exec(await metrics())?.[1];
  const opened = await open(80, 24);
  await until('a viewer is counted', async () => (await viewers()) === '1');
  await leave(opened);
  await until('no viewer is counted', async () => (await viewers()) === '0');
});

function metrics(): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath: own.socket, path: '/metrics', headers: { host: HOST }, agent: false }, answer =>
      resolve(text(answer)),
    );
    call.once('error', reject);
    call.end();
  });
}
