import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { sampled } from '../support/deep.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** All that a person can run; laptop-dev.sh and monitor-resources.sh hand --help to the program. */
const SCRIPTS = ['scripts', 'test/hosts']
  .flatMap(folder => readdirSync(join(ROOT, folder)).map(name => join(folder, name)))
  .filter(path => /\.(sh|mjs)$/.test(path) && !/laptop-dev\.sh|monitor-resources\.sh/.test(path) && path !== 'test/hosts/images.mjs');

it.each(sampled(SCRIPTS))('%s says with --help what it does, and does nothing', path => {
  // Nothing that it could do work with is on the PATH.
  const bare = mkdtempSync(join(tmpdir(), 'ldt-help-'));
  try {
    const [program, args] = path.endsWith('.mjs') ? [process.execPath, []] : ['/bin/bash', []];
    const env = { PATH: `${bare}:/usr/bin:/bin`, HOME: bare };
    const { status, stdout, stderr } = spawnSync(program, [...args, join(ROOT, path), '--help'], {
      cwd: bare,
      env,
      encoding: 'utf8',
      timeout: 15_000,
    });
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout.toLowerCase()).toContain(path.split('/').at(-1)?.split('.')[0]);
    expect(readdirSync(bare)).toEqual([]);
  } finally {
    rmSync(bare, { recursive: true, force: true });
  }
});
