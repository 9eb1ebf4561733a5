import type { BuildSpec } from '../core/model.js';
import type { ImageRequest } from '../ports.js';
import { type BuildFiles, inContext, readBuild } from './build-files.js';
import { BASES_LABEL, baseChanged, quickHash, recordedBases } from './fingerprint.js';
import { inspectImage } from './inspect.js';
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
  const files = readBuild(reference, build, platform);
  // Taken before the build: a file that changes meanwhile is seen the next time.
  const quick = await quickHashOf(room, files, build, tell);
  if (!rebuild && (await isCurrent(room, files, quick))) return;
  const job = { kind: 'build', reference, build, platform, rebuild } as const;
  let imageId = await room.run(job, tell);
  if (imageId === '') {
    await room.base(false, tell);
    imageId = await room.run(job, tell);
  }
  room.known.write(reference, { quick, imageId });
  room.log.info({ reference, imageId }, 'image is current');
}

async function quickHashOf(room: Room, files: BuildFiles, build: BuildSpec, tell: Tell): Promise<string> {
  const entries = inContext(files.reference, files.context, context => scanContext(context, files.rules, SCAN_LIMIT));
  if (entries) return quickHash(files, entries);
  return room.run({ kind: 'quick-hash', reference: files.reference, build, platform: files.platform }, tell);
}

async function isCurrent(room: Room, files: BuildFiles, quick: string): Promise<boolean> {
  const known = room.known.read(files.reference);
  if (known?.quick !== quick) return false;
  const image = await inspectImage(room.engine, files.reference);
  if (image?.id !== known.imageId) return false;
  const recorded = image.labels[BASES_LABEL] ?? '';
  const names = recordedBases(recorded);
  const bases = await Promise.all(names.map(name => inspectImage(room.engine, name)));
  return !baseChanged(recorded, Object.fromEntries(names.map((name, index) => [name, bases[index]?.id ?? null])));
}
