import { expect, test } from 'vitest';
import type { ProjectSpec } from '../../daemon/model/spec.js';
import { Trust } from '../../daemon/runtime/trust.js';
import { containerSpec } from '../scheduler/specs.js';
import { project } from '../scheduler/support/specs.js';

const plain = project('p', { api: {} });
const risky = (image: string) => project('p', { api: { container: containerSpec({ privileged: true, image }) } });

test('what asks for nothing needs no trust', () => {
  expect(new Trust([]).check(plain, false)).toBeNull();
});

const words = (trust: Trust, spec: ProjectSpec): string => trust.check(spec, false)?.message ?? 'trusted';

test('asked again, it says what is new, what has changed and what reaches it', () => {
  const trust = new Trust([]);
  const power = { container: containerSpec({ privileged: true, networkMode: 'none' }) };
  const bare = { container: containerSpec({ networkMode: 'none' }) };
  trust.check(project('p', { api: power, old: power }), true);
  expect(words(trust, project('p', { api: power, old: power }))).toBe('trusted');
  const api = { container: containerSpec({ privileged: true, networkMode: 'none', devices: ['/dev/kvm'], environment: { SECRET: 'x7' } }) };
  const spy = { container: containerSpec({ networkMode: 'none', pid: 'service:api' }) };
  const message = words(trust, project('p', { api, spy, other: bare }));
  expect(message.split('\n')).toEqual([
    'Project p asks for power over this machine:',
    '  api: privileged: true (the container is root on this machine)',
    '  api: device /dev/kvm (the container reaches the hardware directly) ← new',
    'With it run those that reach it:',
    '  spy (pid: service:api)',
    'Changed since it was trusted:',
    '  api: devices, environment',
    '  old: no longer there',
    '  spy: new',
    'Nothing was started.',
  ]);
  expect(JSON.stringify(trust.check(project('p', { api, spy }), false))).not.toContain('x7');
  expect(JSON.stringify([trust.list(), trust.lastTrusted()])).not.toContain('x7');
});

test('a part of what was trusted is trusted: services that leave ask nothing; keys that leave do', () => {
  const trust = new Trust([]);
  const power = { container: containerSpec({ privileged: true, user: '1000' }) };
  trust.check(project('p', { api: power, db: power }), true);
  expect(words(trust, project('p', { db: power }))).toBe('trusted');
  expect(words(new Trust([], trust.lastTrusted()), project('p', { api: power }))).toBe('trusted');
  expect(words(trust, project('p', { db: { container: containerSpec({ privileged: true }) } }))).toContain('db: user');
  expect(words(trust, project('q', { db: power }))).toContain('privileged');
});

test('of what an earlier version trusted nothing is known but that it was', () => {
  const spec = risky('a');
  const trust = new Trust([]);
  trust.check(spec, true);
  expect(words(new Trust(trust.list()), spec)).toBe('trusted');
  expect(words(new Trust(['0'.repeat(64)]), spec)).not.toMatch(/new|Changed/);
});

test('of folders that are trusted once and never again, the last hundred are kept', () => {
  const trust = new Trust([]);
  for (let at = 0; at < 120; at++) trust.check(project(`p${at}`, { api: { container: containerSpec({ privileged: true }) } }), true);
  const [trusted, lastTrusted] = [trust.list(), trust.lastTrusted()];
  expect([trusted.length, lastTrusted.length, lastTrusted.at(-1)?.root]).toEqual([120, 100, '/projects/p119']);
});

test('a risk is refused with every point, accepted by a word, remembered by content, asked again when it changes', () => {
  const trust = new Trust([]);
  expect(trust.check(risky('a'), false)).toMatchObject({ code: 'not-trusted', details: { risks: [{ what: 'privileged: true' }] } });
  expect([trust.list(), trust.lastTrusted()]).toEqual([[], []]);
  expect(trust.check(risky('a'), true)).toBeNull();
  const later = new Trust(trust.list());
  expect(later.check(risky('a'), false)).toBeNull();
  const worse = project('p', { api: { container: containerSpec({ privileged: true, pid: 'host' }) } });
  expect(later.check(worse, false)).toMatchObject({ code: 'not-trusted', details: { new: [{ what: expect.stringContaining('pid') }] } });
});
