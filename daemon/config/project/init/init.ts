import { lstat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { listenersOf } from '../../../model/listeners.js';
import type { ContainerSpec, ServiceSpec } from '../../../model/spec.js';
import { FailureError, failure } from '../../../shared/failure.js';
import { isWithin } from '../../../shared/paths.js';
import { formatProblem, type Problem } from '../../../shared/problem.js';
import type { Ms } from '../../../shared/span.js';
import { loadCompose } from '../../compose/load.js';
import type { ComposeService } from '../../compose/types.js';
import { type ConfigurationQuery, type Found, findConfiguration } from '../discovery/find.js';
import { imageName } from '../services/infer.js';
import { resolveServices } from '../services/services.js';
import { projectSpecOf } from '../spec.js';
import { type TrustPoint, trustPoints } from '../trust-points.js';
import { writeProjectFile } from '../write/project-file.js';
import { initText } from './text.js';

export interface InitOptions extends ConfigurationQuery {
  /** Write over an existing laptop-dev.yaml. */
  readonly force: boolean;
  /** Write nothing. */
  readonly dryRun: boolean;
}

export interface InitResult {
  /** Absolute path of laptop-dev.yaml. */
  readonly file: string;
  readonly text: string;
  readonly written: boolean;
  readonly services: readonly string[];
  readonly warnings: readonly Problem[];
  /** What `up` will need --trust for. */
  readonly trust: readonly TrustPoint[];
}

/**
 * Writes a laptop-dev.yaml beside the Compose file that is found, with budgets from its limits or the usual ones. Fails:
 * config-missing (no Compose file), config-invalid (it has mistakes; the target is a link that leads out of the project), not-written, usage (exists, no `force`).
 */
export async function initProject(options: InitOptions): Promise<InitResult> {
  const found = await findConfiguration(options);
  if (found.composeFiles === null) {
    throw new FailureError(
      failure('config-missing', `There is no Compose file in ${options.cwd} or above it`, {}, [
        'laptop-dev init is for a folder with a compose.yaml; laptop-dev -f FILE init names another file.',
        'Without one, laptop-dev up minimal runs the built-in stack.',
      ]),
    );
  }
  const file = join(found.root, 'laptop-dev.yaml');
  if (!options.force && !options.dryRun) await refuseExisting(file);
  const described = await describe(found, found.composeFiles);
  if (!options.dryRun) writeProjectFile(found.root, file, described.text);
  return { file, written: !options.dryRun, ...described };
}

async function describe(found: Found, files: readonly string[]): Promise<Omit<InitResult, 'file' | 'written'>> {
  const { project, problems, warnings } = await loadCompose({
    files,
    projectDirectory: found.projectDirectory ?? dirname(files[0] ?? found.root),
    projectName: found.projectName,
    environment: found.environment,
    envFiles: found.envFiles,
    profiles: found.composeProfiles,
  });
  const active = new Set(project?.services.map(service => service.name));
  const resolved = project === null ? null : await resolveServices(project, null, active, { project: project.name, root: found.root });
  const all = [...problems, ...(resolved?.problems ?? [])];
  if (project === null || resolved === null || all.length > 0) {
    throw new FailureError(
      failure('config-invalid', `The Compose file has mistakes:\n${all.map(formatProblem).join('\n')}`, { problems: all }),
    );
  }
  const specs = resolved.services.map(spec => {
    const service = project.services.find(candidate => candidate.name === spec.name);
    return service === undefined ? spec : withSleep(spec, service, found.root);
  });
  const text = initText({ root: found.root, compose: project, specs, files: found.composeGiven ? files : null });
  const trust = trustPoints(projectSpecOf(found, project, specs, null, files), project);
  return { text, services: specs.map(service => service.name), warnings: [...warnings, ...resolved.warnings], trust };
}

async function refuseExisting(file: string): Promise<void> {
  const exists = await lstat(file).then(
    () => true,
    () => false,
  );
  if (exists)
    throw new FailureError(failure('usage', `${file} exists already`, { file }, ['--force overwrites it; --dry-run shows the text.']));
}

const IDLE: Ms = 10 * 60_000;
/** Below it a user's process may not listen (net.ipv4.ip_unprivileged_port_start): the engine can publish there, the daemon not. */
const FIRST_OPEN_PORT = 1024;
/** Language and base images: the user's own program runs in them. */
const LANGUAGE =
  /(^|\/)(node|python|golang|go|ruby|rails|php|rust|deno|bun|elixir|erlang|perl|swift|gradle|maven|openjdk|eclipse-temurin|amazoncorretto|ibm-semeru-runtimes|dotnet\/(sdk|aspnet|runtime)|debian|ubuntu|alpine|busybox|fedora)$/;

/**
 * The service as init proposes it: what is reached by a port of its own and is not being worked on (databases, caches, queues, consoles)
 * sleeps until a client connects. Where `x-laptop-dev` says how it starts or when it stops, that stands.
 */
function withSleep(spec: ServiceSpec, compose: ComposeService, root: string): ServiceSpec {
  const extension = (compose.extension?.value ?? {}) as { start?: unknown; idle?: unknown };
  if (extension.start !== undefined || extension.idle !== undefined || isDevServer(spec.container, root)) return spec;
  const asleep: ServiceSpec = { ...spec, start: 'on-demand', idle: IDLE };
  const listeners = listenersOf(asleep);
  return listeners.length > 0 && listeners.every(listener => listener.port >= FIRST_OPEN_PORT) ? asleep : spec;
}

/** Built from source, a bare language image, or with the whole project mounted: it watches files and is not asked for by connections alone. */
function isDevServer(container: ContainerSpec | null, root: string): boolean {
  if (container === null) return true;
  const isMounted = container.mounts.some(mount => mount.kind === 'bind' && isWithin(mount.source, root));
  return container.build !== null || LANGUAGE.test(imageName(container.image)) || isMounted;
}
