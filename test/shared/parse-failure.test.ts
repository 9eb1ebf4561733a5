import { describe, expect, it } from 'vitest';
import { CATALOGUE, type FailureCode, failure } from '../../daemon/shared/failure.js';
import { detailFields, parseFailure } from '../../daemon/shared/parse-failure.js';
import { holder } from '../support/failures.js';

const over = (wire: unknown): unknown => JSON.parse(JSON.stringify(wire));

describe('a failure from outside', () => {
  it.each([
    failure('over-budget', 'No room.', {
      need: 3,
      free: 1,
      budget: 9,
      needs: [],
      holders: [holder(), { id: 'p/db', grant: 1, keptBecause: null }],
    }),
    failure('exited', 'api exited with 3.', { exitCode: 3, lastLines: ['boom'] }, ['look']),
    failure('engine-error', 'create: no', { what: 'create', status: 500, engine: 'no', program: 'missing' }),
    failure('daemon-running', 'It runs.', { pid: null }),
    failure('usage', 'Not so.'),
  ])('stays what it is: $code', value => expect(parseFailure(over(value))).toEqual(value));

  it('keeps fields that this version does not know', () => {
    const value = { code: 'exited', message: 'x', details: { exitCode: 1, phase: 'late' }, remedies: ['y'] };
    expect(parseFailure(value)).toEqual(value);
  });

  it('loses an optional field that is not of its type, in details of any code', () => {
    const value = { code: 'exited', message: 'x', details: { exitCode: '1', model: 'm', lastLines: [1] }, remedies: ['y'] };
    expect(parseFailure(value)).toEqual({ ...value, details: { model: 'm' } });
  });

  it.each([
    { code: 'of-tomorrow', message: 'x', details: {}, remedies: [] },
    { code: 'toString', message: 'x', details: {}, remedies: [] },
    { code: 'over-budget', message: 'x', details: { holders: [null] }, remedies: [] },
    { code: 'over-budget', message: 'x', details: {}, remedies: [] },
    { code: 'usage', message: 'x', details: null, remedies: [] },
    { code: 'usage', message: 5, details: {}, remedies: [] },
    { code: 'usage', message: 'x', details: {}, remedies: 'none' },
    null,
    'no',
  ])('that is none is kept as it came: %j', value => {
    const read = parseFailure(value);
    expect(read).toMatchObject({ code: 'internal', details: { foreign: value } });
    expect(read.remedies).not.toEqual([]);
  });
});

it('the fields of each code are named once', () => {
  for (const code of Object.keys(CATALOGUE) as FailureCode[]) {
    const names = detailFields(code).map(({ name }) => name);
    expect(new Set(names).size, code).toBe(names.length);
  }
});

it('details are held to the code by the compiler', () => {
  // @ts-expect-error: a PID is a number
  failure('daemon-running', 'x', { pid: 'one' });
  // @ts-expect-error: there is no such field
  failure('cycle', 'x', { cycle: [], circle: [] });
  // @ts-expect-error: there is no such field, and none is needed
  failure('exited', 'x', { exitcode: 3 });
  // @ts-expect-error: holders are needed
  const value = failure('over-budget', 'x');
  expect(value.code).toBe('over-budget');
});
