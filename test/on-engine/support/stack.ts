import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type Dockerode from 'dockerode';
import { ENGINE, openEngine } from './open-engine.js';
import { openImages } from './open-images.js';

const COMPOSE = fileURLToPath(new URL('../../../compose', import.meta.url));
const SERVICES = {
  postgres: {
    folder: 'images/postgres',
    user: '999:999',
    tmpfs: ['/tmp'],
    volume: '/var/lib/postgresql/data',
    port: 5432,
  },
  redis: { folder: 'images/redis', user: '998:998', tmpfs: ['/tmp'], volume: '/data', port: 6379 },
  api: { folder: 'services/api', user: '10001:10001', tmpfs: ['/tmp'], volume: null, port: 8080 },
} as const;
type Service = keyof typeof SERVICES;

/** The stack's containers as compose.yaml hardens them, made with the engine's own API: no code of the daemon takes part but the images. */
export interface Stack {
  readonly engine: Dockerode;
  /** Creates and starts; a container of this service that is there is removed first, its volume kept. Resolves to its host:port. */
  run(service: Service, environment: Readonly<Record<string, string>>, command?: readonly string[]): Promise<string>;
  container(service: Service): Dockerode.Container;
  /** Runs a command; resolves to its exit code. */
  exec(service: Service, ...command: string[]): Promise<number>;
  logs(service: Service): Promise<string>;
  remove(): Promise<void>;
}

/** Makes the images of all of them present. */
export async function stackImages(): Promise<void> {
  const images = await openImages();
  for (const [name, { folder }] of Object.entries(SERVICES)) {
    const context = `${COMPOSE}/${folder}`;
    const build = { context, dockerfile: null, dockerfileInline: null, target: null, args: {}, labels: {} };
    await images.ensure({ reference: `laptop-dev/${name}`, build });
  }
  images.remove();
}

/** `images`: false where they are known to be present. */
export async function openStack({ images = true } = {}): Promise<Stack> {
  const engine = openEngine(ENGINE);
  if (images) await stackImages();
  const prefix = `ldt-stack-${randomBytes(3).toString('hex')}`;
  const network = await engine.createNetwork({ Name: prefix });
  const container = (service: Service) => engine.getContainer(`${prefix}-${service}`);
  return {
    engine,
    container,
    async run(service, environment, command) {
      await container(service).remove({ force: true, v: true }).catch(absent);
      const made = await engine.createContainer(optionsOf(prefix, service, environment, command));
      await made.start();
      const ports = (await made.inspect()).NetworkSettings.Ports[`${SERVICES[service].port}/tcp`];
      return `127.0.0.1:${ports?.[0]?.HostPort}`;
    },
    async exec(service, ...command) {
      const exec = await container(service).exec({ Cmd: command, AttachStdout: true, AttachStderr: true });
      const stream = await exec.start({ hijack: true });
      await new Promise(resolve => stream.resume().on('end', resolve));
      return (await exec.inspect()).ExitCode ?? -1;
    },
    logs: async service => (await container(service).logs({ stdout: true, stderr: true, tail: 50 })).toString('utf8'),
    async remove() {
      for (const service of Object.keys(SERVICES) as Service[]) {
        await container(service).remove({ force: true, v: true }).catch(absent);
        await engine.getVolume(`${prefix}-${service}`).remove().catch(absent);
      }
      await network.remove();
    },
  };
}

function optionsOf(prefix: string, service: Service, environment: Readonly<Record<string, string>>, command?: readonly string[]) {
  const { user, tmpfs, volume, port } = SERVICES[service];
  return {
    name: `${prefix}-${service}`,
    Image: `laptop-dev/${service}`,
    User: user,
    Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
    ...(command && { Cmd: [...command] }),
    HostConfig: {
      NetworkMode: prefix,
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges:true'],
      PidsLimit: 256,
      Memory: 256 * 1024 * 1024,
      MemorySwap: 256 * 1024 * 1024,
      Init: service === 'api',
      Tmpfs: Object.fromEntries(tmpfs.map(path => [path, 'size=16m'])),
      ...(volume && { Binds: [`${prefix}-${service}:${volume}`] }),
      PortBindings: { [`${port}/tcp`]: [{ HostIp: '127.0.0.1', HostPort: '' }] },
    },
    ExposedPorts: { [`${port}/tcp`]: {} },
    NetworkingConfig: { EndpointsConfig: { [prefix]: { Aliases: [service] } } },
  };
}

function absent(error: { statusCode?: number }): void {
  if (error.statusCode !== 404) throw error;
}
