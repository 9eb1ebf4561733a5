import { FailureError, failure } from '../core/failure.js';
import { type ContextTar, contextTar } from './context-tar.js';
import { type Engine, follow } from './engine.js';
import { BASES_LABEL, baseChanged, contentHash, HASH_LABEL, quickHash, writeBases } from './fingerprint.js';
import { builderArgs } from './host-settings.js';
import { inspectImage } from './inspect.js';
import type { Job } from './jobs.js';
import { BuildOutput } from './output.js';
import { type BuildPlan, planBuild } from './plan.js';
import { pullImage } from './pull.js';
import { type Entry, scanContext } from './scan.js';

type BuildJob = Extract<Job, { kind: 'build' }>;
type Tell = (text: string) => void;

/** Name of a Dockerfile that is not part of its context, inside the context that is sent. */
const SENT_DOCKERFILE = '.laptop-dev.Dockerfile';

/** Builds unless the image at the engine was built from the same contents upon the same bases. Resolves to the image's id. */
export async function buildImage(engine: Engine, job: BuildJob, tell: Tell): Promise<string> {
  const plan = planBuild(job.reference, job.build, job.platform);
  const bases = await presentBases(engine, plan, tell);
  const entries = scanContext(plan.context, plan.rules, Number.POSITIVE_INFINITY) ?? [];
  const hash = await contentHash(plan, entries);
  const before = await inspectImage(engine.address, plan.reference);
  const unchanged = before?.labels[HASH_LABEL] === hash && !baseChanged(before.labels[BASES_LABEL] ?? '', bases);
  if (before && unchanged && !job.rebuild) return before.id;

  const output = new BuildOutput(shortName(plan.reference), tell);
  const labels = { ...plan.labels, [HASH_LABEL]: hash, [BASES_LABEL]: writeBases(bases) };
  const error = await send(engine, plan, entries, labels, job.rebuild, output);
  if (error !== null) throw new FailureError(buildFailure(plan.reference, error, output.lastLines()));
  const after = await inspectImage(engine.address, plan.reference);
  if (!after)
    throw new FailureError(failure('engine-error', `the engine says that it built ${plan.reference}, but has no image of that name`));
  return after.id;
}

/** For contexts that the daemon does not look through itself. */
export async function hashContext(job: Extract<Job, { kind: 'quick-hash' }>): Promise<string> {
  const plan = planBuild(job.reference, job.build, job.platform);
  return quickHash(plan, scanContext(plan.context, plan.rules, Number.POSITIVE_INFINITY) ?? []);
}

/** Pulls what is missing before the builder would: it takes a minute to notice that no registry answers. */
async function presentBases(engine: Engine, plan: BuildPlan, tell: Tell): Promise<Record<string, string>> {
  const ids: Record<string, string> = {};
  for (const base of plan.facts.bases) {
    const present = await inspectImage(engine.address, base);
    if (!present) tell(`pulling ${base} for ${shortName(plan.reference)}`);
    ids[base] = present?.id ?? (await pullImage(engine, base, plan.platform, tell));
  }
  return ids;
}

async function send(
  { docker }: Engine,
  plan: BuildPlan,
  entries: readonly Entry[],
  labels: Readonly<Record<string, string>>,
  rebuild: boolean,
  output: BuildOutput,
): Promise<string | null> {
  const tar = await tarOf(plan, entries);
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
    const error = await follow(docker, stream, line => output.hear(line));
    if (error === null) await tar.finished;
    return error;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await tar.remove();
  }
}

/** The Dockerfile and .dockerignore are sent even where ignored; the builder reads both and then drops what is ignored. */
function tarOf(plan: BuildPlan, entries: readonly Entry[]): Promise<ContextTar> {
  const paths = new Set(entries.map(entry => entry.path));
  if (plan.dockerfilePath !== null) {
    paths.add(plan.dockerfilePath);
    paths.delete('.dockerignore');
    return contextTar(plan.context, [...paths], plan.ignoreText === null ? {} : { '.dockerignore': plan.ignoreText });
  }
  paths.delete('.dockerignore');
  const ignore = `${plan.ignoreText ?? '.dockerignore'}\n${SENT_DOCKERFILE}\n`;
  return contextTar(plan.context, [...paths], { [SENT_DOCKERFILE]: plan.dockerfile, '.dockerignore': ignore });
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
