import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { browserCommand, openBrowser } from '../../daemon/cli/commands/dashboard/web.js';

const all = () => true;

it.each([
  ['WSL with wslview', { WSL_DISTRO_NAME: 'Ubuntu' }, all, 'wslview'],
  ['WSL without it', { WSL_DISTRO_NAME: 'Ubuntu' }, (name: string) => name !== 'wslview', 'explorer.exe'],
  [
    'WSL without Windows programs, with a screen',
    { WSL_INTEROP: '/run/WSL/1', DISPLAY: ':0' },
    (name: string) => name === 'xdg-open',
    'xdg-open',
  ],
  ['a desktop', { DISPLAY: ':0' }, all, 'xdg-open'],
  ['Wayland', { WAYLAND_DISPLAY: 'wayland-0' }, all, 'xdg-open'],
  ['a desktop without xdg-open', { DISPLAY: ':0' }, () => false, null],
  ['no screen', {}, all, null],
  ['over ssh', { DISPLAY: ':10', SSH_CONNECTION: '10.0.0.1 1 10.0.0.2 22' }, all, null],
  ['CI', { DISPLAY: ':0', CI: 'true' }, all, null],
])('%s: %o', (_, env, has, command) => {
  expect(browserCommand(env, has)).toBe(command);
});

it('starts what is on the PATH, and says when there is nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ld-open-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  expect(await openBrowser('http://127.0.0.1:1/', { DISPLAY: ':0', PATH: folder })).toBe(false);
  writeFileSync(join(folder, 'xdg-open'), '#!/bin/sh\n', { mode: 0o755 });
  expect(await openBrowser('http://127.0.0.1:1/', { DISPLAY: ':0', PATH: folder })).toBe(true);
});
