import { expect, test } from 'vitest';
import type { Event, ServiceSample } from '../../daemon/core/event.js';
import type { World } from '../../daemon/core/world.js';
import { EMPTY_WORLD } from '../../daemon/core/world.js';
import type { History, Usage } from '../../daemon/ports.js';
import { Sampler, type SamplerOptions } from '../../daemon/supervisor/sampler.js';

test('what is sampled goes to the history as well as to the loop', () => {
  const entry = (kind: string, pid: number) => ({ state: { kind }, container: `c${pid}`, address: { pid } });
  const services = new Map([
    ['shop/api', entry('running', 1)],
    ['shop/db', entry('stopped', 2)],
    ['shop/gone', entry('running', 3)],
  ]);
  const kept: (readonly ServiceSample[])[] = [];
  const posted: Event[] = [];
  const history: Partial<History> = { add: samples => void kept.push(samples) };
  const usage: Partial<Usage> = {
    sample: (_, pid) => (pid === 3 ? null : { workingSet: 100 * pid, limit: null, cpu: 7, oomKills: 0 }),
  };
  const options: Partial<SamplerOptions> = {
    usage: usage as Usage,
    history: history as History,
    clock: { now: () => 5, wall: () => 0 },
    world: () => ({ ...EMPTY_WORLD, services }) as unknown as World,
    host: { read: () => ({ total: 2, available: 1 }), sample: () => ({ total: 2, available: 1, psi: null, swapIn: null, refaults: null }) },
    onFigures: () => undefined,
    post: event => void posted.push(event),
  };
  new Sampler(options as SamplerOptions).now();
  const samples = [{ id: 'shop/api', container: 'c1', workingSet: 100, cpu: 7 }];
  expect(kept).toEqual([samples]);
  expect(posted).toMatchObject([{ kind: 'sampled', services: samples, host: { at: 5, total: 2 } }]);
});
