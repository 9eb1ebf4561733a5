import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspect } from './support/engine.js';
import type { Home } from './support/home.js';
import { type Done, type Stack, stackHome, tell } from './support/stack.js';
import { patience } from './support/until.js';

let stack: Stack;
let laptop: Home;
beforeAll(async () => {
  stack = await stackHome();
  laptop = stack.laptop;
  (await laptop.cli(['up', 'minimal', '--json'], { timeout: 900_000 })).data<Done>();
  expect((await stack.record('first')).status).toBe(201);
}, patience(900_000));
afterAll(() => laptop?.close());

describe.sequential('the built-in stack', () => {
  it('stop keeps the container and gives its memory back; start and restart bring the service again', async () => {
    const before = await stack.ids();
    await laptop.ask(['stop', 'api']);
    expect((await stack.services()).find(({ name }) => name === 'api')).toMatchObject({ state: 'stopped', memory: { grant: 0 } });
    expect(await stack.ids()).toEqual(before);
    expect((await inspect(before.get('api') ?? '')).State.Running).toBe(false);
    const begun = await laptop.cli(['start', 'api', '--json']);
    tell('start', begun);
    begun.data();
    await stack.answers(`${stack.api}/records/1`);
    const started = (await inspect(before.get('api') ?? '')).State.StartedAt;
    await laptop.ask(['restart', 'api']);
    expect((await inspect((await stack.ids()).get('api') ?? '')).State.StartedAt).not.toBe(started);
    await stack.answers(`${stack.api}/records/1`);
  });

  it('down leaves nothing but the data, and the data is there after the next up', async () => {
    tell('down', await laptop.cli(['down', '--json']));
    expect(await laptop.leftovers()).toEqual([]);
    const volumes = await laptop.leftovers({ volumes: true });
    expect(volumes).toHaveLength(2);
    const result = await laptop.cli(['up', 'minimal', '--json']);
    tell('up after down', result);
    result.data<Done>();
    expect(await (await fetch(`${stack.api}/records/1`)).json()).toMatchObject({ name: 'first', data: { of: laptop.name } });
  });

  it('down --volumes removes the data too', async () => {
    expect((await laptop.cli(['down', '--volumes', '--json'])).code).not.toBe(0); // nobody was there to be asked
    await laptop.ask(['down', '--volumes', '--yes']);
    expect(await laptop.leftovers({ volumes: true })).toEqual([]);
  });
});
