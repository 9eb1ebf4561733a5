import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lines } from './lines.js';

/** Not wanted in an image, as in Debian's own slim ones: documentation, translations, what apt can fetch again, what is the host's. */
const REMOVED = [
  'usr/share/doc',
  'usr/share/man',
  'usr/share/info',
  'usr/share/locale',
  'usr/share/lintian',
  'var/cache/apt',
  'var/lib/apt/lists',
  'var/log',
  'var/cache/debconf',
  'etc/resolv.conf',
  'etc/hostname',
  'tmp',
];

const DPKG = ['doc', 'man', 'info', 'locale', 'lintian'].map(name => `path-exclude /usr/share/${name}/*`);
const APT = [
  'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb || true"; };',
  'Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache "";',
  'Acquire::Languages "none"; Acquire::GzipIndexes "true";',
];

/** Removes what a container does not need, and keeps packages that are installed later from bringing it back. */
export async function makeSlim(root: string): Promise<void> {
  for (const path of REMOVED) await rm(join(root, path), { recursive: true, force: true });
  for (const path of [
    'var/cache/apt/archives/partial',
    'var/lib/apt/lists/partial',
    'var/log/apt',
    'var/cache/debconf',
    'usr/share/doc',
    'usr/share/locale',
  ]) {
    await mkdir(join(root, path), { recursive: true });
  }
  await mkdir(join(root, 'tmp'));
  // Not by mkdir's mode: the umask would take from it.
  await chmod(join(root, 'tmp'), 0o1777);
  // unsafe-io: no fsync for each file of a package; a build that is cut off is begun anew anyhow.
  await writeFile(join(root, 'etc/dpkg/dpkg.cfg.d/laptop-dev'), `force-unsafe-io\n${DPKG.join('\n')}\n`);
  await writeFile(join(root, 'etc/apt/apt.conf.d/90laptop-dev'), `${APT.join('\n')}\n`);
}

/** Adds updates and security updates to the mirror that debootstrap noted, where it has them, and brings the root up to date with them. */
export async function writeSources(root: string, suite: string, env: Readonly<Record<string, string>>): Promise<void> {
  const file = join(root, 'etc/apt/sources.list');
  const before = await readFile(file, 'utf8');
  const mirror = /^deb (?:\[.*\] )?(\S+)/m.exec(before)?.[1]?.replace(/\/$/, '') ?? '';
  const security = mirror.replace(/\/debian$/, '/debian-security');
  const more = [`deb ${mirror} ${suite}-updates main`, ...(security === mirror ? [] : [`deb ${security} ${suite}-security main`])];
  await writeFile(file, `deb ${mirror} ${suite} main\n${more.join('\n')}\n`);
  const apt = (...args: string[]) => lines({ name: 'chroot', args: [root, 'apt-get', '-q', ...args], env }, () => undefined);
  const updated = (await apt('-o', 'APT::Update::Error-Mode=any', 'update')) === null;
  if (updated) await apt('-y', '-o', 'Dpkg::Use-Pty=0', 'dist-upgrade');
  else await writeFile(file, before);
}
