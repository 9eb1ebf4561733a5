import { existsSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createActivator } from './activation/activator.js';
import { expectConnection, isLocalAddress } from './activation/own-address.js';
import { untilReady } from './activation/probe.js';
import { readNetworkPools, readPrune, readRelist, readSettings, readStreamClients, readWebIdle } from './config/settings.js';
import type { Endpoint, TlsMaterial } from './engine/client/endpoint.js';
import { createContainers } from './engine/containers.js';
import { findEngine } from './engine/discovery/find-engine.js';
import { listeningPorts } from './engine/published/port-owner.js';
import { takeLock } from './files/lock.js';
import { findPaths, instanceOf } from './files/paths.js';
import { DAEMON_NAME } from './files/process.js';
import { makeFolder } from './files/read-kept.js';
import { createHistory } from './history/history.js';
import { createHostMemory } from './host/host-memory.js';
import { createUsage } from './host/usage.js';
import { createImages } from './images/images.js';
import { openLog } from './log.js';
import type { Clock, Containers, Log } from './ports/ports.js';
import type { ReclaimCache } from './ports/reclaim.js';
import type { RedirectManager } from './ports/redirects.js';
import type { WindowsMemory } from './ports/windows-memory.js';
import { createSupervisor } from './runtime/create-supervisor.js';
import { createScheduler } from './schedule/scheduler.js';
import { createTickFile } from './schedule/tick-file.js';
import { buildApp } from './server/app.js';
import { REQUEST_LIMITS } from './server/bare-app.js';
import { listenUnix } from './server/listen.js';
import { wrongIntent } from './server/wrong-intent.js';
import { type Failure, FailureError, failure } from './shared/failure.js';
import { shown } from './shared/printable.js';
import { createStateFile } from './state-file/state-file.js';
import { exitProcess } from './ui/shared/exit.js';

/** Where whoever started the daemon waits for one line: {ok: true, pid} or {ok: false, error}. */
const READY_FD = Number(process.env['LAPTOP_DEV_READY_FD'] ?? 'NaN');

/** Sets rules of the kernel for a daemon that may not: scripts/build.sh nft makes it. */
const HELPER_IMAGE = 'laptop-dev/nft';

/** Longest wait in ms for the first look at the engine. */
const FIRST_LOOK = 3_000;

const clock: Clock = { now: () => performance.now(), wall: () => Date.now() };

/** Takes 15 ms: only for expressions that need it. */
const loadCron = () => import('node-cron');

const after = (ms: number, run: () => void) => {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
};

/** The composition root: everything is put together here, and nowhere else are signals and exit codes handled. */
async function main(): Promise<void> {
  process.umask(0o077);
  const paths = findPaths(process.env, userInfo().uid, homedir(), existsSync);
  makeFolder(paths.stateDir);
  const { squatter } = await takeLock(paths.lockFile, process.pid);
  nameProcess();
  const log = openLog(paths.logFile, process.env['LAPTOP_DEV_LOG_LEVEL'] ?? 'info', process.env['LAPTOP_DEV_FOREGROUND'] === '1');
  process.on('uncaughtException', error => log.error({ err: error }, 'a bug: nobody caught this'));
  process.on('unhandledRejection', error => log.error({ err: error }, 'a bug: nobody caught this'));
  if (squatter !== null) log.warn({ squatter }, 'the name that earlier versions lock is held by another process; it is not needed');
  const instance = instanceOf(userInfo().uid, paths);
  const { containers, endpoint, tls } = await connect(log, instance, paths.holdsFile);
  let end: () => void = () => undefined;
  const ended = new Promise<void>(resolve => {
    end = resolve;
  });
  const webIdle = readWebIdle(process.env);
  const host = createHostMemory({ proc: process.env['LAPTOP_DEV_PROC'] || '/proc' });
  const { supervisor, looked, close } = createSupervisor({
    containers,
    images: createImages({ endpoint, stateDir: paths.stateDir, log }),
    // For tests: as on Docker Desktop, whose containers run on another machine.
    usage: createUsage(process.env['LAPTOP_DEV_FIGURES'] === 'engine' ? { root: '/dev/null' } : {}),
    history: createHistory({ folder: paths.historyDir, clock, log }),
    host,
    windowsMemory: windowsMemory(join(paths.stateDir, 'windows.json')),
    store: createStateFile(paths.stateFile, wrongIntent),
    clock,
    log,
    policy: readSettings(process.env, host.read().total),
    budgetFixed: Boolean(process.env['LAPTOP_DEV_BUDGET']),
    version: version(),
    instance,
    pid: process.pid,
    openListeners: hooks => createActivator(hooks, { log, clock }),
    openRedirectManager: helper => kernelPath(instance, log, helper ? { url: endpoint, tls } : null),
    isLocal: isLocalAddress,
    expectConnection,
    listening: pid => listeningPorts(pid),
    untilReady,
    reclaimCache,
    openMemoryRequests: async () => (await import('./memory-requests/memory-requests.js')).createMemoryRequests(),
    openScheduler: hooks =>
      createScheduler({
        ...hooks,
        clock,
        log,
        file: createTickFile(paths.tickFile, error => log.warn({ err: error }, 'the times of the last ticks are not kept')),
        loadCron,
        after,
      }),
    pruneAt: readPrune(process.env),
    relist: readRelist(process.env),
    onShutdown: () => end(),
  });
  const app = buildApp({ supervisor, log, web: { idle: webIdle } }, { ...REQUEST_LIMITS, streams: readStreamClients(process.env) });
  // Who asks before that would be told that nothing runs. A hung engine keeps nobody waiting for long.
  await Promise.race([looked, pause(FIRST_LOOK)]);
  await listenUnix(app, paths.socket);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, end);
  process.on('SIGHUP', () => undefined); // the terminal it was started from may close
  log.info({ pid: process.pid, endpoint, instance }, 'the daemon is up');
  tell({ ok: true, pid: process.pid });
  await ended;
  log.info({}, 'the daemon ends; services keep running');
  await app.close();
  await close();
  containers.close();
  rmSync(paths.socket, { force: true });
  rmSync(paths.lockFile, { force: true });
}

