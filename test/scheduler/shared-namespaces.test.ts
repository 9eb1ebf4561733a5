import { describe, expect, it } from 'vitest';
import { containerSpec } from './specs.js';
import type { Driver } from './support/driver.js';
import { sleeper } from './support/households.js';
import { containerOf } from './support/shop.js';
import { asleep, sleeping, tickAt } from './support/sleepy.js';
import { project } from './support/specs.js';

const WEB = 'shop/web';
const SIDECAR = 'shop/sidecar';

/** `web` can sleep, `sidecar` lives in its network. Names of `web` lead to the daemon, so that use of it by others is seen. */
function shop(key: 'networkMode' | 'pid' | 'ipc' | null = 'networkMode'): Driver {
  const container = containerSpec(key === null ? {} : { [key]: 'service:web' });
  const driver = sleeping(project('shop', { web: sleeper(3000, 60), sidecar: { dependsOn: ['web:started'], container } }));
  const { listeners } = driver.world.projects.get('shop') ?? {};
  if (listeners?.kind !== 'open') throw new Error('the listeners are not open');
  driver.world = {
    ...driver.world,
    projects: new Map(
      [...driver.world.projects].map(([name, each]) => [name, { ...each, listeners: { ...listeners, served: new Set(['web']) } }]),
    ),
  };
  return driver;
}

describe('a service in whose network another one lives', () => {
  it.each(['networkMode', 'pid', 'ipc'] as const)('is not stopped for being idle while the other runs (%s)', key => {
    const driver = shop(key);
    expect([driver.state(WEB).kind, driver.state(SIDECAR).kind]).toEqual(['running', 'running']);
    tickAt(driver, 120_000);
    expect(driver.state(WEB).kind).toBe('running');
    driver.act({ kind: 'stop', project: 'shop', services: ['sidecar'] });
    driver.settle();
    tickAt(driver, 200_000);
    expect(asleep(driver, WEB)).toBe(true);
  });

  it('one that only depends on it, and reaches it through the daemon, does not hold it', () => {
    const driver = shop(null);
    tickAt(driver, 120_000);
    expect(asleep(driver, WEB)).toBe(true);
  });

  it('is not stopped to make room, and the refusal says why', () => {
    const driver = shop();
    driver.now = 500_000;
    const other = project('lab', { big: sleeper(4000, 60, { memory: [900, 900], priority: 90 }) });
    driver.up(other);
    driver.settle();
    const answer = driver.act({ kind: 'start', project: 'lab', services: ['big'] });
    const holders = [{ service: 'web', keptBecause: 'sidecar runs in its network' }, { service: 'sidecar' }];
    expect(answer).toMatchObject({ ok: false, failure: { code: 'over-budget', details: { holders } } });
  });

  it('takes the other along when it starts again: what lived in its last run has no network', () => {
    const driver = shop();
    driver.act({ kind: 'restart', project: 'shop', services: ['web'] });
    const steps = driver.settle();
    expect(steps.indexOf('stop sidecar')).toBeGreaterThan(steps.indexOf('launch web'));
    expect(steps.lastIndexOf('launch sidecar')).toBeGreaterThan(steps.indexOf('stop sidecar'));
    expect([driver.state(WEB).kind, driver.state(SIDECAR).kind]).toEqual(['running', 'running']);
  });

  it('in another container has it made anew: the engine knows the shared one by its id', () => {
    const driver = shop();
    const before = containerOf(driver, WEB);
    driver.up(
      project('shop', {
        web: sleeper(3000, 60, { configHash: 'changed' }),
        sidecar: { dependsOn: ['web:started'], container: containerSpec({ networkMode: 'service:web' }) },
      }),
    );
    const launches: boolean[] = [];
    for (let round = 0; round < 20; round++) {
      launches.push(
        ...driver
          .stepsOf('launch')
          .filter(({ id }) => id === SIDECAR)
          .map(({ recreate }) => recreate),
      );
      driver.settleOne();
    }
    expect(containerOf(driver, WEB)).not.toBe(before);
    expect(launches).toEqual([true]);
    expect(driver.world.services.get(SIDECAR)?.recreateRequested).toBe(false);
  });
});
