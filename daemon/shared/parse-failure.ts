import { CATALOGUE, type Failure, type FailureCode, failure } from './failure.js';
import type { CommonDetails, EngineRefusal, FailureDetails, RefusalHolder } from './failure-details.js';
import {
  anything,
  either,
  type Fields,
  fits,
  flag,
  isRecord,
  listOf,
  number,
  oneOf,
  optional,
  orNull,
  record,
  text,
  texts,
  type WireShapes,
} from './wire-shape.js';

/**
 * A failure that came from outside (an answer of the daemon, of a child process, of a program in a container), as it is typed here. A field of its
 * details that is not of its type is left out, unless the code cannot do without it; fields that this version does not know stay. What is no failure that
 * this version knows becomes `internal`, with what came in `details.foreign`.
 */
export function parseFailure(value: unknown): Failure {
  if (!isRecord(value)) return foreign(value);
  const { code, message, details, remedies } = value;
  if (!isCode(code) || typeof message !== 'string' || !isRecord(details) || !texts.test(remedies)) return foreign(value);
  const read = { code, message, details: withoutWrong(code, details), remedies };
  return isFailure(read) ? read : foreign(value);
}

/** The fields that the details of a code can have, in the order of docs/errors.md; `isOptional`: not in every case. Without those of any failure. */
export function detailFields(code: FailureCode): readonly { readonly name: string; readonly isOptional: boolean }[] {
  const own = Object.entries(FIELDS[code]).filter(([name]) => !Object.hasOwn(COMMON, name));
  return own.map(([name, { isOptional }]) => ({ name, isOptional }));
}

function foreign(value: unknown): Failure {
  const { code, message } = isRecord(value) ? value : {};
  const words = typeof message === 'string' ? `: ${message}` : '.';
  return failure('internal', `Something failed in a way that this version does not know (${String(code)})${words}`, { foreign: value }, [
    'laptop-dev version shows the versions of the command and of the daemon: they should be the same.',
  ]);
}

function isCode(value: unknown): value is FailureCode {
  return typeof value === 'string' && Object.hasOwn(CATALOGUE, value);
}

function withoutWrong(code: FailureCode, details: Fields): Fields {
  const shapes = new Map(Object.entries(shapesOf(code)));
  return Object.fromEntries(
    Object.entries(details).filter(([name, value]) => {
      const known = shapes.get(name);
      return known === undefined || !known.isOptional || known.test(value);
    }),
  );
}

function shapesOf(code: FailureCode): Readonly<Record<string, { readonly isOptional: boolean; test(value: unknown): boolean }>> {
  return { ...COMMON, ...FIELDS[code] };
}

function isFailure(value: { readonly code: FailureCode; readonly details: object }): value is Failure {
  return isRecord(value.details) && fits(shapesOf(value.code), value.details);
}

const COMMON: WireShapes<CommonDetails> = { lastLines: optional(texts) };
const REFUSED: WireShapes<EngineRefusal> = { what: optional(text), status: optional(orNull(number)), engine: optional(text) };
const EXIT = { exitCode: optional(number), model: optional(text) };
const RISK = record({ service: text, what: text, why: text });
const HOLDER: WireShapes<RefusalHolder> = {
  project: text,
  service: text,
  state: text,
  standard: number,
  maximum: number,
  grant: number,
  workingSet: orNull(number),
  idleFor: orNull(number),
  keptBecause: orNull(text),
};

