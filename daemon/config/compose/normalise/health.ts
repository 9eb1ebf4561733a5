import type { Healthcheck } from '../../../model/spec.js';
import type { Ms } from '../../../shared/span.js';
import type { Cursor } from '../tree/cursor.js';

/** The engine's defaults (Docker's documentation of HEALTHCHECK). */
const DEFAULTS = { interval: 30_000, timeout: 30_000, startPeriod: 0, retries: 3 };

/** `healthcheck`; null: the image's own, if it has one. */
export function healthcheckOf(service: Cursor): Healthcheck | null {
  const cursor = service.get('healthcheck');
  if (cursor === null || !cursor.isMap) return null;
  const off = cursor.get('disable')?.boolean() === true;
  const retries = cursor.get('retries')?.integer(0) ?? null;
  return {
    test: off ? ['NONE'] : testOf(cursor.get('test')),
    interval: cursor.get('interval')?.duration() ?? null,
    timeout: cursor.get('timeout')?.duration() ?? null,
    startPeriod: cursor.get('start_period')?.duration() ?? null,
    startInterval: cursor.get('start_interval')?.duration() ?? null,
    retries,
  };
}

/** Empty: the image's own test, with the times given here. */
function testOf(cursor: Cursor | null): string[] {
  if (cursor === null) return [];
  if (!cursor.isList) {
    const text = cursor.text() ?? '';
    return text === '' ? [] : ['CMD-SHELL', text];
  }
  const test = cursor.texts();
  const [first] = test;
  const kinds = ['CMD', 'CMD-SHELL', 'NONE'];
  if (first !== undefined && !kinds.includes(first)) cursor.error(`begins with "${first}"`, { expected: kinds.join(', '), nearest: null });
  if (first !== undefined && first !== 'NONE' && test.length < 2) cursor.error(`${first} is followed by no command`);
  return test;
}

/** The time that the health check allows a container after its start, in ms; null without a check. */
export function patienceOf(check: Healthcheck | null): Ms | null {
  if (check === null || check.test[0] === 'NONE') return null;
  const { interval, timeout, startPeriod, retries } = check;
  const rounds = Math.max(1, retries ?? DEFAULTS.retries);
  return (startPeriod ?? DEFAULTS.startPeriod) + rounds * ((interval ?? DEFAULTS.interval) + (timeout ?? DEFAULTS.timeout));
}
