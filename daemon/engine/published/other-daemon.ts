import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { userText } from '../../files/fault.js';
import { findPaths } from '../../files/paths.js';
import { type ProcessView, processes, processView } from '../../files/process.js';
import { isName } from '../../shared/names.js';
import type { Ms } from '../../shared/span.js';

/** Another daemon of laptop-dev, of another user or with another state folder, as far as this user may look into it. */
export interface OtherDaemon {
  readonly pid: number;
  readonly uid: number;
  readonly user: string;
  /** What laptop-dev is run with to reach it: `LAPTOP_DEV_STATE=/a LAPTOP_DEV_SOCKET=/b `; empty where nothing differs, or cannot be seen. */
  readonly settings: string;
  /** For which the port is; null: it could not be asked, or knows nothing of the port. */
  readonly project: string | null;
  readonly service: string | null;
}

/** Longest wait for its answer: a failed start waits for this. */
const WITHIN: Ms = 1_000;
/** 500 services make some 500 KB. */
const LARGEST = 4 * 1024 * 1024;
/** What says where a daemon keeps its state and listens (paths.ts). */
const PLACES = ['LAPTOP_DEV_STATE', 'LAPTOP_DEV_SOCKET', 'XDG_STATE_HOME', 'XDG_RUNTIME_DIR', 'HOME'] as const;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The daemon that holds a port, and for which service, which it is asked where its socket may be reached. `pid`: the process that holds it; null: of
 * `uid`, and hidden: then a daemon that this user runs is taken for it. Null: no daemon of laptop-dev.
 */
export async function otherDaemon(
  pid: number | null,
  uid: number,
  port: number,
  env: Environment = process.env,
  proc = '/proc',
): Promise<OtherDaemon | null> {
  const found = pid === null ? daemonOf(uid, proc) : processView(pid, proc);
  if (!found?.isDaemon) return null;
  const theirs = environmentOf(found.pid, proc);
  const asked = theirs === null ? null : await ask(socketOf(theirs, found), port).catch(() => null);
  const common = { pid: found.pid, uid: found.uid, user: userText(found.uid) };
  return {
    ...common,
    settings: theirs === null ? '' : settingsOf(theirs, env),
    project: asked?.project ?? null,
    service: asked?.service ?? null,
  };
}

/** Names of processes are open to all, unlike their files. */
function daemonOf(uid: number, proc: string): ProcessView | null {
  return (
    processes(proc)
      .map(pid => processView(pid, proc))
      .find(view => view?.uid === uid && view.isDaemon) ?? null
  );
}

function environmentOf(pid: number, proc: string): Environment | null {
  try {
    const entries = readFileSync(join(proc, String(pid), 'environ'), 'utf8')
      .split('\0')
      .map(entry => {
        const at = entry.indexOf('=');
        return [entry.slice(0, Math.max(0, at)), entry.slice(at + 1)] as const;
      });
    return Object.fromEntries(entries.filter(([name]) => PLACES.some(place => place === name)));
  } catch {
    return null;
  }
}

function socketOf(env: Environment, { uid }: ProcessView): string {
  return findPaths(env, uid, env['HOME'] ?? '/nonexistent', existsSync).socket;
}

function settingsOf(theirs: Environment, ours: Environment): string {
  return PLACES.filter(name => name !== 'HOME' && theirs[name] !== undefined && theirs[name] !== ours[name])
    .map(name => `${name}=${quoted(theirs[name] ?? '')} `)
    .join('');
}

/** For a shell. Control characters would be of no use to anybody. */
function quoted(text: string): string {
  return /^[\w/.:@%+=-]+$/.test(text) ? text : `'${text.replaceAll(/[^\x20-\x7e]/g, '?').replaceAll("'", "'\\''")}'`;
}

/** What it says is foreign: names are taken, nothing else. */
async function ask(socket: string, port: number): Promise<{ readonly project: string; readonly service: string } | null> {
  const answer: unknown = JSON.parse(await body(socket, '/v1/services'));
  const services: unknown = isRecord(answer) ? answer['data'] : null;
  for (const service of Array.isArray(services) ? services : []) {
    if (!isRecord(service) || !Array.isArray(service['ports'])) continue;
    const { project, name, ports } = service;
    const has = Array.isArray(ports) && ports.some(each => isRecord(each) && each['host'] === port);
    if (has && typeof project === 'string' && isName(project) && typeof name === 'string' && /^[\w.-]{1,63}$/.test(name))
      return { project, service: name };
  }
  return null;
}

function body(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    // The daemon answers to this name alone (api/contract HOST).
    const call = request({ socketPath, path, headers: { host: 'laptop-dev' }, agent: false, signal: AbortSignal.timeout(WITHIN) });
    call.once('error', reject);
    call.once('response', response => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', chunk => {
        text += chunk;
        if (text.length > LARGEST) response.destroy(new Error('too much'));
      });
      response.once('end', () => resolve(text));
      response.once('error', reject);
    });
    call.end();
  });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
