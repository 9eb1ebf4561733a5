import { fullReference } from '../../model/image-builds.js';
import type { BuildSpec } from '../../model/spec.js';
import type { ImageRequest } from '../../ports/ports.js';
import { BASE_REFERENCE } from '../base/base-reference.js';
import type { ImageContext, ReportProgress } from '../context.js';
import { type ImageFacts, inspectImage } from '../inspect.js';
import { type ImageJob, NEEDS } from '../jobs.js';
import { type BuildFiles, inContext, readBuild } from './build-files.js';
import { BASES_LABEL, baseChanged, quickHash, recordedBases } from './fingerprint.js';
import { scanContext } from './scan.js';

type BuildJob = Extract<ImageJob, { kind: 'build' }>;

/** Contexts with more entries than this are looked through by the child process, which may block. 2,000 take about 20 ms. */
const SCAN_LIMIT = 2_000;

/**
 * For a service with a build. Nothing has changed (Dockerfile, arguments, files by size and times, bases by id): a few ms, no
 * process. Otherwise the child process compares contents, and builds only when those differ too.
 */
export async function ensureBuilt(context: ImageContext, request: ImageRequest, build: BuildSpec, report: ReportProgress): Promise<void> {
  const { reference, rebuild, platform = null } = request;
  const files = readBuild(reference, build, platform);
  // Taken before the build: a file that changes meanwhile is seen the next time.
  const quick = await quickHashOf(context, files, build, report);
  const others = (request.project ?? []).map(image => fullReference(image.reference)).filter(name => name !== fullReference(reference));
  await firstOf(context, request, others, report);
  if (!rebuild && (await isCurrent(context, files, quick))) return;
  const imageId = await context.alone(quick, async twin => {
    if (twin !== null && !rebuild && (await isUpToDate(context, twin)))
      return context.run({ kind: 'tag', imageId: twin, reference }, report);
    return buildAfter(context, request, { kind: 'build', reference, build, platform, rebuild, built: others }, report);
  });
  const unkept = context.known.write(reference, { quick, imageId });
  if (unkept !== null)
    context.log.warn({ reference, err: unkept }, 'what was built could not be noted: the next up compares its files again');
  context.log.info({ reference, imageId }, 'image is current');
}

/** Builds; what it is built upon and others build comes first, as the Dockerfile names it. */
async function buildAfter(context: ImageContext, request: ImageRequest, job: BuildJob, report: ReportProgress): Promise<string> {
  const answer = await context.run(job, report);
  if (!answer.startsWith(NEEDS)) return answer;
  const needed = answer.slice(NEEDS.length);
  if (needed === BASE_REFERENCE && !job.built.includes(fullReference(needed))) await context.base(false, report);
  else await context.first(request, needed, report);
  return buildAfter(context, request, { ...job, built: job.built.filter(name => name !== fullReference(needed)) }, report);
}

/** What the image that is here was built upon, where others build it: a change there is seen before it is said to be current. */
async function firstOf(context: ImageContext, request: ImageRequest, others: readonly string[], report: ReportProgress): Promise<void> {
  const image = others.length === 0 ? null : await inspectImage(context.engine, request.reference);
  const bases = recordedBases(image?.labels[BASES_LABEL] ?? '');
  for (const base of bases) if (others.includes(fullReference(base))) await context.first(request, base, report);
}

async function quickHashOf(context: ImageContext, files: BuildFiles, build: BuildSpec, report: ReportProgress): Promise<string> {
  const entries = inContext(files.reference, files.context, context => scanContext(context, files.rules, SCAN_LIMIT));
  if (entries) return quickHash(files, entries);
  return context.run({ kind: 'quick-hash', reference: files.reference, build, platform: files.platform }, report);
}

async function isCurrent(context: ImageContext, files: BuildFiles, quick: string): Promise<boolean> {
  const known = context.known.read(files.reference);
  if (known?.quick !== quick) return false;
  const image = await inspectImage(context.engine, files.reference);
  return image?.id === known.imageId && isBaseUnchanged(context, image);
}

/** An image that was built from the same definition: it is here, and its bases are the same. */
async function isUpToDate(context: ImageContext, imageId: string): Promise<boolean> {
  const image = await inspectImage(context.engine, imageId);
  return image !== null && isBaseUnchanged(context, image);
}

async function isBaseUnchanged(context: ImageContext, image: ImageFacts): Promise<boolean> {
  const recorded = image.labels[BASES_LABEL] ?? '';
  const names = recordedBases(recorded);
  const bases = await Promise.all(names.map(name => inspectImage(context.engine, name)));
  return !baseChanged(recorded, Object.fromEntries(names.map((name, index) => [name, bases[index]?.id ?? null])));
}
