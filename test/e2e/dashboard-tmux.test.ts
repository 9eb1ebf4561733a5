import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { BIN } from './support/cli.js';
import type { Home } from './support/home.js';
import { stays, TINY, tinyHome, viewIn } from './support/tiny.js';
import { openTmux } from './support/tmux.js';

const FILE = `services:
  api: { image: ${TINY}, command: ${stays()}, mem_limit: 32m }
  web: { image: ${TINY}, command: ${stays()}, mem_limit: 32m }
`;

let own: Home;
let cwd: string;
beforeAll(async () => {
  own = await tinyHome();
  cwd = await own.project('tmux', { 'compose.yaml': FILE });
  await own.ask(['up'], { cwd });
});
afterAll(() => own?.close());

it('works in tmux: moves, asks, stops, fits when the window changes, and leaves the shell as it was', async () => {
  const script = `echo before; "${process.execPath}" "${BIN}" dashboard; echo "left with $?"; exec cat`;
  const window = await openTmux(script, { cwd, env: own.env, columns: 120, rows: 30 });
  onTestFinished(() => window.end());
  await window.shows(/api +● running[\s\S]*web +● running/);
  await window.keys('j', 'x');
  await window.shows(/stop web\?/);
  await window.keys('y');
  await window.shows(/web .*stopped/);
  expect((await viewIn(own, cwd, 'web')).state).toBe('stopped');
  await window.resize(60, 16);
  const small = await window.shows(/q quit/);
  expect(small.trimEnd().split('\n').length).toBeLessThanOrEqual(16);
  expect(Math.max(...small.split('\n').map(line => [...line].length))).toBeLessThanOrEqual(60);
  await window.resize(200, 50);
  await window.shows(/api +● running[^\n]{60}/);
  expect([await window.flag('alternate_on'), await window.flag('cursor_flag')]).toEqual(['1', '0']);
  await window.keys('q');
  const after = await window.shows(/left with 0/);
  expect(after.trim().split('\n')).toEqual(['before', 'left with 0']);
  expect([await window.flag('alternate_on'), await window.flag('cursor_flag'), await window.flag('mouse_any_flag')]).toEqual([
    '0',
    '1',
    '0',
  ]);
});
