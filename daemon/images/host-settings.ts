import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { dockerConfig } from './pull/credentials.js';

const run = promisify(execFile);

/**
 * What this machine's own settings give to a build: its proxies (the builder takes them without being told, and keeps them out of
 * the image), and its npm registry where a Dockerfile asks for NPM_CONFIG_REGISTRY. Nothing where the machine has the defaults.
 * Not part of any hash: they change where things come from, not what they are.
 */
export async function builderArgs(declared: ReadonlySet<string>): Promise<Record<string, string>> {
  const proxies = await proxySettings();
  const registry = declared.has('NPM_CONFIG_REGISTRY') ? await npmRegistry() : null;
  return { ...proxies, ...(registry !== null && { NPM_CONFIG_REGISTRY: registry }) };
}

/** Proxies by the names of their variables, from Docker's client configuration, the environment, or apt. One on loopback is left out: no container reaches it. */
export async function proxySettings(): Promise<Record<string, string>> {
  const configured = (await dockerConfig()).proxies?.['default'] ?? {};
  const found: Record<string, string> = {};
  for (const [name, key] of [
    ['http_proxy', 'httpProxy'],
    ['https_proxy', 'httpsProxy'],
    ['no_proxy', 'noProxy'],
  ] as const) {
    const upper = name.toUpperCase();
    const value = configured[key] || process.env[name] || process.env[upper] || (name === 'http_proxy' ? await aptProxy() : '');
    if (value && (name === 'no_proxy' || !isLoopback(value))) Object.assign(found, { [name]: value, [upper]: value });
  }
  return found;
}

async function aptProxy(): Promise<string> {
  const text = await output('apt-config', ['shell', 'PROXY', 'Acquire::http::Proxy']);
  const value = /^PROXY='(.*)'$/m.exec(text)?.[1] ?? '';
  return /^(DIRECT|false)$/i.test(value) ? '' : value;
}

/** npm's registry where the environment or an .npmrc names one; null: npm's own default. Tokens stay where they are. */
async function npmRegistry(): Promise<string | null> {
  const named = process.env['npm_config_registry'] || process.env['NPM_CONFIG_REGISTRY'];
  if (named) return isLoopback(named) ? null : named;
  const files = [process.env['NPM_CONFIG_USERCONFIG'] || join(homedir(), '.npmrc'), '/etc/npmrc'];
  for (const file of files) {
    const value = /^\s*registry\s*=\s*(\S+)\s*$/m.exec(await readFile(file, 'utf8').catch(() => ''))?.[1];
    if (value && !isLoopback(value)) return value;
  }
  return null;
}

/** The mirror that a Debian machine installs from itself; null: not Debian, or a mirror that no container would reach. */
export async function debianMirror(): Promise<string | null> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const codename = /^VERSION_CODENAME=(\S+)$/m.exec(release)?.[1];
  if (!/^ID=debian$/m.test(release)) return null;
  const targets = await output('apt-get', ['indextargets', '--format', '$(REPO_URI) $(RELEASE) $(ORIGIN)', 'Created-By: Packages']);
  const known = targets.split('\n').map(line => line.split(' '));
  const found = known.find(([uri = '', suite, origin]) => suite === codename && origin === 'Debian' && /^https?:/.test(uri))?.[0];
  // Nothing is known as long as nobody has run apt-get update; what that would fetch is.
  const uris = found === undefined ? await output('apt-get', ['--print-uris', 'update']) : '';
  const mirror = found ?? new RegExp(`^'(https?:\\S+/debian/)dists/${codename}/InRelease'`, 'm').exec(uris)?.[1];
  return mirror === undefined || isLoopback(mirror) ? null : mirror;
}

function isLoopback(address: string): boolean {
  return /^(?:[a-z]+:\/\/)?(?:[^@/]*@)?(localhost|127\.\d+\.\d+\.\d+|\[::1\])(?=[:/]|$)/i.test(address);
}

async function output(command: string, args: readonly string[]): Promise<string> {
  try {
    return (await run(command, [...args], { timeout: 10_000 })).stdout;
  } catch {
    return '';
  }
}
