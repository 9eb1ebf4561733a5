import { mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { dirname, join } from 'node:path';
import { GiB } from '../../../daemon/shared/bytes.js';

/** An engine that only tells what it is. */
export interface StubEngine {
  readonly path: string;
  readonly platform: string;
  readonly system: string;
  readonly podman: boolean;
  readonly warnings: readonly string[];
  /** Its clock less ours, ms. */
  readonly drift: number;
  /** GiB of images that nothing uses. */
  readonly unused: number;
  /** What /info has beside, or in place of, the rest. */
  readonly info: Readonly<Record<string, unknown>>;
  /** Names, with project and service, of containers with any instance label. */
  readonly containers: readonly (readonly [name: string, project: string, service: string])[];
}

const IN_DISTRO: StubEngine = {
  path: 'var/run/docker.sock',
  platform: 'Docker Engine - Community',
  system: 'Ubuntu 24.04',
  podman: false,
  warnings: ['WARNING: No blkio throttle'],
  drift: 0,
  unused: 1,
  info: {},
  containers: [],
};

/** As dockerd of a session of wslc tells of its VM, where a bridge shows it at the usual socket. */
const SESSION = {
  KernelVersion: '6.18.40.1-microsoft-standard-WSL2',
  MemTotal: 8_000_000_000,
  NCPU: 8,
  Name: 'wslc-vm',
  OperatingSystem: 'Microsoft Azure Linux 3.0',
};
const ROOTLESS = { SecurityOptions: ['name=seccomp,profile=builtin', 'name=rootless', 'name=cgroupns'] };

export const ENGINES = {
  docker: IN_DISTRO,
  desktopOld: { ...IN_DISTRO, platform: 'Docker Desktop 4.40.0 (187762)', system: 'Docker Desktop' },
  desktop: { ...IN_DISTRO, platform: 'Docker Desktop 4.49.0 (1)', system: 'Docker Desktop', path: 'mnt/wsl/docker-desktop/shared-sockets/guest-services/docker.proxy.sock' },
  rancher: { ...IN_DISTRO, system: 'Rancher Desktop WSL Distribution', path: 'mnt/wsl/rancher-desktop/run/docker.sock' },
  podman: { ...IN_DISTRO, podman: true, platform: 'linux/amd64', path: 'mnt/wsl/podman-sockets/default/podman-user.sock' },
  podmanHere: { ...IN_DISTRO, podman: true, platform: 'linux/amd64', path: 'run/podman/podman.sock' },
  rootless: { ...IN_DISTRO, info: ROOTLESS },
  session: { ...IN_DISTRO, info: SESSION },
} as const satisfies Record<string, StubEngine>; // biome-ignore format: a table

/** Listens below a root until `close`. */
export async function startEngine(root: string, engine: StubEngine): Promise<Server> {
  const socket = join(root, engine.path);
  mkdirSync(dirname(socket), { recursive: true });
  const server = createServer((request, response) => {
    response.setHeader('api-version', '1.47');
    if (engine.podman) response.setHeader('libpod-api-version', '5.2.0');
    const answer = answers(engine)[(request.url ?? '').split('?')[0] ?? ''];
    response.end(answer === undefined ? 'OK' : JSON.stringify(answer));
  });
  await new Promise<void>(resolve => server.listen(socket, resolve));
  return server;
}

function answers(engine: StubEngine): Readonly<Record<string, unknown>> {
  const { warnings, drift, unused, containers, info } = engine;
  const labels = (project: string, service: string) => ({ 'laptop-dev.project': project, 'laptop-dev.service': service });
  return {
    '/info': {
      OperatingSystem: engine.system,
      CgroupVersion: '2',
      Warnings: warnings,
      SystemTime: new Date(Date.now() + drift).toISOString(),
      ...info,
    },
    '/version': { Version: '29.0.0', Platform: { Name: engine.platform } },
    '/system/df': { Images: [{ Size: unused * GiB, Containers: 0 }, { Size: GiB, Containers: 2 }], BuildCache: [] }, // biome-ignore format: short
    '/containers/json': containers.map(([name, project, service]) => ({ Names: [`/${name}`], Labels: labels(project, service) })),
  };
}
