import { expect, test } from 'vitest';
import { Trust } from '../../daemon/supervisor/trust.js';
import { containerSpec } from '../core/specs.js';
import { project } from '../core/support/specs.js';

const plain = project('p', { api: {} });
const risky = (image: string) => project('p', { api: { container: containerSpec({ privileged: true, image }) } });

test('what asks for nothing needs no trust', () => {
  expect(new Trust([]).check(plain, false)).toBeNull();
});

test('a risk is refused with every point, accepted by a word, remembered by content, asked again when it changes', () => {
  const trust = new Trust([]);
  expect(trust.check(risky('a'), false)).toMatchObject({ code: 'not-trusted', message: expect.stringContaining('privileged') });
  expect(trust.kept()).toEqual({ trusted: [], lastTrusted: [] });
  expect(trust.check(risky('a'), true)).toBeNull();
  const later = new Trust(trust.kept().trusted);
  expect(later.check(risky('a'), false)).toBeNull();
  const worse = project('p', { api: { container: containerSpec({ privileged: true, pid: 'host' }) } });
  expect(later.check(worse, false)).toMatchObject({ code: 'not-trusted', message: expect.stringContaining('pid') });
});
