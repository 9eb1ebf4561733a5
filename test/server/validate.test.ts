import { expect, test } from 'vitest';
import { checkedBody } from '../../daemon/server/validate.js';

/** Each is judged twice: by the schema that is read, and by the one that is kept. */
const twice = (judge: () => void): void => {
  judge();
  judge();
};

test('a body is taken as it is, the first time and the next', () => {
  const body = { services: ['db'] };
  twice(() => expect(checkedBody('Services', body)).toBe(body));
});

test.each([
  ['another type', { services: 'db' }],
  ['a key that nobody knows', { services: [], shell: 'rm -rf /' }],
  ['__proto__ as a key of its own', JSON.parse('{"services":[],"__proto__":{"services":["db"]}}')],
  ['constructor as a key', { services: [], constructor: {} }],
  ['no object', null],
])('%s is refused, the first time and the next', (_, body) => {
  const refused = expect.objectContaining({ failure: expect.objectContaining({ code: 'usage', details: { schema: 'Services' } }) });
  twice(() => expect(() => checkedBody('Services', body)).toThrow(refused));
});

test('one schema is not taken for another', () => {
  checkedBody('Empty', {});
  expect(() => checkedBody('Renew', {})).toThrow();
  checkedBody('Renew', { id: 'lease-0001', ttl: 60_000 });
  expect(() => checkedBody('Empty', { id: 'lease-0001', ttl: 60_000 })).toThrow();
});
