import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Home, home } from './support/home.js';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');

let folder: string;
let own: Home;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ldt-pack-'));
  own = await home();
});
afterAll(async () => {
  await own?.close();
  await rm(folder, { recursive: true, force: true });
});

it('npm pack and npm i -g give a laptop-dev that finds its profiles, its stack and its daemon', async () => {
  const { stdout: packed } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: ROOT });
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  const prefix = join(folder, 'global');
  await run(
    'npm',
    ['i', '-g', '--prefix', prefix, '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', join(folder, filename)],
    { cwd: folder },
  );
  const program = join(prefix, 'bin/laptop-dev');
  const ask = async (...args: string[]) => JSON.parse((await run(program, [...args, '--json'], { cwd: folder, env: own.env })).stdout).data;
  expect(await ask('version')).toMatchObject({ version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
  expect(JSON.stringify(await ask('profiles'))).toContain('minimal');
  expect(JSON.stringify(await ask('config', 'show', 'minimal'))).toContain('laptop-dev/api');
  await ask('daemon', 'start');
  expect(await ask('budget')).toMatchObject({ granted: 0 });
  const { url } = await ask('dashboard', '--web', '--no-open');
  for (const file of ['', 'app.js', 'app.css']) expect([file, (await fetch(new URL(file, url))).status]).toEqual([file, 200]);
  await ask('daemon', 'stop');
});
