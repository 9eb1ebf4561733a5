import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { homedir, tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { json } from 'node:stream/consumers';
import { type Envelope, HOST, type WorkLine } from '../../../daemon/api/contract.js';
import type { ServiceView } from '../../../daemon/api/views.js';
import { Client } from '../../../daemon/client/client.js';
import { LABEL } from '../../../daemon/model/labels.js';
import { FailureError } from '../../../daemon/shared/failure.js';
import { type CliOptions, type CliResult, runCli } from './cli.js';
import { containersOf, networksOf, removeAll, volumesOf } from './engine.js';
import { patience, until } from './until.js';

/** A laptop-dev of its own for one test file: its folders, its daemon, its containers. Ends with `close`. */
export interface Home {
  /** Unique; every project of the test has it as the start of its name, so that files and hosts never meet. */
  readonly name: string;
  /** Temporary folder; `~` of the commands is in it. */
  readonly root: string;
  /** Environment of every command; tests may add to it. */
  readonly env: Record<string, string>;
  /** Label of this daemon's containers. */
  readonly instance: string;
  readonly socket: string;
  readonly stateDir: string;
  /** The typed client of this home's daemon. */
  readonly client: Client;
  /** Runs the real command line to its end, from the root folder unless said otherwise. `env` is added to the home's. */
  cli(args: readonly string[], options?: Partial<CliOptions>): Promise<CliResult>;
  /** As `cli` with --json, and its data; the test fails when the command does. */
  ask<T>(args: readonly string[], options?: Partial<CliOptions>): Promise<T>;
  /** Makes a folder `${name}-${suffix}`, whose name is that of its project, with these files; resolves to its path. */
  project(suffix: string, files: Readonly<Record<string, string>>): Promise<string>;
  /**
   * What `ps` shows of the project in a folder, by name. Asked of the daemon itself, since tests look many times a second; of the
   * program where it takes more to find the project, or no daemon answers.
   */
  services(folder: string): Promise<readonly ServiceView[]>;
  /** `data` of GET /v1/…, as a client without the library gets it. */
  api<T>(path: string): Promise<T>;
  daemonPid(): Promise<number>;
  /** What is at the engine of this home. */
  containers(): ReturnType<typeof containersOf>;
  /** Names of what is at the engine: containers and networks; volumes where asked. Empty after a `down`. */
  leftovers(kinds?: { readonly volumes: boolean }): Promise<readonly string[]>;
  /** Down with everything, the daemon ended, folders gone. Removes by force what a failed test left. */
  close(): Promise<void>;
}

/** `endpoint`: the engine whose containers are looked at; the tests' own where absent. */
export async function home(endpoint?: string): Promise<Home> {
  const name = `ldt-${randomBytes(4).toString('hex')}`;
  const root = await mkdtemp(join(tmpdir(), `${name}-`));
  const stateDir = join(root, 'state');
  const socket = join(root, 'run', 'daemon.sock');
  await mkdir(join(root, 'home'));
  const env = environment(root, stateDir, socket);
  const instance = createHash('sha256').update(`${userInfo().uid}:${stateDir}`).digest('hex').slice(0, 12); // as daemon/main.ts does
  const client = new Client(socket);
  const cli: Home['cli'] = (args, options = {}) => runCli(args, { cwd: root, ...options, env: { ...env, ...options.env } });
  const ask = async <T>(args: readonly string[], options?: Partial<CliOptions>): Promise<T> =>
    (await cli([...args, '--json'], options)).data<T>();
  // Folder → name of its project, as it was found when it was last looked for.
  const names = new Map<string, string>();
  return {
    name,
    root,
    env,
    instance,
    socket,
    stateDir,
    client,
    cli,
    ask,
    services: async folder => {
      const root = await realpath(folder);
      const before = names.get(root);
      const views = before === undefined ? [] : await client.services(before, true).catch(() => []);
      if (views.length > 0) return byName(views);
      const known = await client.projects().catch(() => []);
      const [project, ...others] = known.filter(each => each.root === root);
      if (!project || others.length > 0) {
        const { services } = await ask<{ services: readonly ServiceView[] }>(['ps'], { cwd: folder });
        // The built-in stack has its root elsewhere: the program finds its name once, and is not started again for each look.
        const [first] = services;
        if (!project && first) names.set(root, first.project);
        return services;
      }
      names.set(root, project.name);
      return byName(await client.services(project.name, true));
    },
    project: (suffix, files) => writeProject(join(root, `${name}-${suffix}`), files),
    api: path => getData(socket, path),
    daemonPid: async () => (await client.version()).pid,
    containers: () => containersOf(instance, endpoint),
    leftovers: async ({ volumes } = { volumes: false }) => [
      ...(await containersOf(instance)).map(({ Labels, Id }) => `container ${Labels[LABEL.service] ?? Id}`),
      ...(await networksOf(instance)).map(network => `network ${network}`),
      ...(volumes ? (await volumesOf(instance)).map(volume => `volume ${volume}`) : []),
    ],
    async close() {
      await downAll(client);
      await endDaemon(client);
      await removeAll(instance);
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** Resolves when what was asked for with `wait` is done; rejects with its failure. */
export async function done(lines: AsyncIterable<WorkLine>): Promise<void> {
  for await (const line of lines) if (line.type === 'result' && !line.ok) throw new FailureError(line.error);
}

/** All projects side by side, with their volumes; what cannot be done is left. */
async function downAll(client: Client): Promise<void> {
  const projects = await client.projects().catch(() => []);
  const down = (name: string) => done(client.act(name, 'down', { volumes: true, wait: true }, AbortSignal.timeout(patience(120_000))));
  await Promise.allSettled(projects.map(({ name }) => down(name)));
}

/** Ends it in order; resolves when its process is gone. */
export async function endDaemon(client: Client): Promise<void> {
  const pid = await client.version().then(({ pid }) => pid, () => null); // biome-ignore format: one line
  if (pid === null) return;
  await client.shutdown();
  await until('the daemon has ended', () => !isAlive(pid));
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function byName(views: readonly ServiceView[]): readonly ServiceView[] {
  return views.toSorted((a, b) => a.name.localeCompare(b.name));
}

/**
 * The tester's environment (mirrors, proxies and certificates hold for builds too) without anything that would lead a command to
 * another laptop-dev or project.
 */
function environment(root: string, stateDir: string, socket: string): Record<string, string> {
  const strangers = /^(LAPTOP_DEV_(?!ENGINE)|COMPOSE_|DOCKER_(HOST|CONTEXT)$|XDG_|NO_COLOR$|FORCE_COLOR$|VITEST|NODE_OPTIONS$|NODE_ENV$)/;
  const inherited = Object.entries(process.env).filter(
    (pair): pair is [string, string] => pair[1] !== undefined && !strangers.test(pair[0]),
  );
  return {
    NPM_CONFIG_USERCONFIG: join(homedir(), '.npmrc'),
    DOCKER_CONFIG: join(homedir(), '.docker'),
    ...Object.fromEntries(inherited),
    HOME: join(root, 'home'),
    LAPTOP_DEV_STATE: stateDir,
    LAPTOP_DEV_SOCKET: socket,
    CI: 'true',
  };
}

async function writeProject(folder: string, files: Readonly<Record<string, string>>): Promise<string> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}

function getData<T>(socketPath: string, path: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, path, headers: { host: HOST }, agent: false }, async response => {
      const answer = (await json(response)) as Envelope<T>;
      if (answer.ok) resolve(answer.data);
      else reject(new Error(`GET ${path}: ${answer.error.code}: ${answer.error.message}`));
    });
    call.once('error', reject);
    call.end();
  });
}
