import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { VersionView } from '../api/contract.js';
import { readPid } from '../files/lock.js';
import { makeFolder, mayKeep } from '../files/read-kept.js';
import { type Failure, FailureError, type FailureOf, failure } from '../shared/failure.js';
import { parseFailure } from '../shared/parse-failure.js';
import { type Cli, remark } from './cli.js';
import { openFileLimit, tooFewFiles } from './open-files.js';

/** ms within which a new daemon has to report whether it started. Finding an engine may start one. */
const READY_WITHIN = 90_000;
/** ms for another daemon that is starting at this moment to answer. */
const OTHER_WITHIN = 15_000;

/** The daemon, started when it does not run; the engine too, by scripts/engine.sh, when there is none. */
export async function ensureDaemon(cli: Cli): Promise<VersionView> {
  const running = await runningDaemon(cli);
  if (running) {
    if (running.version !== cli.version)
      remark(
        cli,
        `The daemon is version ${running.version}, laptop-dev is ${cli.version}: stop it with laptop-dev daemon stop, then try again.`,
      );
    if (running.engine !== null) return withEngineAsked(cli, running, running.engine);
    await ensureEngine(cli, failure('engine-unavailable', 'The daemon has lost its container engine.'));
    return untilAnswers(cli, view => view.engine !== null);
  }
  const first = await launch(cli);
  if (first?.code !== 'engine-unavailable') return begun(cli, first);
  await ensureEngine(cli, first);
  return begun(cli, await launch(cli));
}

/** One daemon has one engine; its containers do not move to another. */
function withEngineAsked(cli: Cli, running: VersionView, { kind, endpoint }: NonNullable<VersionView['engine']>): VersionView {
  const asked = cli.options.engine;
  if (asked === undefined || asked === kind) return running;
  throw new FailureError(
    failure('engine-unavailable', `The daemon (PID ${running.pid}) uses ${kind} at ${endpoint}, and ${asked} was asked for.`, {}, [
      'Take everything down first: laptop-dev down --all, laptop-dev daemon stop; then try again',
    ]),
  );
}

/** The running daemon; null when there is none. Fails with daemon-unavailable when it does not answer within `limit` ms, and names its process. */
export async function runningDaemon(cli: Cli, limit?: number): Promise<VersionView | null> {
  try {
    return await cli.client.version(limit);
  } catch (error) {
    if (!(error instanceof FailureError) || error.failure.code !== 'daemon-unavailable') throw error;
    const { code } = error.failure.details;
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return null;
    throw code === 'ETIMEDOUT' ? named(error.failure, readPid(cli.paths.lockFile)) : error;
  }
}

function named(hung: FailureOf<'daemon-unavailable'>, pid: number | null): FailureError {
  const remedy = `kill -9 ${pid ?? 'its PID'} ends it; services keep running, and laptop-dev daemon start adopts them`;
  return new FailureError({
    ...hung,
    message: `${hung.message}${pid === null ? '' : ` It is PID ${pid}.`}`,
    details: { ...hung.details, pid },
    remedies: [remedy],
  });
}

async function begun(cli: Cli, failed: Failure | null): Promise<VersionView> {
  if (failed === null) {
    const view = await cli.client.version();
    for (const warning of view.engine?.warnings ?? []) remark(cli, `${cli.err.colours.yellow('warning:')} ${warning}`);
    return view;
  }
  // Two terminals at once: the daemon of the other has the lock and will answer soon.
  if (failed.code === 'daemon-running') return untilAnswers(cli, () => true, failed.details.pid);
  throw new FailureError(failed);
}

async function untilAnswers(cli: Cli, good: (view: VersionView) => boolean, pid: number | null = null): Promise<VersionView> {
  const end = Date.now() + OTHER_WITHIN;
  for (;;) {
    const view = await runningDaemon(cli);
    if (view && (good(view) || Date.now() > end)) return view;
    if (Date.now() > end) throw new FailureError(elsewhere(cli, pid));
    await new Promise(resolve => setTimeout(resolve, 100));
  }
}

