import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isName, toProjectName, uniqueProjectName } from '../../daemon/shared/names.js';

describe('names', () => {
  it.each(['a', '0', 'api', 'my-app_2', 'a'.repeat(63)])('takes %s', name => expect(isName(name)).toBe(true));
  it.each(['', '-a', '_a', 'A', 'a.b', 'a/b', '..', 'a b', 'ä', 'a\n', 'a\0', 'a'.repeat(64), '__proto__'])('refuses %j', name =>
    expect(isName(name)).toBe(false),
  );

  it.each([
    ['My App', 'myapp'],
    ['_shop.v2', 'shopv2'],
    ['ÄÖ', null],
    ['', null],
  ])('makes a project name of %j: %j', (text, name) => expect(toProjectName(text)).toBe(name));

  it('any text gives a valid name or none', () => {
    fc.assert(fc.property(fc.string(), text => toProjectName(text) === null || isName(toProjectName(text) ?? '')));
  });
});

describe('uniqueProjectName', () => {
  it('keeps the name while no other folder has it', () => {
    expect(uniqueProjectName('shop', '/a/shop', {})).toBe('shop');
    expect(uniqueProjectName('shop', '/a/shop', { shop: '/a/shop' })).toBe('shop');
  });

  it('adds 4 hex digits of the folder when another folder has the name, and 8 when that is taken too', () => {
    const second = uniqueProjectName('shop', '/b/shop', { shop: '/a/shop' });
    expect(second).toMatch(/^shop-[0-9a-f]{4}$/);
    expect(uniqueProjectName('shop', '/b/shop', { shop: '/a/shop', [second]: '/c' })).toMatch(/^shop-[0-9a-f]{8}$/);
  });

  it('keeps a suffix once given, also when the plain name is free again', () => {
    const second = uniqueProjectName('shop', '/b/shop', { shop: '/a/shop' });
    expect(uniqueProjectName('shop', '/b/shop', { [second]: '/b/shop' })).toBe(second);
  });

  it('is not taken in by names of Object', () => {
    expect(uniqueProjectName('constructor', '/a', {})).toBe('constructor');
    expect(uniqueProjectName('shop', '/a/shop', { shop: '' })).toBe('shop');
  });

  it('always gives a valid name that no other folder has', () => {
    const name = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,62}$/);
    fc.assert(
      fc.property(name, fc.dictionary(name, fc.constantFrom('/a', '/b', '/c')), (wanted, taken) => {
        const given = uniqueProjectName(wanted, '/b', { ...taken, [wanted]: '/a' });
        expect(isName(given)).toBe(true);
        expect([undefined, '/b']).toContain({ ...taken, [wanted]: '/a' }[given]);
      }),
    );
  });
});
