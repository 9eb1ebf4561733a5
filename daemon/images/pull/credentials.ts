import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

export interface Credentials {
  readonly username: string;
  readonly password: string;
  readonly serveraddress: string;
}

/** The parts of ~/.docker/config.json that are read here. */
export interface DockerConfig {
  readonly auths?: Readonly<Record<string, { readonly auth?: string }>>;
  readonly credHelpers?: Readonly<Record<string, string>>;
  readonly credsStore?: string;
  readonly proxies?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Docker's own client configuration; empty when there is none or it cannot be read. */
export async function dockerConfig(): Promise<DockerConfig> {
  const folder = process.env['DOCKER_CONFIG'] || join(homedir(), '.docker');
  try {
    return JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as DockerConfig;
  } catch {
    return {};
  }
}

/** What `docker login` left for a registry: from its helper program, else from the file. Null: nothing. Never logged. */
export async function registryCredentials(registry: string): Promise<Credentials | null> {
  const config = await dockerConfig();
  const server = registry === 'docker.io' ? 'https://index.docker.io/v1/' : registry;
  const helper = config.credHelpers?.[registry] ?? config.credsStore;
  const found = helper ? await askHelper(helper, server) : null;
  if (found) return found;
  const auth = config.auths?.[server]?.auth ?? config.auths?.[`https://${server}`]?.auth;
  if (!auth) return null;
  const [username = '', ...rest] = Buffer.from(auth, 'base64').toString('utf8').split(':');
  return { username, password: rest.join(':'), serveraddress: server };
}

function askHelper(helper: string, server: string): Promise<Credentials | null> {
  return new Promise(resolve => {
    const child = execFile(`docker-credential-${helper}`, ['get'], { timeout: 5_000 }, (error, stdout) => {
      if (error) return resolve(null);
      try {
        const { Username, Secret } = JSON.parse(stdout) as { Username: string; Secret: string };
        resolve({ username: Username, password: Secret, serveraddress: server });
      } catch {
        resolve(null);
      }
    });
    // A helper that is not there closes its end at once
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(server);
  });
}
