import { spawn } from '@lydell/node-pty';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { Live, LiveService, StreamFrame } from '../../daemon/api/live.js';
import { applyDelta } from '../../daemon/api/live-delta.js';
import { send } from '../server/harness.js';
import { byGear } from '../support/deep.js';
import { BIN } from './support/cli.js';
import type { Home } from './support/home.js';
import { streamLoad } from './support/stream-load.js';
import { stays, TINY, tinyHome } from './support/tiny.js';
import { patience } from './support/until.js';

const COUNT = byGear({ deep: 20, usual: 8, fast: 8 });
/** That each of the hundred has to have had, one a second. */
const PICTURES = byGear({ deep: 10, usual: 5, fast: 5 });
const MB = 1024 * 1024;

let own: Home;
let cwd: string;
beforeAll(async () => {
  own = await tinyHome({ LAPTOP_DEV_STREAM_CLIENTS: '101' });
  const service = (name: string) =>
    `  ${name}: { image: ${TINY}, command: ${stays("trap 'exit 3' USR1")}, mem_limit: 16m, restart: "no" }\n`;
  const names = ['web', ...Array.from({ length: COUNT - 1 }, (_, at) => `s${at}`)];
  cwd = await own.project('live', { 'compose.yaml': `services:\n${names.map(service).join('')}` });
  await own.ask(['daemon', 'start']);
});
afterAll(() => own?.close());

const project = () => `${own.name}-live`;

/** The picture as the stream tells it, until it fits; all notices that came meanwhile. */
async function follow(fits: (web: LiveService | undefined, live: Live) => boolean, act: () => Promise<unknown> = async () => undefined) {
  let live: Live | null = null;
  const frames: StreamFrame[] = [];
  let acting: Promise<unknown> | null = null;
  for await (const frame of own.client.stream({ every: 250, project: project(), signal: AbortSignal.timeout(patience(120_000)) })) {
    frames.push(frame);
    if (frame.type === 'snapshot') live = frame.live;
    if (frame.type === 'delta' && live) live = applyDelta(live, frame.live);
    acting ??= act();
    if (live && fits(live.services.find(({ name }) => name === 'web'), live)) break; // biome-ignore format: short
  }
  await acting;
  return { frames, notices: frames.flatMap(frame => (frame.type === 'notice' ? frame.notice : [])) };
}

test('an up is seen as it goes on: starting, running, its notices, and what it uses', async () => {
  const states = new Set<string>();
  const { notices, frames } = await follow(
    (web, { services }) => {
      if (web) states.add(web.state);
      return services.length === COUNT && services.every(({ state, usage }) => state === 'running' && usage !== null);
    },
    () => own.ask(['up'], { cwd }),
  );
  expect([...states].slice(-2)).toEqual(['starting', 'running']);
  const ofWeb = notices.filter(({ service }) => service === 'web').map(({ kind }) => kind);
  // It has neither a port nor a health check: nobody can say that it is ready.
  expect(ofWeb).toEqual(expect.arrayContaining(['starting', 'running']));
  expect(frames.map(({ seq }) => seq)).toEqual(frames.map((_, at) => at + 1));
});

test('the death of a container arrives, and who comes again finds it in the snapshot', async () => {
  const { notices } = await follow(
    service => service?.state === 'failed',
    () => own.cli(['exec', 'web', 'kill', '-USR1', '1'], { cwd }),
  );
  expect(notices.map(({ service, level }) => [service, level])).toContainEqual(['web', 'error']);
  const { frames } = await follow(() => true);
  expect(frames).toMatchObject([{ type: 'snapshot', seq: 1 }]);
  const [first] = frames;
  expect(first?.type === 'snapshot' && first.live.services.find(({ name }) => name === 'web')?.state).toBe('failed');
  await own.ask(['start', 'web'], { cwd });
  await follow(service => service?.state === 'running' && service.usage !== null);
});

test('stats tells it to people and programs', async () => {
  const { services } = await own.ask<{ services: LiveService[] }>(['stats', 'web', 's1', '--no-stream'], { cwd });
  expect(services.map(({ name, state }) => [name, state]).sort()).toEqual([['s1', 'running'], ['web', 'running']]); // biome-ignore format: short
  for (const { usage } of services) expect(usage?.workingSet).toBeGreaterThan(0);
  const { code, stdout } = await own.cli(['stats'], { cwd });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^NAME +STATE +MEMORY/);
  expect(stdout).toMatch(/^web +running +[\d.]+\/16 MB/m);
  expect(stdout.trimEnd().split('\n')).toHaveLength(COUNT + 3);
});

test('stats on a terminal is redrawn until q, and gives the terminal back', async () => {
  const { CI: _, ...env } = own.env;
  const terminal = spawn(process.execPath, [BIN, 'stats', '--every', '250ms'], {
    cwd,
    env: { ...env, TERM: 'xterm', NO_COLOR: '1' },
    cols: 80,
    rows: 24,
  });
  onTestFinished(() => terminal.kill());
  let output = '';
  let quit = false;
  terminal.onData(data => {
    output += data;
    // A table, and a part of it that was drawn again.
    if (quit || !output.split('q: quit')[1]?.includes('\u001b[?2026h')) return;
    quit = true;
    terminal.write('q');
  });
  expect(await new Promise(resolve => terminal.onExit(({ exitCode }) => resolve(exitCode)))).toBe(0);
  const [live = '', after = ''] = output.split('\u001b[?25h\u001b[?1049l');
  expect(live.startsWith('\u001b[?2026h\u001b[?1049h\u001b[?25l')).toBe(true);
  expect(after).toMatch(/^NAME +STATE.*web +running.*available.*\r\n$/s);
});

test('/metrics is there for curl, and a history for a chart', async () => {
  const { status, text } = await send(own.socket, 'GET', '/metrics', { headers: { host: 'localhost' } });
  expect(status).toBe(200);
  expect(text).toMatch(
    new RegExp(`^container_memory_working_set_bytes\\{name="${project()}-web-1",project="${project()}",service="web"\\} [1-9]\\d+$`, 'm'),
  );
  expect(text).toMatch(/^laptop_dev_engine_up 1$/m);
  const { entries } = await own.client.history(project(), 'web', { span: '15m' });
  expect(entries.every(({ workingSet }) => workingSet > 0)).toBe(true);
});

test('100 clients at 1 Hz and one that never reads: the daemon grows by less than 30 MB, and nobody misses a frame', async () => {
  const { before, most, gaps, deltas, closed } = await streamLoad(own, 100, PICTURES);
  expect({ gaps, closed }).toEqual({ gaps: 0, closed: [] });
  expect(Math.min(...deltas)).toBeGreaterThanOrEqual(PICTURES);
  expect((most - before) / MB).toBeLessThan(30);
});

test('the daemon goes: the stream ends with daemon-unavailable', async () => {
  const stream = own.client.stream();
  await stream.next();
  await own.ask(['daemon', 'stop']);
  const rest = (async () => {
    for await (const _ of stream);
  })();
  await expect(rest).rejects.toMatchObject({ failure: { code: 'daemon-unavailable' } });
});
