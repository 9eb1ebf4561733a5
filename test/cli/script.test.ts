import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const SCRIPT = new URL('../../scripts/laptop-dev.sh', import.meta.url).pathname;

let root = '';
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'ld script ')));
  for (const folder of ['scripts', 'daemon', 'bin', 'elsewhere']) mkdirSync(join(root, folder));
  copyFileSync(SCRIPT, join(root, 'scripts', 'laptop-dev.sh'));
  for (const file of ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'daemon/a.ts']) writeFileSync(join(root, file), '{}');
  // An npm that notes what it is asked, and builds a program that says where it runs and with what.
  tool('npm', `echo "$PWD: $*" >> "${root}/npm.log"
case "$*" in
  ci*) [ -z "$FAIL_CI" ] || { echo no network; exit 1; }; mkdir -p node_modules && touch node_modules/.package-lock.json ;;
  *build) [ -z "$FAIL_BUILD" ] || { echo 'a.ts(1,1): error'; exit 2; }; mkdir -p dist/cli; echo 'printf "[\\"%s\\"" "$PWD"; for word; do printf ",\\"%s\\"" "$word"; done; echo "]"' > dist/cli/bin.js ;;
esac`); // biome-ignore format: a script
  // What stands for Node says its version, and has the shell run the program: forty starts of Node would test Node.
  tool('node', `[ "$1" != -p ] || exec echo ${process.versions.node}; exec /bin/sh "$@"`);
});
afterEach(() => rmSync(root, { recursive: true }));

function tool(name: string, body: string): void {
  writeFileSync(join(root, 'bin', name), `#!/bin/sh\n${body}\n`);
  chmodSync(join(root, 'bin', name), 0o755);
}

function run(options: { args?: string[]; env?: Record<string, string>; path?: string; cwd?: string; script?: string } = {}) {
  const { args = [], env = {}, path = `${join(root, 'bin')}${delimiter}${process.env['PATH']}`, cwd = root } = options;
  const script = options.script ?? join(root, 'scripts', 'laptop-dev.sh');
  const { status, stdout, stderr } = spawnSync(script, args, { cwd, env: { PATH: path, ...env }, encoding: 'utf8' });
  const log = join(root, 'npm.log');
  const asked = existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
  rmSync(log, { force: true });
  return { status, out: stdout.trim(), err: stderr.trim(), asked: asked.map(line => line.replace(`${root}: `, '')) };
}

/** Times of files have a grain: what is to be newer is put into the future. */
function touchLater(file: string, seconds: number): void {
  const at = Date.now() / 1_000 + seconds;
  utimesSync(join(root, file), at, at);
}

describe('scripts/laptop-dev.sh', () => {
  it('installs and builds once, then only runs, in the caller’s folder and through links', () => {
    const first = run({ args: ['up', 'a b', '--x'], cwd: join(root, 'elsewhere') });
    expect(first.asked).toEqual(['ci --ignore-scripts --include=dev --no-audit --no-fund', 'run --silent build']);
    expect(JSON.parse(first.out)).toEqual([join(root, 'elsewhere'), 'up', 'a b', '--x']);
    expect(first.err.split('\n')).toEqual(['laptop-dev: installing packages (npm ci, about half a minute) …', 'laptop-dev: building …']);
    symlinkSync('../scripts/laptop-dev.sh', join(root, 'elsewhere', 'one'));
    symlinkSync(join(root, 'elsewhere', 'one'), join(root, 'two'));
    const second = run({ script: join(root, 'two'), args: ['ps'], cwd: '/' });
    expect(second).toEqual({ status: 0, out: '["/","ps"]', err: '', asked: [] });
  });

  it('builds again when a source is newer, installs again when the lock changed', () => {
    run();
    touchLater('daemon/a.ts', 10);
    expect(run().asked).toEqual(['run --silent build']);
    appendFileSync(join(root, 'package-lock.json'), ' ');
    touchLater('package-lock.json', 60);
    expect(run().asked).toEqual(['ci --ignore-scripts --include=dev --no-audit --no-fund', 'run --silent build']);
  });

  it('leaves packages alone that somebody installed by hand', () => {
    mkdirSync(join(root, 'node_modules'));
    writeFileSync(join(root, 'node_modules', '.package-lock.json'), '{}');
    expect(run().asked).toEqual(['run --silent build']);
  });

  it('runs an installed package, which has no sources, as it is', () => {
    run();
    rmSync(join(root, 'daemon'), { recursive: true });
    rmSync(join(root, 'node_modules'), { recursive: true });
    expect(run({ args: ['ps'] })).toMatchObject({ status: 0, asked: [] });
  });

  it('shows the last words of what failed, and does not take it for done', () => {
    const install = run({ env: { FAIL_CI: '1' } });
    expect([install.status, install.err]).toEqual([
      4,
      expect.stringContaining('no network\nlaptop-dev: npm ci failed; its last words are above.'),
    ]);
    const build = run({ env: { FAIL_BUILD: '1' } });
    expect([build.status, build.err]).toEqual([4, expect.stringContaining('a.ts(1,1): error\nlaptop-dev: the build failed')]);
    expect(run().status).toBe(0);
  });

  it('says which Node is needed', () => {
    tool('node', 'echo 18.19.1');
    expect(run()).toMatchObject({
      status: 4,
      err: expect.stringContaining('Node.js 20.19 or later is needed; this is 18.19.1'),
      asked: [],
    });
    rmSync(join(root, 'bin', 'node'));
    for (const name of ['bash', 'dirname', 'readlink']) symlinkSync(join('/usr/bin', name), join(root, 'bin', name));
    expect(run({ path: join(root, 'bin') })).toMatchObject({ status: 4, err: expect.stringContaining('there is none on the PATH') });
  });
});
