import { type ContainerSpec, type NetworkSpec, PLAIN_ACTIVATION, type ProjectSpec, type ServiceSpec } from '../../daemon/model/spec.js';

/** The plainest container there is, with the keys given on top. */
export function containerSpec(over: Partial<ContainerSpec> = {}): ContainerSpec {
  return {
    image: 'app',
    build: null,
    pull: 'missing',
    command: null,
    entrypoint: null,
    environment: {},
    ports: [],
    expose: [],
    mounts: [],
    networks: [],
    networkMode: null,
    healthcheck: null,
    user: null,
    groupAdd: [],
    workingDir: null,
    hostname: null,
    domainname: null,
    labels: {},
    stopSignal: null,
    init: null,
    tty: false,
    stdinOpen: false,
    readOnly: false,
    privileged: false,
    capAdd: [],
    capDrop: [],
    securityOpt: [],
    extraHosts: [],
    dns: [],
    dnsSearch: [],
    dnsOptions: [],
    devices: [],
    pid: null,
    ipc: null,
    usernsMode: null,
    ulimits: [],
    sysctls: {},
    logging: null,
    cpus: null,
    cpuset: null,
    cpuShares: null,
    pidsLimit: null,
    shmSize: null,
    oomScoreAdj: null,
    platform: null,
    ...over,
  };
}

export function serviceSpec(over: Partial<ServiceSpec> = {}): ServiceSpec {
  return {
    project: 'p',
    name: 'app',
    memory: { standard: 128 * 1024 ** 2, maximum: 256 * 1024 ** 2 },
    priority: 50,
    start: 'eager',
    idle: null,
    activation: PLAIN_ACTIVATION,
    protocol: 'tcp',
    runtime: null,
    dependsOn: [],
    restart: { policy: 'on-failure', maxRetries: null },
    startTimeout: 120_000,
    stopTimeout: 10_000,
    container: containerSpec(),
    configHash: 'hash',
    ...over,
  };
}

export function projectSpec(over: Partial<ProjectSpec> = {}): ProjectSpec {
  return {
    name: 'p',
    root: '/home/u/p',
    profile: 'default',
    services: [serviceSpec()],
    networks: [],
    volumes: [],
    schedule: null,
    outside: [],
    readers: {},
    ...over,
  };
}

/** The network that Compose gives a project that names none. */
export function defaultNetwork(project: string): NetworkSpec {
  const plain = { external: false, driver: null, internal: false, subnets: [], options: {}, labels: {} };
  return { key: 'default', name: `${project}_default`, ...plain };
}
