import { createHash } from 'node:crypto';
import { configText } from '../../../model/config-hash.js';
import { tcpPortsOf } from '../../../model/listeners.js';
import { type Activation, PLAIN_ACTIVATION, type ServiceSpec, type StartMode } from '../../../model/spec.js';
import type { Problem } from '../../../shared/problem.js';
import type { Ms } from '../../../shared/span.js';
import type { ComposeService } from '../../compose/types.js';
import { idleProblems, protocolProblems } from '../../profiles/consistency.js';
import type { YamlLocation } from '../../profiles/locations.js';
import { mergeSettings } from '../../profiles/merge.js';
import type { parseServiceBlock } from '../../profiles/parse.js';
import type { ServiceSettings } from '../../profiles/schema.js';
import { type InferredSettings, inferSettings } from './infer.js';
import { memoryOf } from './memory.js';
import { originOf, type SettingOrigin } from './setting-origin.js';

const START_TIMEOUT: Ms = 120_000;
const STOP_TIMEOUT: Ms = 10_000;
const PRIORITY = 50;

export interface ServiceInput {
  readonly project: string;
  readonly compose: ComposeService;
  /** The settings of the profile, with everything it extends; empty without a profile. */
  readonly profile: ServiceSettings;
  /** Finds the location of a key of `profile`. */
  readonly profileLocation: (key: string) => YamlLocation;
  /** Reads `x-laptop-dev`; null: no service of the project has it, so that its schema need not be loaded. */
  readonly parseBlock: typeof parseServiceBlock | null;
  /** The start mode when neither profile nor `x-laptop-dev` sets one. */
  readonly start: StartMode;
}

/** One service as the daemon runs it. Each key: the profile, else `x-laptop-dev`, else the Compose file, else the default. */
export function serviceSpecOf(input: ServiceInput): {
  spec: ServiceSpec;
  problems: readonly Problem[];
  origin: (key: string) => SettingOrigin | null;
} {
  const { compose, profile } = input;
  const block = compose.extension === null || input.parseBlock === null ? null : input.parseBlock(compose.extension, compose.name);
  const extension = block?.settings ?? {};
  const settings = mergeSettings(extension, profile);
  const usual = inferSettings(compose.container);
  const { memory, problems } = memoryOf({ profile, extension, compose, usual: usual.memory });
  const runtime = settings.runtime ?? usual.runtime;
  const protocol = settings.protocol ?? usual.protocol;
  const spec = hashed({
    container: compose.container,
    memory,
    runtime: runtime === 'none' ? null : runtime,
    project: input.project,
    name: compose.name,
    priority: settings.priority ?? PRIORITY,
    start: settings.start ?? input.start,
    idle: settings.idle?.stopAfter ?? null,
    activation: activationOf(settings, usual),
    protocol,
    dependsOn: compose.dependsOn,
    restart: compose.restart,
    // A health check may allow more time than the default until it gives up.
    startTimeout: settings.start_timeout ?? Math.max(START_TIMEOUT, compose.startTimeout ?? 0),
    stopTimeout: settings.stop_timeout ?? compose.stopTimeout ?? STOP_TIMEOUT,
  });
  const origin = originOf(input, extension);
  return { spec, problems: [...(block?.problems ?? []), ...problems, ...disagreements(settings, spec, compose, origin)], origin };
}

function activationOf(settings: ServiceSettings, usual: InferredSettings): Activation {
  return {
    freezeAfter: settings.idle?.freezeAfter ?? PLAIN_ACTIVATION.freezeAfter,
    veto: settings.idle?.veto ?? PLAIN_ACTIVATION.veto,
    holdBlocked: settings.hold_blocked ?? PLAIN_ACTIVATION.holdBlocked,
    readyPath: settings.ready ?? PLAIN_ACTIVATION.readyPath,
    path: settings.path ?? PLAIN_ACTIVATION.path,
    protocols: Object.fromEntries(
      Object.entries(settings.ports ?? {}).flatMap(([port, { protocol }]) => (protocol ? [[port, protocol]] : [])),
    ),
    protocolFrom: settings.protocol === undefined ? usual.protocolFrom : 'person',
  };
}

/** Contradictions between profile, `x-laptop-dev` and defaults; each file by itself has been checked before. */
function disagreements(
  settings: ServiceSettings,
  spec: ServiceSpec,
  compose: ComposeService,
  origin: (key: string) => SettingOrigin | null,
): Problem[] {
  const prefix = `services.${spec.name}`;
  const location = (key: string) => origin(key) ?? compose.position;
  // A port number alone is too weak to contradict a setting that was written down.
  const isOpen = spec.activation.protocolFrom === 'port' && tcpPortsOf(compose.container).length > 0;
  const known = isOpen ? undefined : spec.protocol;
  const problems = [...idleProblems(settings, prefix, location), ...protocolProblems(settings, known, prefix, location)];
  return problems.map(problem => ({ ...problem, key: origin(problem.key.slice(prefix.length + 1))?.key ?? problem.key }));
}

/** The service with its config hash: SHA-256 over what the container is made from; see model/config-hash. */
export function hashed(spec: Omit<ServiceSpec, 'configHash'>): ServiceSpec {
  return { ...spec, configHash: createHash('sha256').update(configText(spec)).digest('hex') };
}
