import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BASE_REFERENCE } from '../../daemon/images/base/base-reference.js';
import { openEngine } from './support/open-engine.js';
import { openImages } from './support/open-images.js';
import { tinyImage } from './support/tiny-image.js';

const SCRIPT = join(import.meta.dirname, '../../scripts/engine.sh');
const folder = mkdtempSync(join(tmpdir(), 'ldt-stack-engine-'));
const socket = join(folder, 'docker.sock');
const endpoint = `unix://${socket}`;

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}
function run(args: readonly string[], env: Readonly<Record<string, string | undefined>> = {}): Promise<Outcome> {
  return new Promise(resolve => {
    const all = { ...process.env, LAPTOP_DEV_ENGINE: undefined, DOCKER_HOST: undefined, ...env };
    execFile(SCRIPT, [...args], { env: all, cwd: '/' }, (error, out, err) => resolve({ code: Number(error?.code ?? 0), out, err }));
  });
}

/** A second dockerd of this machine's own program, in a network namespace of its own, so that it never touches the first one's bridge. */
const own = {
  PATH: `${folder}/bin:${process.env['PATH']}`,
  DOCKER_HOST: endpoint,
  LAPTOP_DEV_ENGINE_RUN: join(folder, 'run'),
  LAPTOP_DEV_ENGINE_LOGS: join(folder, 'log'),
  LAPTOP_DEV_DOCKERD_ARGS: [
    '--bridge=none --iptables=false --ip-masq=false --cgroup-parent ldt-stack',
    `--data-root ${folder}/data --exec-root ${folder}/exec --pidfile ${folder}/docker.pid`,
  ].join(' '),
};

beforeAll(() => {
  const dockerd = execFileSync('sh', ['-c', 'PATH=$PATH:/usr/sbin command -v dockerd'], { encoding: 'utf8' }).trim();
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin/dockerd'), `#!/bin/sh\nexec unshare --net ${dockerd} "$@"\n`);
  chmodSync(join(folder, 'bin/dockerd'), 0o755);
});
afterAll(async () => {
  await run(['stop'], own);
  rmSync(folder, { recursive: true, force: true });
});

test('an engine that runs is seen, and left alone', async () => {
  const { LAPTOP_DEV_ENGINE_RUN, LAPTOP_DEV_ENGINE_LOGS } = own;
  const place = { LAPTOP_DEV_ENGINE_RUN, LAPTOP_DEV_ENGINE_LOGS };
  const seen = await run(['status'], place);
  expect([seen.code, seen.out]).toEqual([0, expect.stringMatching(/^docker answers at \/\S+ \(not started by this script\)\n$/)]);
  expect(await run(['ensure'], place)).toEqual({ code: 0, out: '', err: '' });
  expect((await run(['stop'], place)).err).toContain('nothing to stop');
  expect((await run(['status'], place)).code).toBe(0);
});

test('an installed engine is started, found again, used, and ended', async () => {
  const before = await run(['status'], own);
  expect([before.code, before.err]).toEqual([4, expect.stringContaining('installed, but does not run')]);
  const [one, two] = await Promise.all([run(['ensure'], own), run(['ensure'], own)]);
  expect([one.code, two.code]).toEqual([0, 0]);
  expect(`${one.err}${two.err}`.match(/dockerd runs \(PID \d+/g)).toHaveLength(1);
  expect((await run(['status'], own)).out).toContain('started by this script, PID ');
  expect((await run(['address'], own)).out.trim()).toBe(endpoint);

  // The way by which a machine with a registry gets its base: derived from Debian's image, here a stand-in of that name.
  await tinyImage(endpoint, 'debian:trixie-slim');
  const images = await openImages(endpoint);
  await images.ensure({ reference: BASE_REFERENCE });
  images.remove();
  const { Config } = await openEngine(endpoint).getImage(BASE_REFERENCE).inspect();
  expect(Config.Labels?.['laptop-dev.base-origin']).toBe('debian:trixie-slim');

  const pid = /^(\d+)/.exec(readFileSync(join(folder, 'run/dockerd.pid'), 'utf8'))?.[1];
  expect((await run(['stop'], own)).err).toContain(`dockerd (PID ${pid}) has ended`);
  expect(existsSync(`/proc/${pid}`)).toBe(false);
  expect((await run(['status'], own)).code).toBe(4);
});

test('a PID file of a process that is not ours ends nobody', async () => {
  mkdirSync(own.LAPTOP_DEV_ENGINE_RUN, { recursive: true });
  writeFileSync(join(own.LAPTOP_DEV_ENGINE_RUN, 'dockerd.pid'), `${process.pid} 1\n`);
  expect((await run(['stop'], own)).err).toContain('nothing to stop');
});

test('an engine that ends at once is told with its last words', async () => {
  const failed = await run(['start'], { ...own, LAPTOP_DEV_DOCKERD_ARGS: '--nonsense' });
  expect([failed.code, failed.err]).toEqual([4, expect.stringContaining('unknown flag: --nonsense')]);
});

test.each([[[]], [['fly']], [['--engine', 'rkt', 'status']]])('%j is answered with how to use it', async args => {
  const refused = await run(args);
  expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('ensure|start|stop|status')]);
});
