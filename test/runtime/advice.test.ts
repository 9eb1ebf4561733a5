import { expect, test } from 'vitest';
import type { History } from '../../daemon/ports/ports.js';
import { adviceOf } from '../../daemon/runtime/queries/advice.js';
import type { World } from '../../daemon/scheduler/state/world.js';
import { EMPTY_WORLD } from '../../daemon/scheduler/state/world.js';
import { MiB } from '../../daemon/shared/bytes.js';
import { serviceSpec } from '../scheduler/specs.js';

const NOW = 1_700_000_000_000;
const MINUTE = 60_000;
const clock = { now: () => 0, wall: () => NOW };

const entry = (project: string, name: string) =>
  [`${project}/${name}`, { spec: serviceSpec({ project, name, memory: { standard: 256 * MiB, maximum: 512 * MiB } }) }] as const;
const services = new Map([entry('shop', 'db'), entry('shop', 'api'), entry('other', 'web')]);
const world = { ...EMPTY_WORLD, services } as unknown as World;

test('advice is told by name, for one project or all, from the points of the last 8 days', async () => {
  const asked: unknown[] = [];
  const history: History = {
    add: () => undefined,
    close: () => undefined,
    points: async (...args) => {
      asked.push(args);
      const count = args[0] === 'shop/api' ? 90 : 0;
      return Array.from({ length: count }, (_, i) => ({ at: NOW - i * MINUTE, p: 100 * MiB, peak: 210 * MiB, cpu: null }));
    },
  };
  const current = { standard: 256 * MiB, maximum: 512 * MiB };
  expect(await adviceOf(world, history, clock, 'shop')).toEqual([
    {
      project: 'shop',
      service: 'api',
      current,
      standard: 128 * MiB,
      maximum: 256 * MiB,
      samples: 90,
      days: expect.closeTo(0.06, 2),
      measured: 89 * MINUTE,
      needed: 60 * MINUTE,
      enough: true,
      saves: 128 * MiB,
    },
    { project: 'shop', service: 'db', current, ...current, samples: 0, days: 0, measured: 0, needed: 60 * MINUTE, enough: false, saves: 0 },
  ]);
  expect(asked).toEqual([['shop/db', NOW - 8 * 24 * 60 * MINUTE, 5 * MINUTE], ['shop/api', NOW - 8 * 24 * 60 * MINUTE, 5 * MINUTE]]); // biome-ignore format: short
  expect((await adviceOf(world, history, clock, null)).map(({ project, service }) => `${project}/${service}`)).toEqual([
    'other/web',
    'shop/api',
    'shop/db',
  ]);
});