/** By code: its own fields, then those that any failure may have. The compiler holds it to FailureDetails. */
const FIELDS: { readonly [Code in FailureCode]: WireShapes<FailureDetails[Code]> } = {
  internal: { file: optional(text), cause: optional(orNull(text)), job: optional(text), foreign: anything },
  usage: {
    file: optional(text),
    cause: optional(orNull(text)),
    schema: optional(text),
    every: optional(number),
    root: optional(orNull(text)),
    here: optional(text),
    service: optional(text),
    services: optional(texts),
    projects: optional(texts),
    presets: optional(texts),
    nearest: optional(orNull(text)),
  },
  'request-refused': COMMON,
  unauthorized: COMMON,
  'media-type': COMMON,
  'too-large': COMMON,
  'too-busy': { most: optional(number) },
  'not-found': {
    ...REFUSED,
    project: optional(text),
    service: optional(text),
    missing: optional(texts),
    known: optional(texts),
    services: optional(texts),
    profiles: optional(texts),
    projects: optional(texts),
    models: optional(texts),
    nearest: optional(orNull(text)),
    root: optional(text),
    file: optional(text),
    history: optional(text),
  },
  'config-invalid': {
    problems: optional(
      listOf(record({ file: text, line: number, column: number, key: text, message: text, expected: orNull(text), nearest: orNull(text) })),
    ),
    variable: optional(text),
    file: optional(text),
    cause: optional(orNull(text)),
    target: optional(text),
    service: optional(text),
    network: optional(text),
    address: optional(text),
    cpuset: optional(text),
    available: optional(number),
    bytes: optional(number),
    least: optional(number),
    most: optional(number),
    total: optional(number),
  },
  'config-missing': {
    ...REFUSED,
    network: optional(text),
    volume: optional(text),
    project: optional(text),
    service: optional(text),
    context: optional(text),
    root: optional(text),
    used: optional(texts),
    profile: optional(text),
    profiles: optional(texts),
    nearest: optional(orNull(text)),
    candidates: optional(texts),
    mount: optional(text),
  },
  'not-written': { file: text, cause: orNull(text), free: optional(number), size: optional(number) },
  'file-refused': { file: text },
  cycle: { cycle: texts },
  'daemon-unavailable': {
    socket: optional(text),
    code: optional(orNull(text)),
    limit: optional(number),
    needed: optional(number),
    pid: optional(orNull(number)),
    user: optional(orNull(number)),
    program: optional(orNull(text)),
    name: optional(text),
    path: optional(text),
    log: optional(text),
    runtimeDir: optional(text),
    stateDir: optional(text),
    stateFile: optional(text),
    tickFile: optional(text),
    lockFile: optional(text),
    holdsFile: optional(text),
    historyDir: optional(text),
    logFile: optional(text),
    startLog: optional(text),
  },
  'daemon-running': { pid: orNull(number) },
  'engine-unavailable': {
    ...REFUSED,
    endpoint: optional(text),
    folder: optional(text),
    errno: optional(text),
    text: optional(text),
    choice: optional(orNull(text)),
    tried: optional(listOf(record({ source: text, endpoint: text, reason: text }))),
  },
  'engine-error': { ...REFUSED, reference: optional(text), program: optional(oneOf('missing')) },
  'engine-timeout': { what: optional(text), limit: optional(number) },
  'over-budget': {
    need: optional(number),
    free: optional(number),
    budget: optional(number),
    granted: optional(number),
    needs: optional(listOf(record({ service: text, standard: number, maximum: number }))),
    holders: listOf(either(record(HOLDER), record({ id: text, grant: number, keptBecause: orNull(text) }))),
  },
  'host-memory': { need: optional(number), free: optional(number), available: optional(orNull(number)), total: optional(number) },
  'kernel-path': { exitCode: optional(number), stderr: optional(text), bridges: optional(texts), services: optional(texts) },
  'port-taken': {
    ...REFUSED,
    hostIp: optional(text),
    port: optional(number),
    service: optional(orNull(text)),
    cause: optional(text),
    pid: optional(orNull(number)),
    process: optional(orNull(text)),
    user: optional(text),
    project: optional(orNull(text)),
    container: optional(text),
    managed: optional(flag),
    owner: optional(text),
  },
  'name-taken': {
    ...REFUSED,
    name: optional(text),
    holder: optional(text),
    id: optional(text),
    image: optional(text),
    project: optional(orNull(text)),
    bytes: optional(number),
    sha256: optional(orNull(text)),
  },
  'network-clash': {
    ...REFUSED,
    network: optional(text),
    project: optional(text),
    owner: optional(orNull(text)),
    subnet: optional(text),
    other: optional(text),
    subnets: optional(texts),
    networks: optional(number),
    ours: optional(number),
  },
  'volume-clash': { volume: text, project: text, owner: orNull(text) },
  'limit-not-applied': {
    service: text,
    limit: optional(text),
    wanted: optional(number),
    applied: optional(number),
    engine: optional(text),
    usage: optional(orNull(number)),
  },
  'gpu-unavailable': { ...REFUSED },
  'image-missing': {
    ...REFUSED,
    reference: optional(text),
    registry: optional(text),
    reason: optional(oneOf('no-registry', 'refused', 'never', 'not-root')),
  },
  'image-build-failed': {
    reference: optional(text),
    path: optional(text),
    errno: optional(text),
    circle: optional(texts),
    error: optional(text),
    lines: optional(texts),
  },
  unhealthy: {
    startTimeout: optional(number),
    checkExit: optional(orNull(number)),
    missing: optional(text),
    service: optional(text),
    host: optional(text),
    port: optional(number),
  },
  exited: { ...REFUSED, ...EXIT },
  'crash-loop': { ...EXIT },
  'out-of-memory': { ...REFUSED, ...EXIT, limit: optional(number), maximum: optional(number) },
  'dependency-failed': { dependency: text },
  timeout: {
    waitTimeout: optional(orNull(number)),
    services: optional(texts),
    pid: optional(number),
    at: optional(number),
    bytes: optional(number),
  },
  'model-refused': {
    missing: optional(texts),
    bytes: optional(number),
    needed: optional(number),
    cut: optional(flag),
    sha256: optional(text),
    wanted: optional(text),
  },
  'model-too-large': { need: optional(number), maximum: optional(number), context: optional(number), free: optional(number) },
  'download-failed': { at: optional(number), bytes: optional(number), status: optional(number) },
  'not-wsl': { kernel: text, kind: text },
  'preset-too-small': { preset: text, memory: number, need: number, profile: text, fits: orNull(text) },
  'wsl-pending': { file: text, checks: listOf(record({ key: text, line: number, wanted: text, found: orNull(text), state: text })) },
  'not-trusted': { risks: listOf(RISK), reach: listOf(record({ service: text, by: text })), new: listOf(RISK), changed: texts },
  'path-changed': { path: optional(text), real: optional(orNull(text)), root: optional(text), writer: optional(text) },
  cancelled: { project: optional(text), at: optional(number) },
};
