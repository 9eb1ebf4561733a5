import { describe, expect, test } from 'vitest';
import type { ObservedContainer } from '../../daemon/model/observed.js';
import { MiB } from '../../daemon/shared/bytes.js';
import { Driver } from './support/driver.js';
import { never, running } from './support/shop.js';
import { observed, policy, project } from './support/specs.js';

/** A service that runs with its maximum of 200 MB. */
const spec = project('p', { db: { memory: [100, 200] } });
const [db = never()] = spec.services;
const seen = (change: Partial<ObservedContainer>) => observed(db, { id: 'db-1', limit: 200 * MiB, ...change });

describe('a container that was changed past the daemon', () => {
  test('is looked at when the engine says so; not while its limit is being changed by us', () => {
    const driver = running(spec);
    driver.send({ kind: 'engine', event: { kind: 'updated', id: 'db-1', at: 0 } });
    expect(driver.kinds()).toEqual(['list']);
    driver.boot(seen({ limit: 512 * MiB }));
    driver.send({ kind: 'engine', event: { kind: 'updated', id: 'db-1', at: 0 } });
    expect(driver.kinds()).toEqual([]);
  });

  test('with a higher limit: that counts at once, and is lowered to the grant, which is said', () => {
    const driver = running(spec).boot(seen({ limit: 512 * MiB }));
    expect(driver.state('p/db')).toMatchObject({ grant: 512 * MiB, resizing: 200 * MiB });
    expect(driver.stepsOf('resize')).toMatchObject([{ container: 'db-1', from: 512 * MiB, to: 200 * MiB }]);
    expect(driver.notices).toMatchObject([{ kind: 'resized', data: { reason: 'changed-by-hand', found: 512 * MiB, restored: 200 * MiB } }]);
    driver.settle();
    expect(driver.state('p/db')).toMatchObject({ grant: 200 * MiB, resizing: null });
  });

  test('with a lower limit: it gets its grant back', () => {
    const driver = running(spec).boot(seen({ limit: 16 * MiB }));
    expect(driver.state('p/db')).toMatchObject({ grant: 200 * MiB, resizing: 200 * MiB });
    expect(driver.stepsOf('resize')).toMatchObject([{ from: 16 * MiB, to: 200 * MiB }]);
  });

  test('a limit that cannot be lowered is what it holds, and is not fought over', () => {
    const driver = running(spec).boot(seen({ limit: 512 * MiB }));
    driver.send({ kind: 'resized', id: 'p/db', container: 'db-1', grant: 512 * MiB, refused: 'it uses 300 MB' });
    expect(driver.state('p/db')).toMatchObject({ grant: 512 * MiB, resizing: null });
    expect(driver.boot(seen({ limit: 512 * MiB })).kinds()).toEqual([]);
  });

  test('with its name, address or nothing changed: nothing is done but to reach it where it is', () => {
    const driver = running(spec).boot(seen({ name: 'other', ip: '10.0.0.9', limit: 200 * MiB - 4096 }));
    expect(driver.kinds()).toEqual([]);
    expect(driver.world.services.get('p/db')).toMatchObject({ address: { ip: '10.0.0.9' }, state: { grant: 200 * MiB } });
  });
});

describe('a container that was changed while no daemon ran', () => {
  const restored = { kind: 'restored', projects: [{ spec, up: ['db'], restart: [], recreate: [], leaving: null }] } as const;
  const adopted = (change: Partial<ObservedContainer>, budget = 1_000) => new Driver(policy(budget)).send(restored).boot(seen(change));

  test.each([
    [512, 200],
    [16, 100],
  ])('with a limit of %i MB, which its definition does not allow, gets %i', (limit, to) => {
    expect(adopted({ limit: limit * MiB }).stepsOf('resize')).toMatchObject([{ from: limit * MiB, to: to * MiB }]);
  });

  test('with one that its definition allows keeps it: nobody knows what it was given', () => {
    const driver = adopted({ limit: 150 * MiB });
    expect(driver.kinds()).toEqual([]);
    expect(driver.state('p/db')).toMatchObject({ grant: 150 * MiB });
  });

  test('gets no more than the budget has', () => {
    expect(adopted({ limit: 16 * MiB }, 64).kinds()).toEqual([]);
  });

  test('of an older definition is none of this: it is made anew', () => {
    const driver = adopted({ limit: 512 * MiB, configHash: 'older' });
    expect(driver.kinds()).toEqual(['stop db']);
  });
});
