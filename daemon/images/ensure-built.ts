import type { BuildSpec } from '../core/model.js';
import type { ImageRequest } from '../ports.js';
import { BASE_REFERENCE } from './base-reference.js';
import { BASES_LABEL, baseChanged, quickHash } from './fingerprint.js';
import { inspectImage } from './inspect.js';
import { type BuildPlan, planBuild } from './plan.js';
import type { Room, Tell } from './room.js';
import { scanContext } from './scan.js';

/** Contexts with more entries than this are looked through by the child process, which may block. 2,000 take about 20 ms. */
const SCAN_LIMIT = 2_000;

/**
 * For a service with a build. Nothing has changed (Dockerfile, arguments, files by size and times, bases by id): a few ms, no
 * process. Otherwise the child process compares contents, and builds only when those differ too.
 */
export async function ensureBuilt(room: Room, request: ImageRequest, build: BuildSpec, tell: Tell): Promise<void> {
  const { reference, rebuild, platform = null } = request;
  const plan = planBuild(reference, build, platform);
  // Taken before the build: a file that changes meanwhile is seen the next time.
  const quick = await quickHashOf(room, plan, build, tell);
  if (!rebuild && (await isCurrent(room, plan, quick))) return;
  if (plan.facts.bases.includes(BASE_REFERENCE) && !(await inspectImage(room.engine, BASE_REFERENCE))) await room.base(false, tell);
  const imageId = await room.run({ kind: 'build', reference, build, platform, rebuild }, tell);
  const unkept = room.known.write(reference, { quick, imageId });
  if (unkept !== null) room.log.warn({ reference, err: unkept }, 'what was built could not be noted: the next up compares its files again');
  room.log.info({ reference, imageId }, 'image is current');
}

async function quickHashOf(room: Room, plan: BuildPlan, build: BuildSpec, tell: Tell): Promise<string> {
  const entries = scanContext(plan.context, plan.rules, SCAN_LIMIT);
  if (entries) return quickHash(plan, entries);
  return room.run({ kind: 'quick-hash', reference: plan.reference, build, platform: plan.platform }, tell);
}

async function isCurrent(room: Room, plan: BuildPlan, quick: string): Promise<boolean> {
  const known = room.known.read(plan.reference);
  if (known?.quick !== quick) return false;
  const [image, ...bases] = await Promise.all([plan.reference, ...plan.facts.bases].map(name => inspectImage(room.engine, name)));
  if (image?.id !== known.imageId) return false;
  const present = Object.fromEntries(plan.facts.bases.map((name, index) => [name, bases[index]?.id ?? null]));
  return !baseChanged(image.labels[BASES_LABEL] ?? '', present);
}
