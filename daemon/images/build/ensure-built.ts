import { fullReference } from '../../model/image-builds.js';
import type { BuildSpec } from '../../model/spec.js';
import type { ImageRequest } from '../../ports/ports.js';
import { BASE_REFERENCE } from '../base/base-reference.js';
import type { ImageContext, Tell } from '../context.js';
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
export async function ensureBuilt(room: ImageContext, request: ImageRequest, build: BuildSpec, tell: Tell): Promise<void> {
  const { reference, rebuild, platform = null } = request;
  const files = readBuild(reference, build, platform);
  // Taken before the build: a file that changes meanwhile is seen the next time.
  const quick = await quickHashOf(room, files, build, tell);
  const others = (request.project ?? []).map(image => fullReference(image.reference)).filter(name => name !== fullReference(reference));
  await firstOf(room, request, others, tell);
  if (!rebuild && (await isCurrent(room, files, quick))) return;
  const imageId = await room.alone(quick, async twin => {
    if (twin !== null && !rebuild && (await isUpToDate(room, twin))) return room.run({ kind: 'tag', imageId: twin, reference }, tell);
    return buildAfter(room, request, { kind: 'build', reference, build, platform, rebuild, built: others }, tell);
  });
  const unkept = room.known.write(reference, { quick, imageId });
  if (unkept !== null) room.log.warn({ reference, err: unkept }, 'what was built could not be noted: the next up compares its files again');
  room.log.info({ reference, imageId }, 'image is current');
}

/** Builds; what it is built upon and others build comes first, as the Dockerfile names it. */
async function buildAfter(room: ImageContext, request: ImageRequest, job: BuildJob, tell: Tell): Promise<string> {
  const answer = await room.run(job, tell);
  if (!answer.startsWith(NEEDS)) return answer;
  const needed = answer.slice(NEEDS.length);
  if (needed === BASE_REFERENCE && !job.built.includes(fullReference(needed))) await room.base(false, tell);
  else await room.first(request, needed, tell);
  return buildAfter(room, request, { ...job, built: job.built.filter(name => name !== fullReference(needed)) }, tell);
}

/** What the image that is here was built upon, where others build it: a change there is seen before it is said to be current. */
async function firstOf(room: ImageContext, request: ImageRequest, others: readonly string[], tell: Tell): Promise<void> {
  const image = others.length === 0 ? null : await inspectImage(room.engine, request.reference);
  const bases = recordedBases(image?.labels[BASES_LABEL] ?? '');
  for (const base of bases) if (others.includes(fullReference(base))) await room.first(request, base, tell);
}

async function quickHashOf(room: ImageContext, files: BuildFiles, build: BuildSpec, tell: Tell): Promise<string> {
  const entries = inContext(files.reference, files.context, context => scanContext(context, files.rules, SCAN_LIMIT));
  if (entries) return quickHash(files, entries);
  return room.run({ kind: 'quick-hash', reference: files.reference, build, platform: files.platform }, tell);
}

async function isCurrent(room: ImageContext, files: BuildFiles, quick: string): Promise<boolean> {
  const known = room.known.read(files.reference);
  if (known?.quick !== quick) return false;
  const image = await inspectImage(room.engine, files.reference);
  return image?.id === known.imageId && isBaseUnchanged(room, image);
}

/** An image that was built from the same definition: it is here, and its bases are the same. */
async function isUpToDate(room: ImageContext, imageId: string): Promise<boolean> {
  const image = await inspectImage(room.engine, imageId);
  return image !== null && isBaseUnchanged(room, image);
}

async function isBaseUnchanged(room: ImageContext, image: ImageFacts): Promise<boolean> {
  const recorded = image.labels[BASES_LABEL] ?? '';
  const names = recordedBases(recorded);
  const bases = await Promise.all(names.map(name => inspectImage(room.engine, name)));
  return !baseChanged(recorded, Object.fromEntries(names.map((name, index) => [name, bases[index]?.id ?? null])));
}
