import { createHash } from 'node:crypto';
import type { ComposeService } from '../compose/types.js';
import { configText } from '../core/config-hash.js';
import { type Ms, PLAIN_ACTIVATION, type ServiceSpec, type StartMode } from '../core/model.js';
import type { Problem } from '../core/problem.js';
import { mergeSettings } from '../profiles/merge.js';
import { parseServiceBlock } from '../profiles/parse.js';
import type { ServiceSettings } from '../profiles/schema.js';
import { guess } from './guess.js';
import { memoryOf } from './memory.js';

const START_TIMEOUT: Ms = 120_000;
const STOP_TIMEOUT: Ms = 10_000;
const PRIORITY = 50;

export interface ServiceInput {
  readonly project: string;
  readonly compose: ComposeService;
  /** What the profile says, with everything it extends; empty without a profile. */
  readonly profile: ServiceSettings;
  /** How it starts when neither profile nor `x-laptop-dev` says. */
  readonly start: StartMode;
}

/** One service as the daemon runs it. Each key: the profile, else `x-laptop-dev`, else the Compose file, else the default. */
export function serviceSpecOf(input: ServiceInput): { spec: ServiceSpec; problems: readonly Problem[] } {
  const { compose, profile } = input;
  const block = compose.extension === null ? null : parseServiceBlock(compose.extension, compose.name);
  const extension = block?.settings ?? {};
  const settings = mergeSettings(extension, profile);
  const usual = guess(compose.container);
  const { memory, problems } = memoryOf({ profile, extension, compose, usual: usual.memory });
  const runtime = settings.runtime ?? usual.runtime;
  const made = { container: compose.container, memory, runtime: runtime === 'none' ? null : runtime };
  const spec: ServiceSpec = {
    ...made,
    project: input.project,
    name: compose.name,
    priority: settings.priority ?? PRIORITY,
    start: settings.start ?? input.start,
    idle: settings.idle ?? null,
    activation: PLAIN_ACTIVATION,
    protocol: settings.protocol ?? usual.protocol,
    dependsOn: compose.dependsOn,
    restart: compose.restart,
    // A health check may allow more time than the default until it gives up.
    startTimeout: settings.start_timeout ?? Math.max(START_TIMEOUT, compose.startTimeout ?? 0),
    stopTimeout: settings.stop_timeout ?? compose.stopTimeout ?? STOP_TIMEOUT,
    configHash: configHash(made),
  };
  return { spec, problems: [...(block?.problems ?? []), ...problems] };
}

/** SHA-256 over what the container is made from; see core/config-hash. */
function configHash(made: Pick<ServiceSpec, 'container' | 'memory' | 'runtime'>): string {
  return createHash('sha256').update(configText(made)).digest('hex');
}
