import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { classifyEngineError } from '../../daemon/engine/client/classify.js';
import { engineFailure } from '../../daemon/engine/client/engine-failure.js';
import { FailureError } from '../../daemon/shared/failure.js';

interface Recorded {
  readonly engine: string;
  readonly status: number;
  readonly text: string;
  readonly code: string;
  readonly details: Record<string, unknown>;
}
const recorded = JSON.parse(readFileSync(new URL('fixtures/engine-errors.json', import.meta.url), 'utf8')) as Recorded[];

describe('what engines answer', () => {
  test.each(recorded)('$engine: $code: $text', ({ status, text, code, details }) => {
    const found = classifyEngineError({ status, errno: null, text }, 'start shop-db-1');
    expect(found.code).toBe(code);
    expect(found.details).toMatchObject({ ...details, engine: text });
    expect(found.message).toContain(text);
    expect(found.remedies.length).toBeGreaterThan(0);
  });
});

describe('sockets', () => {
  test.each([
    ['ENOENT', 'missing'],
    ['EACCES', 'permission'],
    ['ECONNREFUSED', 'nobody listens'],
  ])('%s', (errno, words) => {
    const found = classifyEngineError({ status: null, errno, text: `connect ${errno}` }, 'list');
    expect(found.code).toBe('engine-unavailable');
    expect(found.message).toContain(words);
  });

  test('permission denied says which group', () => {
    expect(classifyEngineError({ status: null, errno: 'EACCES', text: '' }, 'list').remedies[0]).toContain('docker');
  });
});

describe('what is thrown', () => {
  test('an answer and a broken socket become failures', () => {
    expect(engineFailure(Object.assign(new Error('x'), { statusCode: 500, json: { message: 'boom' } }), 'stop')).toMatchObject({
      failure: { code: 'engine-error', message: 'stop: boom' },
    });
    expect(engineFailure(Object.assign(new Error('x'), { code: 'ECONNRESET' }), 'stop')).toMatchObject({
      failure: { code: 'engine-unavailable' },
    });
  });

  test('a bug stays what it is', () => {
    const bug = new TypeError('x is not a function');
    expect(engineFailure(bug, 'stop')).toBe(bug);
    expect(engineFailure(bug, 'stop')).not.toBeInstanceOf(FailureError);
  });
});
