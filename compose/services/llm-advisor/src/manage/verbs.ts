import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { choose, contextsOf, type Need, needOf, wholeMiB } from '../admission.js';
import type { Deaths } from '../deaths.js';
import type { Engine } from '../engine/engine.js';
import { readHeader } from '../gguf/header.js';
import { LARGE, TINY, writeToy } from '../gguf/toy.js';
import { chosenModel, findModel, USE } from '../models.js';
import { fingerprintOf, type Peaks } from '../peaks.js';
import { dropPart, hashOf, install, knownSum, placesOf, sizeOf, writeWhole } from './files.js';
import { type Judge, judge } from './judge.js';
import { exists, type Received } from './receive.js';

const quietly = (): void => undefined;

/** Removes a model, and what was received of it so far. Throws `not-found`. */
export async function remove(folder: string, name: string): Promise<{ name: string; bytes: number }> {
  const places = placesOf(folder, name);
  const [model, part] = await Promise.all([sizeOf(places.model), sizeOf(places.part)]);
  if (model === null && part === null) await findModel(folder, name, '');
  if ((await chosenModel(folder)) === name) await rm(join(folder, USE), { force: true });
  await Promise.all([places.model, places.sum].map(path => rm(path, { force: true })));
  await dropPart(places);
  return { name, bytes: (model ?? 0) + (part ?? 0) };
}

/** The model that answers from now on where a request names none; `configured`: what wins over it. Throws `not-found`. */
export async function use(folder: string, name: string, configured: string): Promise<{ name: string; configured: string | null }> {
  await findModel(folder, placesOf(folder, name).name, '');
  await writeWhole(join(folder, USE), `${name}\n`);
  return { name, configured: configured === '' || configured === name ? null : configured };
}

/** Writes a toy. null: it is there already. Throws `exists`, `never-fits`. */
export async function makeTiny(
  folder: string,
  name: string,
  how: { large: boolean; replace: boolean; by: Judge },
): Promise<Received | null> {
  const places = placesOf(folder, name);
  await dropPart(places);
  await writeToy(places.part, how.large ? LARGE : TINY);
  try {
    const verdict = await judge(places.part, how.by);
    const sha256 = (await hashOf(places.part, quietly)).digest('hex');
    const there = await sizeOf(places.model);
    if (there === verdict.header.fileBytes && (await sumOf(folder, name)) === sha256) return null;
    if (there !== null && !how.replace) throw exists(name);
    await install(places, sha256);
    return { sha256, ...verdict };
  } finally {
    await dropPart(places);
  }
}

async function sumOf(folder: string, name: string): Promise<string> {
  const places = placesOf(folder, name);
  return (await knownSum(places)) ?? (await hashOf(places.model, quietly)).digest('hex');
}

export interface Estimated {
  readonly name: string;
  readonly bytes: number;
  readonly architecture: string;
  readonly contextLength: number;
  /** The largest context first. */
  readonly needs: readonly Need[];
  readonly maximum: number;
  /** The context that is loaded; null: none fits. */
  readonly context: number | null;
}

/** What loading a model takes, as it is reckoned before each load (room.ts). `learnt`: by earlier loads; null: the file cannot have been loaded. Throws ModelError. */
export async function estimate(
  file: { readonly name: string; readonly path: string; readonly bytes: number },
  { context, maximum, engine }: { readonly context: number; readonly maximum: number; readonly engine: Engine },
  learnt: { readonly peaks: Peaks; readonly deaths: Deaths } | null,
): Promise<Estimated> {
  const { architecture, contextLength, fileBytes } = await readHeader(file.path, file.bytes);
  const fingerprint = learnt === null ? '' : await fingerprintOf(file.path);
  const died = (await learnt?.deaths.shorterThan(file.name, fingerprint)) ?? null;
  const needs: Need[] = [];
  for (const tokens of contextsOf(context, contextLength, died)) {
    const measured = (await learnt?.peaks.of(fingerprint, tokens)) ?? null;
    const bytes = measured === null ? needOf(await engine.estimate(file.path, tokens)) : wholeMiB(measured);
    needs.push({ context: tokens, bytes, measured: measured !== null });
  }
  const most = maximum || Number.MAX_SAFE_INTEGER;
  const choice = choose(needs, most, most);
  const chosen = choice.kind === 'refuse' ? null : choice.need.context;
  return { name: file.name, bytes: file.bytes || fileBytes, architecture, contextLength, needs, maximum, context: chosen };
}