/** For `ps` and for those who look for the owner of a port: not one Node among others. */
function nameProcess(): void {
  try {
    writeFileSync('/proc/self/comm', DAEMON_NAME);
  } catch {
    // Only a name. Nothing is kept: /proc has no files that could be half written.
  }
}

async function connect(
  log: Log,
  instance: string,
  holdsFile: string,
): Promise<{ containers: Containers; endpoint: string; tls: TlsMaterial | null }> {
  const kind = process.env['LAPTOP_DEV_ENGINE_KIND'];
  const choice = kind === 'docker' || kind === 'podman' ? kind : null;
  const search = await findEngine({ env: process.env, home: homedir(), uid: userInfo().uid, choice });
  if (!search.found) throw new FailureError(search.failure);
  const { tls } = search.found;
  const endpoint = search.found.endpoint.startsWith('/') ? `unix://${search.found.endpoint}` : search.found.endpoint;
  const networkPools = readNetworkPools(process.env);
  const pools = networkPools === undefined ? {} : { networkPools };
  return { containers: createContainers({ endpoint, tls, instance, log, holdsFile, ...pools }), endpoint, tls };
}

/** Loaded when it is asked for; `helper`: the engine that may run one. */
async function kernelPath(instance: string, log: Log, helper: Endpoint | null): Promise<RedirectManager> {
  const { openRedirectManager } = await import('./redirects/manager.js');
  if (helper === null) return openRedirectManager({ instance, log });
  const { createHostNetworkShell } = await import('./engine/client/host-network-shell.js');
  return openRedirectManager({ instance, log, helper: createHostNetworkShell(helper, HELPER_IMAGE) });
}

/** LAPTOP_DEV_HOST_ROOT: for tests, another root for /proc, /sys and /mnt. */
const wslHost = () => ({ root: process.env['LAPTOP_DEV_HOST_ROOT'] ?? '', env: process.env });

/** Loaded when it is asked for. */
const reclaimCache: ReclaimCache = async (asked, goesOn) => {
  const { createReclaimCache } = await import('./platform/wsl/reclaim.js');
  return createReclaimCache(wslHost())(asked, goesOn);
};

/** Loaded when somebody watches under WSL, and nowhere else. `cache`: as the command line's. */
function windowsMemory(cache: string): WindowsMemory {
  return async () => {
    const { lookAtBothSides } = await import('./platform/wsl/windows-memory.js');
    return (await lookAtBothSides(wslHost(), cache)).answer;
  };
}

function version(): string {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;
}

function tell(line: { ok: true; pid: number } | { ok: false; error: Failure }): void {
  if (Number.isNaN(READY_FD)) return;
  try {
    writeSync(READY_FD, `${JSON.stringify(line)}\n`);
  } catch {
    // Whoever started us does not wait any more.
  }
}

try {
  await main();
  exitProcess(0);
} catch (error) {
  const value =
    error instanceof FailureError
      ? error.failure
      : failure('internal', error instanceof Error ? (error.stack ?? error.message) : String(error));
  tell({ ok: false, error: value });
  process.stderr.write(`${shown(value.message)}\n`);
  exitProcess(value.code === 'internal' ? 1 : 4);
}
