import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { onTestFinished } from 'vitest';
import { TINY, type ToyShape, writeToy } from '../../../compose/services/llm-advisor/src/gguf/toy.js';
import { placesOf } from '../../../compose/services/llm-advisor/src/manage/files.js';
import { Input } from '../../../compose/services/llm-advisor/src/manage/input.js';
import { type Received, receive } from '../../../compose/services/llm-advisor/src/manage/receive.js';
import { FakeEngine, MiB } from './fake-engine.js';

export const sha = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** A folder of models that goes with the test. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ld-models-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A toy of some 5 MB, so that it comes in several batches. Wide, since each word of it is encoded by itself. */
export const MIDDLE: ToyShape = { ...TINY, width: 512, feedForward: 512, words: 6_000 };

const made = new Map<string, Promise<Buffer>>();

/** The same bytes each time, which nobody changes: they are written once. */
export function toyBytes(shape: ToyShape = TINY, omit: readonly string[] = []): Promise<Buffer> {
  const key = JSON.stringify([shape, omit]);
  const bytes = made.get(key) ?? written(shape, omit);
  made.set(key, bytes);
  return bytes;
}

async function written(shape: ToyShape, omit: readonly string[]): Promise<Buffer> {
  const path = join(newFolder(), 'toy');
  await writeToy(path, shape, omit);
  return readFile(path);
}

export interface Line {
  readonly kind: 'ready' | 'ack' | 'checked';
  readonly bytes?: number;
  readonly there?: { readonly bytes: number; readonly sha256: string | null } | null;
  readonly part?: { readonly bytes: number; readonly of: string; readonly sha256: string } | null;
}

/** What the fake engine reckons is over 101 MiB: 100 MiB and 1 KiB a token. */
export const judgeWith = (maximum: number) => ({ engine: () => new FakeEngine(), context: 4096, maximum });

/** A receiver whose input a test writes. */
export function receiving(folder: string, name: string, bytes: number, over: { of?: string; replace?: boolean; maximum?: number } = {}) {
  const { of = 'a file', replace = false, maximum = 1024 * MiB } = over;
  const stdin = new PassThrough();
  const lines: Line[] = [];
  let heard: () => void = () => undefined;
  const say = (line: object): void => {
    lines.push(line as Line);
    heard();
  };
  const by = judgeWith(maximum);
  const done: Promise<Received | null> = receive({ places: placesOf(folder, name), bytes, of, replace, by, input: new Input(stdin), say });
  done.catch(() => heard());
  return {
    stdin,
    lines,
    done,
    /** Resolves with the first line that fits, said or to come; rejects when the receiver fails first. */
    line: (fits: (line: Line) => boolean): Promise<Line> =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = lines.find(fits);
          if (found) resolve(found);
        };
        heard = look;
        done.catch(reject);
        look();
      }),
    /** Sends what is asked for, with a trailer. */
    send(from: number, content: Buffer, sha256: string | null = sha(content)): void {
      stdin.write(`${JSON.stringify({ from })}\n`);
      stdin.write(content.subarray(from));
      stdin.end(`${JSON.stringify({ sha256 })}\n`);
    },
  };
}
