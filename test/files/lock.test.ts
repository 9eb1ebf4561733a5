import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { takeLock } from '../../daemon/files/lock.js';
import { type Failure, FailureError } from '../../daemon/shared/failure.js';
import { byGear } from '../support/deep.js';
import { tempFolder } from './support/kept.js';

/** Takes the lock and says what came of it; holds it until it is killed. `dist/main.js` is the program's name, as a daemon's. */
const PROGRAM = `
import { takeLock } from './lock.js';
const [lockFile, flock] = process.argv.slice(2);
try {
  const { squatter } = await takeLock(lockFile, process.pid, flock);
  console.log(JSON.stringify({ got: true, squatter }));
  setInterval(() => {}, 1000);
} catch (error) {
  console.log(JSON.stringify({ got: false, ...error.failure }));
}`;

let program: string;
beforeAll(async () => {
  program = join(mkdtempSync(join(tmpdir(), 'laptop-dev-lock-')), 'dist/main.js');
  const resolveDir = join(import.meta.dirname, '../../daemon/files');
  await build({
    stdin: { contents: PROGRAM, resolveDir },
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
  });
});
afterAll(() => rmSync(dirname(dirname(program)), { recursive: true }));

interface Said {
  readonly got: boolean;
  readonly squatter: string | null;
  readonly code?: string;
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('it has no output');
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error('it said nothing');
}

async function lock(file: string, flock = 'flock'): Promise<Said & { readonly child: ChildProcess }> {
  const child = spawn(process.execPath, [program, file, flock], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return { ...JSON.parse(await firstLine(child)), child };
}

/** What this process is told that asks for the lock of another: one that is not given it needs no process of its own. */
async function refusal(file: string, flock = 'flock'): Promise<Failure> {
  const found = await takeLock(file, process.pid, flock).catch((error: unknown) => error);
  if (found instanceof FailureError) return found.failure;
  throw new Error(`it is not refused: ${String(found)}`);
}

const nameOf = (file: string) => `laptop-dev-${createHash('sha256').update(file).digest('hex').slice(0, 32)}`;

/** A process that holds the name and answers nobody; `uid`: as which user, `as`: the name of its program. */
async function squat(file: string, uid: number | null, script = `${dirname(program)}/squatter.mjs`): Promise<ChildProcess> {
  const text = `require('net').createServer().listen('\\0${nameOf(file)}', () => console.log('held')); setInterval(() => {}, 1000)`;
  const user = uid === null ? {} : { uid, gid: uid };
  const child = spawn(process.execPath, ['-e', text, script], { stdio: ['ignore', 'pipe', 'inherit'], cwd: '/', ...user });
  expect(await firstLine(child)).toBe('held');
  return child;
}

const RIVALS = byGear({ deep: 12, usual: 12, fast: 4 });

it('is given to one of many that want it at once, and to the next when that one is killed', async () => {
  const file = join(tempFolder(), 'daemon.lock');
  const all = await Promise.all(Array.from({ length: RIVALS }, () => lock(file)));
  const [holder, ...more] = all.filter(({ got }) => got);
  expect(more).toEqual([]);
  expect(new Set(all.filter(({ got }) => !got).map(({ code }) => code))).toEqual(new Set(['daemon-running']));
  expect(await refusal(file)).toMatchObject({ code: 'daemon-running', message: `A daemon runs already, PID ${holder?.child.pid}.` });
  holder?.child.kill('SIGKILL');
  await new Promise(resolve => holder?.child.once('exit', resolve));
  expect(await lock(file)).toMatchObject({ got: true, squatter: null });
}, 60_000);

it('is held against one whose lock file, or whole state folder, was removed meanwhile', async () => {
  const file = join(tempFolder(), 'daemon.lock');
  const { child } = await lock(file);
  rmSync(file);
  expect(await refusal(file)).toMatchObject({ code: 'daemon-running', message: `A daemon runs already, PID ${child.pid}.` });
});

describe.runIf(process.getuid?.() === 0)('where another user holds the name', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ld-files-'));
  const file = join(folder, 'daemon.lock');
  let squatter: ChildProcess;
  beforeAll(async () => {
    squatter = await squat(file, 65_534);
  });
  afterAll(() => {
    squatter.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  it('says who holds the name where there is no flock(1) to go without it', async () => {
    const { pid } = squatter;
    const found = await refusal(file, '/nowhere/flock');
    expect(found.code).toBe('daemon-unavailable');
    expect(found.message).toContain(`is held by node (PID ${pid}) of nobody`);
    expect(found.remedies.join()).toContain(`sudo kill ${pid}`);
  });

  it('is taken although that name is held, which earlier versions lock, and that user is named', async () => {
    expect(await lock(file)).toMatchObject({ got: true, squatter: `node (PID ${squatter.pid}) of nobody` });
    expect(await refusal(file)).toMatchObject({ code: 'daemon-running' });
  });
});

it('without flock(1) is the name alone', async () => {
  const file = join(tempFolder(), 'daemon.lock');
  expect(await lock(file, '/nowhere/flock')).toMatchObject({ got: true });
  expect(await refusal(file, '/nowhere/flock')).toMatchObject({ code: 'daemon-running' });
});
