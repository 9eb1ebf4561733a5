import { expect, test } from 'vitest';
import { Loop } from '../../daemon/runtime/loop.js';
import type { Step } from '../../daemon/scheduler/state/step.js';
import { policy, project } from '../scheduler/support/specs.js';

const shop = project('shop', { api: {} });
const up = { kind: 'up', spec: shop, services: null, recreate: false } as const;

/** A loop whose effects are only noted, unless one is given. */
function rig(effect: (step: Step, loop: Loop) => void = () => undefined) {
  const steps: string[] = [];
  let now = 0;
  const loop = new Loop({ policy: policy(1_000), clock: { now: () => now, wall: () => 0 } });
  loop.start({
    execute: step => {
      steps.push(step.kind);
      effect(step, loop);
    },
    onNotices: () => undefined,
    onWorld: () => undefined,
  });
  loop.post({ kind: 'observed', containers: [], asOf: 0 });
  return { loop, steps, pass: (ms: number) => (now += ms) };
}

test('an action is answered, and its steps are given out after the world is in place', async () => {
  const { loop, steps } = rig((step, self) => {
    if (step.kind === 'persist') expect(self.world.services.get('shop/api')?.desired).toBe('up');
  });
  await expect(loop.ask(up)).resolves.toMatchObject({ ok: true });
  expect(steps).toEqual(['persist', 'ensureImage']);
});

test('an event that an effect posts at once waits its turn: steps come out in the order decided', async () => {
  const { loop, steps } = rig((step, self) => {
    if (step.kind === 'ensureImage') self.post({ kind: 'imageReady', id: step.id, attempt: step.attempt });
  });
  await loop.ask(up);
  expect(steps).toEqual(['persist', 'ensureImage', 'launch']);
});

test('before it is started nothing is decided; then everything is, in the order in which it came', async () => {
  const loop = new Loop({ policy: policy(1_000), clock: { now: () => 0, wall: () => 0 } });
  loop.post({ kind: 'observed', containers: [], asOf: 0 });
  const answer = loop.ask(up);
  expect(loop.world.engine).toBe('unknown');
  const steps: string[] = [];
  loop.start({ execute: step => steps.push(step.kind), onNotices: () => undefined, onWorld: () => undefined });
  await expect(answer).resolves.toMatchObject({ ok: true });
  expect(steps).toEqual(['persist', 'ensureImage']);
});

test('a rehearsal changes nothing', () => {
  const { loop, steps } = rig();
  expect(loop.rehearse(up)).toMatchObject({ ok: true, plan: { starts: [{ id: 'shop/api' }] } });
  expect(loop.world.services.size).toBe(0);
  expect(steps).toEqual([]);
});

test('after close nothing is decided', () => {
  const { loop } = rig();
  const before = loop.world;
  loop.close();
  loop.post({ kind: 'engineLost' });
  expect(loop.world).toBe(before);
});

test('after the machine slept idle times begin anew: the wall clock ran ahead of the monotonic one', () => {
  let [now, wall] = [0, 1_000_000];
  const loop = new Loop({ policy: policy(1_000), clock: { now: () => now, wall: () => wall } });
  loop.start({ execute: () => undefined, onNotices: () => undefined, onWorld: () => undefined });
  loop.post({ kind: 'observed', containers: [], asOf: 0 });
  void loop.ask(up);
  const lastUse = () => loop.world.services.get('shop/api')?.use.lastAt;
  const pass = (monotonic: number, clock: number) => {
    now += monotonic;
    wall += clock;
    loop.post({ kind: 'tick' });
  };
  pass(60_000, 60_000);
  pass(60_000, 60_000 - 7_200_000); // somebody set the clock back
  expect(lastUse()).toBe(0);
  pass(60_000, 60_000 + 28_800_000); // a night
  expect(lastUse()).toBe(180_000);
});