/** The state is locked and no daemon answers: it hangs during its start, or listens at another socket than this command uses. */
function elsewhere({ paths }: Cli, pid: number | null): Failure {
  const which = pid === null ? 'A daemon' : `A daemon (PID ${pid})`;
  const message = `${which} uses the state in ${paths.stateDir} but does not answer at ${paths.socket}.`;
  return failure('daemon-unavailable', message, { ...paths, pid }, [
    'It may listen elsewhere: LAPTOP_DEV_SOCKET and XDG_RUNTIME_DIR must be the same for the daemon and for laptop-dev',
    ...(pid === null ? [] : [`kill ${pid} ends it; services keep running, and laptop-dev daemon start adopts them`]),
  ]);
}

/** Starts the daemon in the background and waits for its report; null: it is up. */
async function launch(cli: Cli): Promise<Failure | null> {
  const program = join(cli.packageRoot, 'dist', 'main.js');
  if (!existsSync(program))
    return failure('daemon-unavailable', `The daemon's program is missing: ${program}.`, {}, ['npm run build creates it.']);
  const few = tooFewFiles(openFileLimit());
  if (few) return few;
  makeFolder(cli.paths.stateDir);
  const log = openStartLog(cli.paths.startLog);
  const kind = cli.options.engine === undefined ? {} : { LAPTOP_DEV_ENGINE_KIND: cli.options.engine };
  const child = spawn(process.execPath, [...DAEMON_FLAGS, program], {
    detached: true,
    stdio: ['ignore', log, log, 'pipe'],
    env: { ...cli.env, ...kind, LAPTOP_DEV_READY_FD: '3' },
    cwd: '/',
  });
  if (log !== 'ignore') closeSync(log);
  child.unref();
  return heard(cli, child);
}

/** ignore: on a full disk the daemon starts without a log, so that services can still be stopped. */
function openStartLog(file: string): number | 'ignore' {
  mayKeep(file);
  try {
    return openSync(file, 'w', 0o600);
  } catch {
    return 'ignore';
  }
}

/**
 * Flags of the daemon's Node that keep it small (BENCHMARKS.md, "At rest"): a small young generation, and no compiler but the interpreter,
 * since it waits far more than it computes. Node 20 to 26 know all of them.
 */
export const DAEMON_FLAGS = [
  '--max-semi-space-size=1',
  '--no-opt',
  '--no-maglev',
  '--no-sparkplug',
  '--no-short-builtin-calls',
  '--optimize-for-size',
];

interface Word {
  readonly ok: boolean;
  readonly error?: unknown;
}

function heard(cli: Cli, child: ChildProcess): Promise<Failure | null> {
  const pipe = child.stdio[3] as Readable;
  return new Promise(resolve => {
    let text = '';
    const finish = (result: Failure | null) => {
      clearTimeout(late);
      pipe.destroy();
      resolve(result);
    };
    const late = setTimeout(() => finish(silent(cli, `did not get ready within ${READY_WITHIN / 1_000} s`)), READY_WITHIN);
    pipe.setEncoding('utf8').on('data', chunk => {
      text += chunk;
      if (!text.includes('\n')) return;
      const word: Word = JSON.parse(text.slice(0, text.indexOf('\n')));
      finish(word.ok ? null : word.error === undefined ? silent(cli, 'refused to start') : parseFailure(word.error));
    });
    pipe.on('end', () => finish(silent(cli, 'ended while it started')));
    child.on('error', error => finish(silent(cli, `could not be started: ${error.message}`)));
  });
}

/** It ended without a word: its last lines are all there is. */
function silent(cli: Cli, what: string): Failure {
  const lines = lastLines(cli.paths.startLog);
  const words = lines === '' ? '' : `\n${lines}`;
  return failure('daemon-unavailable', `The daemon ${what}.${words}`, { log: cli.paths.startLog });
}

function lastLines(file: string): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-10).join('\n');
  } catch {
    return '';
  }
}

/** Runs scripts/engine.sh ensure, which speaks to the user on stderr. Throws the failure given when it cannot help. */
async function ensureEngine(cli: Cli, missing: Failure): Promise<void> {
  const script = join(cli.packageRoot, 'scripts', 'engine.sh');
  // A socket that was named is the engine that is meant: no other one is started in its place.
  const named = cli.env['DOCKER_HOST'] || cli.env['LAPTOP_DEV_ENGINE']?.includes('/');
  if (named || !existsSync(script)) throw new FailureError(missing);
  const choice = cli.options.engine === undefined ? [] : ['--engine', cli.options.engine];
  const child = spawn(script, [...choice, 'ensure'], { stdio: ['inherit', 2, 2], env: cli.env });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  if (code !== 0) throw new FailureError(missing);
}
