import { type IncomingMessage, request as plain, type RequestOptions } from 'node:http';
import { request as secure } from 'node:https';
import { json } from 'node:stream/consumers';
import { FailureError, failure } from '../shared/failure.js';
import type { EngineAddress } from './endpoint.js';

export interface ImageFacts {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** How long the engine may take to answer, in ms. */
const TIMEOUT = 10_000;

/** Asks the engine for an image; null: it has none of that name. About 1 ms; without dockerode, which would cost the daemon 20 MB. */
export async function inspectImage(engine: EngineAddress, reference: string): Promise<ImageFacts | null> {
  const response = await get(engine, `/images/${reference.split('/').map(encodeURIComponent).join('/')}/json`);
  const body = (await json(response)) as { Id?: string; message?: string; Config?: { Labels?: Record<string, string> | null } | null };
  if (response.statusCode === 404) return null;
  if (response.statusCode !== 200 || body.Id === undefined) {
    throw new FailureError(
      failure('engine-error', `the engine cannot show image ${reference}: ${body.message ?? `status ${response.statusCode}`}`, {
        reference,
      }),
    );
  }
  return { id: body.Id, labels: body.Config?.Labels ?? {} };
}

function get(engine: EngineAddress, path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const options: RequestOptions = { ...engine, path, headers: { host: 'engine' }, agent: false, timeout: TIMEOUT };
    if ('protocol' in options) options.protocol = `${options.protocol}:`;
    const request = ('protocol' in engine && engine.protocol === 'https' ? secure : plain)(options, resolve);
    request.on('timeout', () => {
      request.destroy();
      reject(new FailureError(failure('engine-timeout', `the engine did not answer within ${TIMEOUT / 1000} s when asked for an image`)));
    });
    request.on('error', error => {
      reject(new FailureError(failure('engine-unavailable', `the engine does not answer: ${error.message}`)));
    });
    request.end();
  });
}
