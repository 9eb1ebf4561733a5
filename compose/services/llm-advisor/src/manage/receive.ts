import { createHash, type Hash, randomUUID } from 'node:crypto';
import { type FileHandle, open, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ModelError } from '../model-error.js';
import { dropPart, hashOf, install, knownSum, type Places, sizeOf, textOf, writeWhole } from './files.js';
import { ACK, type Input } from './input.js';
import { GrowingJudge, type Judge, type Verdict } from './judge.js';
import { ManageError } from './manage-error.js';

/** Left free on the volume. */
const SPARE = 16 * 1024 * 1024;

export interface Receiving {
  readonly places: Places;
  readonly bytes: number;
  /** What is sent, in the sender's words: a part goes on only with the same. */
  readonly of: string;
  readonly replace: boolean;
  readonly by: Judge;
  readonly input: Input;
  readonly say: (line: object) => void;
}

export interface Received extends Verdict {
  readonly sha256: string;
}

/**
 * Takes a model from the input: says what is there already (`ready`), reads `{"from": bytes}`, the bytes from there on, each 128 KiB of them
 * acknowledged, and `{"sha256": hex or null}`. Null: the sender found that it is there already. What can never fit is refused with its header.
 */
export async function receive(options: Receiving): Promise<Received | null> {
  const { places, input, say } = options;
  const part = await partOf(options);
  await checkSpace(options, part?.bytes ?? 0);
  const there = await thereOf(options);
  say({ kind: 'ready', there, part: part && { bytes: part.bytes, of: part.of, sha256: part.hash.copy().digest('hex') } });
  const start = await input.object();
  if (!start) throw cut(part?.bytes ?? 0, options.bytes);
  if (start['from'] === null) return null;
  const goesOn = part !== null && start['from'] === part.bytes;
  if (!goesOn && start['from'] !== 0) throw new ManageError('usage', `There is no part to go on from at ${String(start['from'])}.`);
  if (there && !options.replace) throw exists(places.name);
  const token = randomUUID();
  await writeWhole(places.partOf, JSON.stringify({ of: options.of, bytes: options.bytes, token }));
  const file = await open(places.part, goesOn ? 'r+' : 'w+');
  try {
    const hash = goesOn ? part.hash : createHash('sha256');
    const judge = new GrowingJudge(places.part, options.bytes, options.by);
    await copy({ ...options, file, hash, judge, token }, goesOn ? part.bytes : 0);
    return await finish(options, file, hash, judge, token);
  } catch (error) {
    // Malformed, or it never fits: nobody will want the rest.
    if (error instanceof ModelError || (error instanceof ManageError && error.problem === 'checksum')) await dropPart(places);
    throw error;
  } finally {
    await file.close();
  }
}

interface Part {
  readonly bytes: number;
  readonly of: string;
  readonly hash: Hash;
}

async function partOf({ places, bytes, say }: Receiving): Promise<Part | null> {
  const have = await sizeOf(places.part);
  if (have === null || have === 0 || have > bytes) return null;
  const hash = await hashOf(places.part, read => say({ kind: 'checked', bytes: read }));
  return { bytes: have, of: readOf(await textOf(places.partOf)).of, hash };
}

/** The model of this name: with its checksum where the size alone does not tell them apart. */
async function thereOf({ places, bytes, say }: Receiving): Promise<{ bytes: number; sha256: string | null } | null> {
  const size = await sizeOf(places.model);
  if (size === null) return null;
  if (size !== bytes) return { bytes: size, sha256: null };
  const known = await knownSum(places);
  const sha256 = known ?? (await hashOf(places.model, read => say({ kind: 'checked', bytes: read }))).digest('hex');
  return { bytes: size, sha256 };
}

async function checkSpace({ places, bytes }: Receiving, have: number): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(places.model));
  const free = bavail * bsize;
  if (free + have < bytes + SPARE)
    throw new ManageError('no-space', `The volume has ${free} bytes free, the model needs ${bytes - have}.`, { free, need: bytes - have });
}

type Copying = Receiving & { readonly file: FileHandle; readonly hash: Hash; readonly judge: GrowingJudge; readonly token: string };

async function copy({ places, bytes, input, say, file, hash, judge, token }: Copying, from: number): Promise<void> {
  let at = from;
  let batch: Buffer[] = [];
  let waiting = 0;
  const flush = async (): Promise<void> => {
    if (waiting === 0) return;
    await mine(places, token);
    const whole = Buffer.concat(batch);
    for (let done = 0; done < whole.length; ) done += (await file.write(whole, done, whole.length - done, at + done)).bytesWritten;
    hash.update(whole);
    at += waiting;
    batch = [];
    waiting = 0;
    say({ kind: 'ack', bytes: at });
    await judge.look(at);
  };
  await judge.look(at);
  while (at + waiting < bytes) {
    const more = await input.take(Math.min(ACK, bytes - at - waiting));
    if (!more) break;
    batch.push(more);
    waiting += more.length;
    if (waiting >= ACK) await flush();
  }
  await flush();
  await file.sync();
  if (at < bytes) throw cut(at, bytes);
}

async function finish(
  { places, bytes, input, replace }: Receiving,
  file: FileHandle,
  hash: Hash,
  judge: GrowingJudge,
  token: string,
): Promise<Received> {
  const end = await input.object();
  const { verdict } = judge;
  if (!end || !verdict) throw cut(bytes, bytes);
  const sha256 = hash.digest('hex');
  const wanted = end['sha256'];
  if (wanted !== null && wanted !== sha256)
    throw new ManageError('checksum', `What came has the SHA-256 ${sha256}, not ${String(wanted)}.`, { sha256, wanted });
  await mine(places, token);
  if ((await file.stat()).size !== bytes) await file.truncate(bytes);
  if (!replace && (await sizeOf(places.model)) !== null) throw exists(places.name);
  await install(places, sha256);
  return { sha256, ...verdict };
}

/** Of two that receive the same model, the later one goes on: it writes again whatever the earlier one has written since. */
async function mine({ partOf, name }: Places, token: string): Promise<void> {
  if (readOf(await textOf(partOf)).token !== token) throw new ManageError('taken-over', `${name} is being added by somebody else now.`);
}

/** What a part is of, as it was written down; empty words where that cannot be read. */
export function readOf(text: string | null): { readonly of: string; readonly bytes: number | null; readonly token: string } {
  try {
    const { of, bytes, token } = JSON.parse(text ?? '{}');
    return { of: String(of ?? ''), bytes: Number.isSafeInteger(bytes) ? bytes : null, token: String(token ?? '') };
  } catch {
    return { of: '', bytes: null, token: '' };
  }
}

function cut(at: number, bytes: number): ManageError {
  return new ManageError('cut', `The input ended after ${at} of ${bytes} bytes.`, { at, bytes });
}

export function exists(name: string): ManageError {
  return new ManageError('exists', `There is a model ${name} with other content.`);
}
