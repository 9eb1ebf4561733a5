import { fullReference } from '../../model/image-builds.js';
import type { BuildSpec } from '../../model/spec.js';
import type { PinnedFolder } from '../../path-gate/pinned.js';
import { FailureError, failure } from '../../shared/failure.js';
import { BASE_REFERENCE } from '../base/base-reference.js';
import type { ReportProgress } from '../context.js';
import { type Engine, followBuild } from '../engine.js';
import { builderArgs } from '../host-settings.js';
import { inspectImage } from '../inspect.js';
import { type ImageJob, NEEDS } from '../jobs.js';
import { pullImage } from '../pull/pull.js';
import { type BuildFiles, inContext, readBuild, whileInContext } from './build-files.js';
import { type ContextTar, contextTar } from './context-tar.js';
import { type DockerfileFacts, readDockerfile } from './dockerfile.js';
import { BASES_LABEL, baseChanged, contentHash, HASH_LABEL, quickHash, writeBases } from './fingerprint.js';
import { BuildOutput } from './output.js';
import { type ContextEntry, scanContext } from './scan.js';

type BuildJob = Extract<ImageJob, { kind: 'build' }>;

/** Name of a Dockerfile that is not part of its context, inside the context that is sent. */
const SENT_DOCKERFILE = '.laptop-dev.Dockerfile';

/**
 * Builds unless the image at the engine was built from the same contents upon the same bases. Resolves to the image's id, or to
 * `needs NAME`: an image that others build has to be current first.
 */
export async function buildImage(engine: Engine, job: BuildJob, report: ReportProgress): Promise<string> {
  const plan = planBuild(job.reference, job.build, job.platform);
  const built = plan.facts.bases.find(base => job.built.includes(fullReference(base)));
  if (built !== undefined) return `${NEEDS}${built}`;
  if (plan.facts.bases.includes(BASE_REFERENCE) && !(await inspectImage(engine.address, BASE_REFERENCE)))
    return `${NEEDS}${BASE_REFERENCE}`;
  const bases = await presentBases(engine, plan, report);
  return whileInContext(plan.reference, plan.context, context => buildIn(context, engine, job, plan, bases, report));
}

async function buildIn(
  context: PinnedFolder,
  engine: Engine,
  job: BuildJob,
  plan: BuildPlan,
  bases: Readonly<Record<string, string>>,
  report: ReportProgress,
): Promise<string> {
  const entries = scanContext(context, plan.rules, Number.POSITIVE_INFINITY) ?? [];
  const hash = contentHash(plan, context, entries);
  const before = await inspectImage(engine.address, plan.reference);
  const unchanged = before?.labels[HASH_LABEL] === hash && !baseChanged(before.labels[BASES_LABEL] ?? '', bases);
  if (before && unchanged && !job.rebuild) return before.id;

  const output = new BuildOutput(shortName(plan.reference), report);
  const labels = { ...plan.labels, [HASH_LABEL]: hash, [BASES_LABEL]: writeBases(bases) };
  const error = await send(engine, plan, tarOf(plan, context, entries), labels, job.rebuild, output);
  if (error !== null) throw new FailureError(buildFailure(plan.reference, error, output.lastLines()));
  const after = await inspectImage(engine.address, plan.reference);
  if (!after)
    throw new FailureError(failure('engine-error', `the engine says that it built ${plan.reference}, but has no image of that name`));
  return after.id;
}

/** Gives an image one more name; resolves to its id. */
export async function tagImage({ docker }: Engine, imageId: string, reference: string): Promise<string> {
  const [, repo = reference, tag = 'latest'] = /^(.*?)(?::([^/:]+))?$/.exec(reference) ?? [];
  await docker.getImage(imageId).tag({ repo, tag });
  return imageId;
}

/** For contexts that the daemon does not look through itself. */
export async function hashContext(job: Extract<ImageJob, { kind: 'quick-hash' }>): Promise<string> {
  const files = readBuild(job.reference, job.build, job.platform);
  const scan = (context: PinnedFolder) => scanContext(context, files.rules, Number.POSITIVE_INFINITY) ?? [];
  return quickHash(files, inContext(files.reference, files.context, scan));
}

