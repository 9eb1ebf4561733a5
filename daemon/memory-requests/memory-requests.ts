import { type IncomingMessage, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Target } from '../ports/listeners.js';
import type { MemoryRequests } from '../ports/memory-requests.js';
import type { Bytes } from '../shared/bytes.js';
import type { Failure } from '../shared/failure.js';
import type { Ms } from '../shared/span.js';
import { readReport } from './read-report.js';

/** The service answers after 25 s when nothing has changed; one that is silent for longer is gone, or hangs. */
const SILENCE: Ms = 40_000;
/** A service that does not answer, or that nobody has taught this, is asked again after so long: the pause doubles from the first to the last. */
const FIRST_PAUSE: Ms = 250;
const LAST_PAUSE: Ms = 30_000;
const ANSWER_WITHIN: Ms = 5_000;
/** A word is some hundred bytes. */
const LONGEST = 16 * 1024;

/** A request held open for each service that is followed: no traffic while nothing changes. */
export function createMemoryRequests(): MemoryRequests {
  return {
    async follow(target, onWord, signal) {
      let [after, wait]: [number | null, Ms] = [null, FIRST_PAUSE];
      while (!signal.aborted) {
        const found = readReport(await get(target, after, signal).catch(() => null));
        if (signal.aborted) return;
        if (found === null) {
          await pause(wait, undefined, { signal }).catch(() => undefined);
          [after, wait] = [null, Math.min(LAST_PAUSE, wait * 2)];
          continue;
        }
        wait = FIRST_PAUSE;
        if (found.version !== after) onWord(found.word);
        after = found.version;
      }
    },
    async answer(target, bytes, refusal) {
      const signal = AbortSignal.timeout(ANSWER_WITHIN);
      await ask(target, 'POST', '/laptop-dev/memory', JSON.stringify(answerOf(bytes, refusal)), signal);
    },
  };
}

function get(target: Target, after: number | null, signal: AbortSignal): Promise<string> {
  const path = `/laptop-dev/state${after === null ? '' : `?after=${after}`}`;
  return ask(target, 'GET', path, null, AbortSignal.any([signal, AbortSignal.timeout(SILENCE)]));
}

function answerOf(bytes: Bytes, refusal: Failure | null): object {
  if (refusal === null) return { granted: true, reason: null, need: bytes, free: bytes, holders: [], remedies: [] };
  const { message: reason, remedies } = refusal;
  const free = refusal.code === 'over-budget' || refusal.code === 'host-memory' ? (refusal.details.free ?? 0) : 0;
  const holders = refusal.code === 'over-budget' ? refusal.details.holders : [];
  return { granted: false, reason, need: bytes, free: Math.max(0, free), holders, remedies };
}

/** node:http, not fetch: a request of fetch loads 4 MB of undici into a daemon that wants to stay small. */
function ask({ host, port }: Target, method: string, path: string, body: string | null, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = body === null ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const asked = request({ host, port, path, method, headers, signal, agent: false }, answer => {
      textOf(answer).then(text => (answer.statusCode === 200 ? resolve(text) : reject(new Error(`HTTP ${answer.statusCode}`))), reject);
    });
    asked.on('error', reject);
    asked.end(body ?? undefined);
  });
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of answer.setEncoding('utf8')) {
    text += chunk;
    if (text.length > LONGEST) throw new Error('the answer is too long');
  }
  return text;
}
