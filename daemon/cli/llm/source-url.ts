import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { FailureError, failure } from '../../shared/failure.js';
import { checkMagic, type ModelSource } from './source.js';

/** How often an interrupted download is resumed. */
const TRIES = 5;
const PAUSE = 500;

export interface UrlOptions {
  readonly signal: AbortSignal;
  /** ms before a download is resumed; each time this much longer. */
  readonly pause?: number;
  /** Called when a download is resumed. */
  readonly onAgain?: (at: number, why: string) => void;
}

interface Content {
  readonly bytes: number;
  /** Changes with the content; null: the server sends none. */
  readonly version: string | null;
}

/** A file behind an http(s) address, redirects followed. Throws FailureError download-failed, model-refused. */
export async function openUrl(url: string, options: UrlOptions): Promise<ModelSource> {
  // One for all requests: a stalled body is aborted when its reader, or the source, ends.
  const over = new AbortController();
  const end = () => over.abort();
  options.signal.addEventListener('abort', end, { once: true });
  const first = await get(url, {}, over.signal).catch((error: unknown) => {
    options.signal.throwIfAborted();
    throw new FailureError(failure('download-failed', `${url} cannot be reached: ${reasonOf(error)}.`));
  });
  const { bytes, version } = contentOf(url, first);
  const hash = createHash('sha256');
  let hashed: number | null = 0;
  let fresh: Response | null = first;
  const responseAt = async (at: number): Promise<Response> => {
    const kept = fresh;
    fresh = null;
    if (kept && at === 0) return kept;
    await kept?.body?.cancel();
    return again(url, at, { bytes, version }, over.signal);
  };
  return {
    what: url,
    bytes,
    of: createHash('sha256')
      .update(`${url}\n${bytes}\n${version ?? ''}`)
      .digest('hex'),
    hashOf: async () => null,
    async *read(from, signal) {
      hashed = from === 0 ? 0 : null;
      signal.addEventListener('abort', end, { once: true });
      for await (const chunk of resumed(url, from, bytes, responseAt, { ...options, signal })) {
        if (hashed === 0) checkMagic(url, chunk);
        if (hashed !== null) {
          hash.update(chunk);
          hashed += chunk.length;
        }
        yield chunk;
      }
    },
    sum: () => (hashed === bytes ? hash.copy().digest('hex') : null),
    close: async () => {
      options.signal.removeEventListener('abort', end);
      end();
    },
  };
}

/** The bytes from there on; an interrupted download is resumed as long as each attempt brings more. */
async function* resumed(
  url: string,
  from: number,
  bytes: number,
  responseAt: (at: number) => Promise<Response>,
  options: UrlOptions,
): AsyncGenerator<Uint8Array> {
  let at = from;
  for (let tries = 0; at < bytes; ) {
    const before = at;
    let why: string | null = null;
    try {
      for await (const chunk of bodyFrom(await responseAt(at), at)) {
        const wanted = chunk.subarray(0, bytes - at);
        at += wanted.length;
        yield wanted;
      }
    } catch (error) {
      if (options.signal.aborted || error instanceof FailureError) throw error;
      why = reasonOf(error);
    }
    if (at >= bytes) return;
    tries += 1;
    const said = why ?? 'it ended early';
    if ((why === null && at === before) || tries > TRIES) {
      throw new FailureError(failure('download-failed', `${url} was interrupted after ${at} of ${bytes} bytes: ${said}.`, { at, bytes }));
    }
    options.onAgain?.(at, said);
    await pause((options.pause ?? PAUSE) * tries, undefined, { signal: options.signal });
  }
}

/** The body without the bytes that are there already, if the server starts from 0. */
async function* bodyFrom(response: Response, at: number): AsyncGenerator<Uint8Array> {
  let skip = response.status === 206 ? 0 : at;
  for await (const chunk of response.body ?? []) {
    const rest = chunk.subarray(Math.min(skip, chunk.length));
    skip -= chunk.length - rest.length;
    if (rest.length > 0) yield rest;
  }
}

function get(url: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Response> {
  return fetch(url, { headers: { 'accept-encoding': 'identity', 'user-agent': 'laptop-dev', ...headers }, redirect: 'follow', signal });
}

/** From there on, if the server can; else from the start. Throws FailureError if the content has changed. */
async function again(url: string, at: number, { bytes, version }: Content, signal: AbortSignal): Promise<Response> {
  const onlyIf = version?.startsWith('"') ? { 'if-range': version } : {};
  const response = await get(url, { range: `bytes=${at}-`, ...onlyIf }, signal);
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '');
  const isRest = response.status === 206 && Number(range?.[1]) === at && (range?.[2] === '*' || Number(range?.[2]) === bytes);
  if (isRest) return response;
  if (response.status === 200) {
    const now = contentOf(url, response);
    if (now.bytes === bytes && now.version === version) return response;
  } else checkStatus(url, response);
  await response.body?.cancel();
  throw new FailureError(
    failure('download-failed', `${url} has changed since the download began.`, {}, ['The same command starts the download again.']),
  );
}

function contentOf(url: string, response: Response): Content {
  checkStatus(url, response);
  const type = response.headers.get('content-type') ?? '';
  if (/^(text\/html|application\/xhtml)/i.test(type)) {
    throw new FailureError(
      failure('model-refused', `${url} is a web page (${type}), not a model.`, {}, [
        'Use the URL of the file itself; on Hugging Face it contains /resolve/.',
      ]),
    );
  }
  const bytes = Number(response.headers.get('content-length') ?? Number.NaN);
  if (!Number.isSafeInteger(bytes) || bytes <= 0) {
    throw new FailureError(
      failure('download-failed', `${url} does not say how large it is.`, {}, ['Download the file in another way, and add it from there.']),
    );
  }
  return { bytes, version: response.headers.get('etag') ?? response.headers.get('last-modified') };
}

function checkStatus(url: string, { ok, status }: Response): void {
  if (ok) return;
  const words: Readonly<Record<number, string>> = {
    401: 'requires a login',
    403: 'refuses',
    404: 'does not exist',
    410: 'no longer exists',
  };
  throw new FailureError(failure('download-failed', `${url} ${words[status] ?? 'failed'}: the server answered ${status}.`, { status }));
}

/** fetch says "fetch failed"; what happened is in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message;
}