/** Pulls what is missing before the builder would: it takes a minute to notice that no registry answers. */
async function presentBases(engine: Engine, plan: BuildPlan, report: ReportProgress): Promise<Record<string, string>> {
  const ids: Record<string, string> = {};
  for (const base of plan.facts.bases) {
    const present = await inspectImage(engine.address, base);
    if (!present) report({ step: 'pull-base', reference: base, image: shortName(plan.reference) });
    ids[base] = present?.id ?? (await pullImage(engine, base, plan.platform, report));
  }
  return ids;
}

async function send(
  { docker }: Engine,
  plan: BuildPlan,
  tar: ContextTar,
  labels: Readonly<Record<string, string>>,
  rebuild: boolean,
  output: BuildOutput,
): Promise<string | null> {
  try {
    const stream = await docker.buildImage(tar.stream, {
      t: plan.reference,
      dockerfile: plan.dockerfilePath ?? SENT_DOCKERFILE,
      version: plan.facts.buildkit ? '2' : '1',
      buildargs: { ...(await builderArgs(plan.facts.args)), ...plan.args },
      labels: { ...labels },
      nocache: rebuild,
      rm: true,
      forcerm: true,
      ...(plan.target && { target: plan.target }),
      ...(plan.platform && { platform: plan.platform }),
    });
    const error = await followBuild(docker, stream, line => output.hear(line));
    if (error === null || tar.fault() !== null) await tar.finished;
    return error;
  } catch (error) {
    // What could not be read says more than the engine, which has missed the rest of it.
    if (tar.fault() !== null) throw tar.fault();
    return error instanceof Error ? error.message : String(error);
  }
}

/** The Dockerfile and .dockerignore are sent even where ignored; the builder reads both and then drops what is ignored. */
function tarOf(plan: BuildPlan, context: PinnedFolder, entries: readonly ContextEntry[]): ContextTar {
  const paths = new Set(entries.map(entry => entry.path));
  if (plan.dockerfilePath !== null) {
    paths.add(plan.dockerfilePath);
    paths.delete('.dockerignore');
    return contextTar(context, [...paths], plan.ignoreText === null ? {} : { '.dockerignore': plan.ignoreText });
  }
  paths.delete('.dockerignore');
  const ignore = `${plan.ignoreText ?? '.dockerignore'}\n${SENT_DOCKERFILE}\n`;
  return contextTar(context, [...paths], { [SENT_DOCKERFILE]: plan.dockerfile, '.dockerignore': ignore });
}

function buildFailure(reference: string, words: string, lines: readonly string[]) {
  // The engine repeats the whole command, which the last lines show already.
  const error = words.replace(/(The command '.{80})(?:(?!The command ').)+(' returned)/s, '$1…$2');
  const message = [`building ${shortName(reference)} failed: ${error}`, ...lines].join('\n');
  return failure('image-build-failed', message, { reference, error, lines }, [
    'Correct the Dockerfile or the files that it copies; the last lines of the build are above.',
  ]);
}

function shortName(reference: string): string {
  return (reference.split('/').at(-1) ?? reference).replace(/[:@][\s\S]*$/, '');
}

/** A build with its Dockerfile understood; `args` with the base, where it takes that. */
interface BuildPlan extends BuildFiles {
  readonly facts: DockerfileFacts;
}

/** As readBuild, and what its Dockerfile starts from. For the child process alone: see readDockerfile. */
export function planBuild(reference: string, build: BuildSpec, platform: string | null): BuildPlan {
  const files = readBuild(reference, build, platform);
  const takesBase = readDockerfile(files.dockerfile, build.args).takesBase && build.args['BASE'] === undefined;
  const args = takesBase ? { ...build.args, BASE: BASE_REFERENCE } : build.args;
  return { ...files, args, facts: readDockerfile(files.dockerfile, args) };
}
