import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FailureError, failure } from '../../shared/failure.js';
import type { ReportProgress } from '../context.js';
import { debianMirror, proxySettings } from '../host-settings.js';
import { type Command, lines } from './lines.js';
import { makeSlim, writeSources } from './slim-root.js';

const SUITE = 'trixie';
const WORK = '/var/tmp';
const PREFIX = 'laptop-dev-base-';
const SCRIPTS = '/usr/share/debootstrap/scripts';

export interface DebianRoot {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * A minimal Debian in a folder. Runs as root only, under the host lock. What an interrupted run left is removed first; nothing of
 * a run that fails stays. Fails with image-missing (nobody to run it, with the command to type) or image-build-failed.
 */
export async function makeRoot(authorities: readonly string[], report: ReportProgress): Promise<DebianRoot> {
  await requireDebootstrap(report);
  await removeLeftovers();
  const path = await mkdtemp(join(WORK, PREFIX));
  const remove = (): Promise<void> => rm(path, { recursive: true, force: true });
  try {
    await chmod(path, 0o755);
    const own = await debianMirror();
    const error = (own && (await bootstrap(path, own, report))) ?? null;
    // The machine's mirror may not carry this release: then the mirror that debootstrap itself knows.
    const last = own && error === null ? null : await retry(path, report);
    if (last !== null) throw new FailureError(bootstrapFailure(last));
    await addAuthorities(path, authorities);
    await writeSources(path, SUITE, await environment());
    await makeSlim(path);
    return { path, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function retry(path: string, report: ReportProgress): Promise<string | null> {
  await rm(path, { recursive: true, force: true });
  await mkdir(path, { mode: 0o755 });
  return bootstrap(path, null, report);
}

async function bootstrap(path: string, mirror: string | null, report: ReportProgress): Promise<string | null> {
  // An older debootstrap does not know the name of a newer release; the script is the same as sid's.
  const script = existsSync(join(SCRIPTS, SUITE)) ? [] : [join(SCRIPTS, 'sid')];
  const include = mirror?.startsWith('https:') ? ['--include=ca-certificates'] : [];
  const address = mirror ?? (script.length > 0 ? '' : null);
  const args = ['--variant=minbase', ...include, SUITE, path, ...(address === null ? [] : [address]), ...script];
  let phase = '';
  return lines(await isolated({ name: 'debootstrap', args, env: await environment() }), line => {
    const next = /^I: (Retrieving|Extracting|Unpacking|Configuring)/.exec(line)?.[1]?.toLowerCase() ?? phase;
    if (next !== phase) report({ step: 'base-packages', phase: next });
    phase = next;
  });
}

/** In namespaces of its own: its mounts, and what it started, go when it goes, however it goes. Where those are not allowed, as it is. */
async function isolated(command: Command): Promise<Command> {
  const unshare = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const allowed = (await lines({ name: 'unshare', args: [...unshare, 'true'] }, () => undefined)) === null;
  if (!allowed) return command;
  return { ...command, name: 'setpriv', args: ['--pdeathsig', 'KILL', 'unshare', ...unshare, command.name, ...command.args] };
}

async function environment(): Promise<Record<string, string>> {
  return { ...(await proxySettings()), LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' };
}

async function addAuthorities(root: string, authorities: readonly string[]): Promise<void> {
  const folder = join(root, 'usr/local/share/ca-certificates');
  await mkdir(folder, { recursive: true });
  for (const [index, text] of authorities.entries()) await writeFile(join(folder, `laptop-dev-${index}.crt`), `${text}\n`);
  if (existsSync(join(root, 'usr/sbin/update-ca-certificates')))
    await lines({ name: 'chroot', args: [root, 'update-ca-certificates'] }, () => undefined);
}

async function requireDebootstrap(report: ReportProgress): Promise<void> {
  const installed = existsSync('/usr/sbin/debootstrap');
  const root = process.getuid?.() === 0;
  if (root && installed) return;
  if (!root) {
    throw new FailureError(
      failure('image-missing', "no registry answers, and making the base image from Debian's packages needs root", { reason: 'not-root' }, [
        'sudo scripts/build.sh base makes it once for this machine.',
        'Or carry it over: docker pull debian:trixie-slim and docker save on another machine, docker load on this one.',
      ]),
    );
  }
  report({ step: 'base-installs-debootstrap' });
  const apt: Command = { name: 'apt-get', args: ['install', '-y', '--no-install-recommends', 'debootstrap', 'debian-archive-keyring'] };
  const quiet = { ...apt, env: await environment() };
  const error =
    (await lines(quiet, () => undefined)) &&
    ((await lines({ ...quiet, args: ['update'] }, () => undefined)) ?? (await lines(quiet, () => undefined)));
  if (error) {
    throw new FailureError(
      failure('image-missing', `debootstrap, which makes the base image, is not installed and apt-get cannot install it: ${error}`, {}, [
        'Install the package debootstrap, then start again.',
      ]),
    );
  }
}

/** Folders of runs that were killed; the host lock says that nobody works in one. */
async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(WORK)) {
    const path = join(WORK, name);
    if (name.startsWith(PREFIX) && (await stat(path)).uid === process.getuid?.()) await rm(path, { recursive: true, force: true });
  }
}

function bootstrapFailure(words: string) {
  return failure('image-build-failed', `the base image cannot be made from Debian's packages: ${words}`, {}, [
    "Check that this machine reaches Debian's packages: apt-get update.",
  ]);
}
