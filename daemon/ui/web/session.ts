import type { Failure } from '../../shared/failure.js';

/** Where the token of this tab's session is kept: it survives a reload, and no other tab has it. */
const KEY = 'laptop-dev-session';

/** What the daemon refused, in its own words. */
export class Refused extends Error {
  constructor(readonly failure: Failure) {
    super(failure.message);
  }
}

/** The token of the link is taken out of the address at once: it is neither in the history nor on the screen. */
function takeLink(): string | null {
  const token = location.hash.slice(1);
  if (token === '') return null;
  history.replaceState(null, '', location.pathname);
  return token;
}

/** The session's token: by the link in the address, else the one that this tab has; null: there is neither, or the link is no good any more. */
export async function openSession(): Promise<string | null> {
  const link = takeLink();
  if (link === null) return sessionStorage.getItem(KEY);
  const { token } = await call<{ token: string }>(link, '/v1/web/session', {});
  sessionStorage.setItem(KEY, token);
  return token;
}

export function forgetSession(): void {
  sessionStorage.removeItem(KEY);
}

/** `data` of the answer. Throws Refused with the daemon's failure, and TypeError when there is no answer. With a body: POST. */
export async function call<T>(token: string, path: string, body?: object, signal?: AbortSignal): Promise<T> {
  const response = await request(token, path, body, signal);
  const answer: { ok: true; data: T } | { ok: false; error: Failure } = await response.json();
  if (answer.ok) return answer.data;
  throw new Refused(answer.error);
}

/** The values of an answer of lines, as they come. */
export async function* fetchLines<T>(token: string, path: string, signal: AbortSignal): AsyncGenerator<T> {
  const response = await request(token, path, undefined, signal);
  if (!response.ok || !response.body) throw new Refused((await response.json()).error);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (rest + value).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line);
  }
}

function request(token: string, path: string, body?: object, signal?: AbortSignal): Promise<Response> {
  return fetch(path, {
    method: body ? 'POST' : 'GET',
    headers: { authorization: `Bearer ${token}`, ...(body ? { 'content-type': 'application/json' } : {}) },
    body: body ? JSON.stringify(body) : null,
    signal: signal ?? null,
    credentials: 'omit',
    redirect: 'error',
  });
}
