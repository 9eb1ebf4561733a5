import { PLAIN_ACTIVATION, type ServiceSpec } from '../../../daemon/model/spec.js';
import { containerSpec } from '../specs.js';
import { project, type Sketch } from './specs.js';

const ports = (port: number): Pick<ServiceSpec, 'container'> => ({
  container: containerSpec({
    ports: [{ hostIp: '127.0.0.1', host: port, container: port, protocol: 'tcp' }],
    networks: [{ network: 'default', aliases: [], ipv4: null, ipv6: null }],
  }),
});

/** A service that a connection wakes and that goes after some seconds of silence. */
export function sleeper(port: number, idleSeconds: number, sketch: Sketch = {}): Sketch {
  return { start: 'on-demand', idle: idleSeconds * 1_000, ...ports(port), ...sketch };
}

export const frozenAfter = (seconds: number): Pick<ServiceSpec, 'activation'> => ({
  activation: { ...PLAIN_ACTIVATION, freezeAfter: seconds * 1_000 },
});

/** On demand and eager, of equal and other priorities, with and without a burst, with dependencies, one that may be frozen and one with a veto. */
export const HOUSEHOLD = [
  project('shop', {
    web: sleeper(3000, 60, { memory: [80, 80], priority: 70, dependsOn: ['api:started'] }),
    api: sleeper(3001, 90, { memory: [120, 240], dependsOn: ['db', 'cache'] }),
    db: sleeper(5432, 240, { memory: [150, 400], priority: 60, protocol: 'postgres', ...frozenAfter(45) }),
    cache: sleeper(6379, 120, { memory: [60, 200], protocol: 'redis' }),
    worker: { memory: [50, 100], priority: 40, dependsOn: ['cache'] },
  }),
  project('lab', {
    llm: sleeper(4000, 180, { memory: [250, 500], priority: 30, runtime: 'llm' }),
    notes: sleeper(4001, 600, { memory: [150, 300], activation: { ...PLAIN_ACTIVATION, veto: ['busy'] } }),
    search: sleeper(4002, 600, { memory: [150, 300], start: 'eager', restart: { policy: 'always', maxRetries: null } }),
    index: sleeper(4003, 30, { memory: [100, 100], dependsOn: ['search'], priority: 20 }),
  }),
] as const;

/** The same shop with another definition of its database and without a worker. */
export const CHANGED = project('shop', {
  web: sleeper(3000, 60, { memory: [80, 80], priority: 70, dependsOn: ['api:started'] }),
  api: sleeper(3001, 90, { memory: [120, 240], dependsOn: ['db', 'cache'] }),
  db: sleeper(5432, 240, { memory: [200, 300], priority: 60, protocol: 'postgres', configHash: 'changed' }),
  cache: sleeper(6379, 120, { memory: [60, 200], protocol: 'redis' }),
});

/** Services that let each other in: short idle times, whatever the priority. */
export const PEACEFUL = [
  project('day', {
    web: sleeper(3000, 30, { memory: [100, 200], priority: 70, dependsOn: ['db'] }),
    db: sleeper(5432, 40, { memory: [200, 600], priority: 60, protocol: 'postgres' }),
    mail: sleeper(1025, 20, { memory: [100, 300], priority: 20 }),
  }),
  project('night', {
    llm: sleeper(4000, 45, { memory: [400, 900], priority: 30 }),
    batch: sleeper(4001, 30, { memory: [250, 500] }),
    tiny: sleeper(4002, 25, { memory: [50, 50], priority: 90 }),
  }),
] as const;
