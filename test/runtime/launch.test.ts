import { describe, expect, it } from 'vitest';
import type { ObservedContainer } from '../../daemon/model/observed.js';
import type { Containers } from '../../daemon/ports/ports.js';
import { launch } from '../../daemon/runtime/effects/launch.js';
import type { StepOf } from '../../daemon/scheduler/state/step.js';
import { wiringText } from '../../daemon/scheduler/state/wiring.js';
import { FailureError, failure } from '../../daemon/shared/failure.js';
import { sleeper } from '../scheduler/support/households.js';
import { never } from '../scheduler/support/shop.js';
import { observed, project } from '../scheduler/support/specs.js';

const shop = {
  ...project('shop', { api: sleeper(3000, 60) }),
  networks: [
    { key: 'default', name: 'shop_default', external: false, driver: null, internal: false, options: {}, labels: {}, subnets: [] },
  ],
};
const api = shop.services[0] ?? never();
const wired = {
  ...api,
  container: { ...(api.container ?? never()), networks: [{ network: 'default', aliases: [], ipv4: null, ipv6: null }] },
};
const wiring = { hosts: ['db:172.18.0.1'], publish: 'none' } as const;
const step: StepOf<'launch'> = {
  kind: 'launch',
  id: 'shop/api',
  attempt: 1,
  spec: wired,
  grant: wired.memory.maximum,
  project: shop,
  previous: 'old',
  recreate: false,
  reuseContainer: true,
  wiring,
  carryOver: { '/data': 'v'.repeat(64) },
};
const old = observed(wired, { id: 'old', status: 'exited', wiring: wiringText(wiring), anonymousVolumes: { '/data': 'w'.repeat(64) } });

/** An engine with one container or none, and a network whose gateway is `gateway`. */
function engineWith(there: ObservedContainer | null, gateway: string, startFails = false, image: readonly number[] | null = []) {
  const calls: string[] = [];
  const boxes = new Map(there ? [[there.id, there]] : []);
  const containers: Partial<Containers> = {
    inspect: async id => boxes.get(id) ?? null,
    start: async id => {
      calls.push(`start ${id}`);
      if (id === 'old' && startFails) throw new FailureError(failure('config-missing', 'network 7f2 not found'));
    },
    ensureResources: async () => {
      calls.push('ensure');
      return ['shop_data'];
    },
    exposedBy: async () => image,
    gateways: async names => names.map(network => ({ network, address: gateway, subnets: [] })),
    remove: async (id, { anonymousVolumes }) => {
      calls.push(`remove ${id}${anonymousVolumes ? ' with volumes' : ''}`);
      boxes.delete(id);
    },
    create: async (spec, options) => {
      calls.push(`create with ${Object.values(options.carryOver).map(name => name[0])}`);
      boxes.set('new', observed(spec, { id: 'new' }));
      return 'new';
    },
  };
  return { calls, containers: containers as Containers };
}

describe('a launch after something was removed through the engine', () => {
  it('of a network alone: its container, which cannot start without it, is made anew with its volumes', async () => {
    const { calls, containers } = engineWith(old, '172.18.0.1', true);
    expect(await launch(step, containers)).toMatchObject({ ok: true, container: { id: 'new' }, madeVolumes: ['shop_data'] });
    expect(calls).toEqual(['start old', 'ensure', 'remove old', 'create with w', 'start new']);
  });

  it('of its image as well: the container that cannot be made anew stays', async () => {
    const { calls, containers } = engineWith(old, '172.18.0.1', true, null);
    expect(await launch(step, containers)).toMatchObject({
      ok: false,
      failure: { code: 'image-missing' },
      container: 'old',
      running: false,
    });
    expect(calls).toEqual(['start old', 'ensure']);
  });

  it('of a network that has another gateway now: nothing is made before the daemon listens there', async () => {
    for (const there of [old, null]) {
      const { calls, containers } = engineWith(there, '172.19.0.1', true);
      expect(await launch(step, containers)).toEqual({ ok: false, why: 'gateways-missing' });
      expect(calls.filter(call => !call.startsWith('start'))).toEqual(['ensure']);
    }
  });

  it('of the container: the next one has its anonymous volumes', async () => {
    const { calls, containers } = engineWith(null, '172.18.0.1');
    expect(await launch(step, containers)).toMatchObject({ ok: true });
    expect(calls).toEqual(['ensure', 'create with v', 'start new']);
  });

  it.each([old, null])('of what is not to be started yet: its container is there and stays off (%#)', async there => {
    const { calls, containers } = engineWith(there, '172.18.0.1');
    const held = await launch(step, containers, async () => false);
    expect(held).toEqual({ ok: false, why: 'held', container: there?.id ?? 'new' });
    expect(calls.filter(call => call.startsWith('start'))).toEqual([]);
  });

  it('of nothing: it goes on as it is, and the engine is asked for nothing else', async () => {
    const { calls, containers } = engineWith(old, '172.19.0.1');
    expect(await launch(step, containers)).toMatchObject({ ok: true, container: { id: 'old' }, madeVolumes: [] });
    expect(calls).toEqual(['start old']);
  });
});
