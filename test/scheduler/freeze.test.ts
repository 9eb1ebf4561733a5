import { describe, expect, it } from 'vitest';
import { PLAIN_ACTIVATION } from '../../daemon/model/spec.js';
import type { Driver } from './support/driver.js';
import { containerOf, running } from './support/shop.js';
import { project } from './support/specs.js';

const FREEZE = 60_000;
const ID = 'shop/db';

/** Runs, and was used last a moment ago. */
function db(veto: readonly string[] | null = null, idle = 2 * FREEZE): Driver {
  const activation = { ...PLAIN_ACTIVATION, freezeAfter: FREEZE, veto };
  return running(project('shop', { db: { start: 'eager', protocol: 'redis', idle, activation } }));
}
const used = (connections: number) => ({ id: ID, connections, holding: false, moving: false, execs: 0, lastByteAt: null }) as const;
const shifted = (driver: Driver, frozen: boolean) =>
  driver.send({ kind: 'frozenChanged', id: ID, container: containerOf(driver, ID), frozen, failure: null });

/** Up to the step that pauses it. */
function freezing(veto: readonly string[] | null = null, idle = 2 * FREEZE): Driver {
  const driver = db(veto, idle);
  driver.now += FREEZE;
  driver.send({ kind: 'tick' });
  expect(driver.kinds()).toEqual(['checkUse db']);
  return driver.send({
    kind: 'useChecked',
    id: ID,
    container: containerOf(driver, ID),
    seen: used(0),
    busy: false,
    vetoed: false,
    heldBy: null,
  });
}

describe('a service that is frozen before it is stopped', () => {
  it('is looked at once, and paused once its connections have ended', () => {
    const driver = freezing();
    expect(driver.stepsOf('freeze')).toEqual([expect.objectContaining({ id: ID, drain: driver.policy.drain })]);
    expect(driver.kinds()).toEqual(['freeze db']);
    expect(driver.send({ kind: 'tick' }).kinds()).toEqual([]);
  });

  it('is stopped when its time is over, without its veto: nothing can run in it', () => {
    const driver = shifted(freezing(['pg-busy']), true);
    expect(driver.state(ID)).toMatchObject({ kind: 'running', frozen: true });
    driver.now += FREEZE;
    driver.send({ kind: 'tick' });
    expect(driver.stepsOf('checkUse')).toEqual([expect.objectContaining({ veto: null })]);
    expect(driver.settle()).toContain('stop db');
  });

  it('is stopped on time however short that is: the pause of its look was for the freeze', () => {
    const driver = shifted(freezing(null, FREEZE + 1_000), true);
    driver.settle();
    driver.now += 1_000;
    driver.send({ kind: 'tick' });
    expect(driver.settle()).toContain('stop db');
  });

  it('goes on when somebody was let through while it was being paused', () => {
    const driver = freezing().send({ kind: 'used', uses: [used(1)] });
    expect(shifted(driver, true).kinds()).toEqual(['thaw db']);
    expect(shifted(driver, false).state(ID)).toMatchObject({ kind: 'running', frozen: false });
  });

  it('goes on when connections did not end, and is looked at again later', () => {
    const driver = shifted(freezing(), false);
    expect(driver.kinds()).toEqual([]);
    driver.now += FREEZE;
    expect(driver.send({ kind: 'tick' }).kinds()).toEqual(['checkUse db']);
  });

  it('goes on at the first connection', () => {
    const driver = shifted(freezing(), true);
    expect(driver.send({ kind: 'wakeRequested', id: ID }).kinds()).toEqual(['thaw db']);
    expect(shifted(driver, false).state(ID)).toMatchObject({ frozen: false });
  });
});
