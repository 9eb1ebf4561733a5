import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where an administrator puts certificates of the company's own: Debian and its kin, Fedora and its kin. */
const FOLDERS = ['/usr/local/share/ca-certificates', '/etc/pki/ca-trust/source/anchors'];

/**
 * Certificate authorities that this machine trusts beyond the usual ones, as single PEM blocks: behind a network that opens TLS,
 * npm inside a build fails without them. From the folders above and NODE_EXTRA_CA_CERTS, unless that is the system's own bundle.
 */
export async function ownAuthorities(): Promise<readonly string[]> {
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
