import type { ObservedContainer } from '../../../daemon/model/observed.js';
import type { ProjectSpec, ServiceSpec } from '../../../daemon/model/spec.js';
import { DEFAULT_POLICY, type Policy } from '../../../daemon/scheduler/policy/policy.js';
import { MiB } from '../../../daemon/shared/bytes.js';
import { projectSpec, serviceSpec } from '../specs.js';

export const policy = (budgetMiB: number): Policy => ({ ...DEFAULT_POLICY, budget: budgetMiB * MiB });

export interface Sketch extends Partial<Omit<ServiceSpec, 'memory' | 'dependsOn'>> {
  /** MiB. */
  readonly memory?: readonly [standard: number, maximum: number];
  /** Nobody wrote the figures. */
  readonly guessed?: boolean;
  /** `db`, or `migrate:completed`. */
  readonly dependsOn?: readonly string[];
}

/** A service from what a test is about; the rest is unremarkable. */
export function service(project: string, name: string, { guessed, ...sketch }: Sketch = {}): ServiceSpec {
  const [standard, maximum] = sketch.memory ?? [100, 200];
  return {
    ...serviceSpec({ project, startTimeout: 60_000 }),
    configHash: `hash-${name}`,
    ...sketch,
    name,
    memory: { standard: standard * MiB, maximum: maximum * MiB, ...(guessed ? { guessed } : {}) },
    dependsOn: (sketch.dependsOn ?? []).map(text => {
      const [on = '', condition = 'healthy'] = text.split(':');
      return { service: on, condition: condition as 'healthy', required: true };
    }),
  };
}

export function project(name: string, services: Readonly<Record<string, Sketch>>): ProjectSpec {
  const specs = Object.entries(services).map(([key, sketch]) => service(name, key, sketch));
  return projectSpec({ name, root: `/projects/${name}`, profile: 'test', services: specs });
}

export function observed(spec: ServiceSpec, change: Partial<ObservedContainer> = {}): ObservedContainer {
  return {
    id: `c-${spec.name}`,
    name: `${spec.project}-${spec.name}-1`,
    project: spec.project,
    service: spec.name,
    profile: 'test',
    root: `/projects/${spec.project}`,
    configHash: spec.configHash,
    wiring: '',
    image: 'image-id',
    status: 'running',
    health: 'none',
    exitCode: null,
    oomKilled: false,
    pid: 1,
    limit: spec.memory.maximum,
    memory: spec.memory,
    priority: spec.priority,
    start: spec.start,
    dependsOn: spec.dependsOn.map(on => on.service),
    startedAt: 0,
    ports: [],
    exposed: [],
    check: null,
    ip: null,
    gateway: null,
    stopSignal: 15,
    sessions: [],
    anonymousVolumes: {},
    ...change,
  };
}
