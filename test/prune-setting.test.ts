import { expect, test } from 'vitest';
import { readPrune } from '../daemon/config/settings.js';

test('leftovers are removed each night, when LAPTOP_DEV_PRUNE says, or never', () => {
  expect(readPrune({})).toBe('0 4 * * *');
  expect(readPrune({ LAPTOP_DEV_PRUNE: '' })).toBe('0 4 * * *');
  expect(readPrune({ LAPTOP_DEV_PRUNE: 'off' })).toBeNull();
  expect(readPrune({ LAPTOP_DEV_PRUNE: '30 12 * * mon' })).toBe('30 12 * * mon');
  for (const text of ['nightly', '0 4 * *', '0 0-4000000000 * * *'])
    expect(() => readPrune({ LAPTOP_DEV_PRUNE: text })).toThrow(`LAPTOP_DEV_PRUNE is "${text}"`);
});
