import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { FailureError, failure } from '../../shared/failure.js';
import { contextTar } from '../build/context-tar.js';
import type { ReportProgress } from '../context.js';
import { type Engine, followBuild } from '../engine.js';
import { inspectImage } from '../inspect.js';
import { pullImage } from '../pull/pull.js';
import { isUnanswered } from '../pull/registry.js';
import { BASE_REFERENCE, BASE_SOURCE } from './base-reference.js';
import { makeRoot } from './debootstrap.js';

/** Where an administrator puts certificates of the company's own: Debian and its kin, Fedora and its kin. */
const FOLDERS = ['/usr/local/share/ca-certificates', '/etc/pki/ca-trust/source/anchors'];

/**
 * Certificate authorities that this machine trusts beyond the usual ones, as single PEM blocks: behind a network that opens TLS,
 * npm inside a build fails without them. From the folders above and NODE_EXTRA_CA_CERTS, unless that is the system's own bundle.
 */
async function ownAuthorities(): Promise<readonly string[]> {
  const texts = await Promise.all([...FOLDERS.map(readFolder), readExtra()]);
  const blocks = texts.join('\n').match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  return [...new Set(blocks)];
}

async function readFolder(folder: string): Promise<string> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const files = names.filter(name => /\.(crt|pem)$/.test(name)).sort();
  return (await Promise.all(files.map(name => readText(join(folder, name))))).join('\n');
}

async function readExtra(): Promise<string> {
  const path = process.env['NODE_EXTRA_CA_CERTS'];
  return path && !/^\/etc\/(ssl|pki)\//.test(path) ? readText(path) : '';
}

function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

/** On the base image: how it came about. */
const ORIGIN_LABEL = 'laptop-dev.base-origin';

/**
 * Makes the base image present and resolves to its id: Debian's own image when it is here or a registry has it, with this machine's
 * certificate authorities added; else a Debian made from packages with debootstrap. Only one at a time on a machine.
 */
export async function makeBase(engine: Engine, rebuild: boolean, report: ReportProgress): Promise<string> {
  const lock = await hostLock(lockPath(), () => report({ step: 'base-waits' }));
  try {
    const present = await inspectImage(engine.address, BASE_REFERENCE);
    if (present && !rebuild) return present.id;
    const refusal = await sourceMissing(engine, report);
    if (refusal === null) await derive(engine);
    else {
      report({ step: 'base-begins', why: refusal });
      await importRoot(engine, report);
    }
    const made = await inspectImage(engine.address, BASE_REFERENCE);
    if (!made) throw new FailureError(failure('engine-error', `the engine has no ${BASE_REFERENCE} after it was made`));
    return made.id;
  } finally {
    await lock.release();
  }
}

/** Null: Debian's image is at the engine. Else why not. */
async function sourceMissing(engine: Engine, report: ReportProgress): Promise<string | null> {
  if (await inspectImage(engine.address, BASE_SOURCE)) return null;
  try {
    await pullImage(engine, BASE_SOURCE, null, report);
    return null;
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return isUnanswered(error.failure) ? 'no registry answers' : error.failure.message;
  }
}

async function derive({ docker }: Engine): Promise<void> {
  const authorities = await ownAuthorities();
  const files = Object.fromEntries(authorities.map((text, index) => [`laptop-dev-${index}.crt`, `${text}\n`]));
  const copy = authorities.length > 0 ? 'COPY laptop-dev-*.crt /usr/local/share/ca-certificates/\n' : '';
  const tar = contextTar(null, [], { Dockerfile: `FROM ${BASE_SOURCE}\n${copy}`, ...files });
  const options = { t: BASE_REFERENCE, labels: { [ORIGIN_LABEL]: BASE_SOURCE }, rm: true, forcerm: true };
  const error = await followBuild(docker, await docker.buildImage(tar.stream, options), () => undefined);
  if (error !== null) throw new FailureError(failure('image-build-failed', `the base image cannot be built on ${BASE_SOURCE}: ${error}`));
}

async function importRoot({ docker }: Engine, report: ReportProgress): Promise<void> {
  const root = await makeRoot(await ownAuthorities(), report);
  try {
    const tar = tarOfRoot(root.path);
    const changes = ['CMD ["bash"]', `LABEL ${ORIGIN_LABEL}=debootstrap`];
    // The tag is part of `repo`: Podman does not read `tag`.
    const stream = await docker.importImage(tar.stream, { repo: BASE_REFERENCE, changes, message: 'debootstrap' });
    const error = await followBuild(docker, stream, () => undefined);
    if (error !== null) throw new FailureError(failure('engine-error', `the engine cannot import the base image: ${error}`));
    await tar.finished;
  } finally {
    await root.remove();
  }
}

function lockPath(): string {
  const root = process.getuid?.() === 0;
  return root ? '/run/laptop-dev-base.lock' : `${process.env['XDG_RUNTIME_DIR'] || '/tmp'}/laptop-dev-base-${process.getuid?.()}.lock`;
}

/**
 * A lock of this machine, held as long as this process lives or until `release`: flock(1) keeps it, and ends when its standard
 * input closes, so that a process that is killed gives it back as well. `onWait` is called when somebody else holds it.
 */
async function hostLock(path: string, onWait: () => void): Promise<{ release(): Promise<void> }> {
  const child = spawn('flock', [path, 'sh', '-c', 'echo held; exec cat >/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const waiting = setTimeout(onWait, 500);
  const held = once(child.stdout, 'data').then(() => true);
  const got = await Promise.race([held, ended.then(() => false)]);
  clearTimeout(waiting);
  if (!got) throw new Error(`flock ${path} ended with ${child.exitCode}`);
  return {
    async release() {
      child.stdin.end();
      await ended;
    },
  };
}

/** A tar of a root file system, for import. Without /dev: the engine brings its own, and a rootless one could not make the nodes. */
function tarOfRoot(root: string): { readonly stream: Readable; readonly finished: Promise<void> } {
  const child = spawn(
    'tar',
    ['--create', '--file=-', '--numeric-owner', '--exclude=./dev/*', '--exclude=./proc/*', '--exclude=./sys/*', '-C', root, '.'],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  const finished = new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', code => (code === 0 ? resolve() : reject(new Error(`tar of the base image ended with ${code}`))));
  });
  finished.catch(() => undefined);
  return { stream: child.stdout.pipe(new PassThrough()), finished };
}
