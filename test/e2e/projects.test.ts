import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServiceView } from '../../daemon/api/views.js';
import { MiB } from '../../daemon/shared/bytes.js';
import { detailsOf } from '../support/failures.js';
import { inspect, networksOf, volumesOf } from './support/engine.js';
import type { Home } from './support/home.js';
import { type Done, idsOf, statesIn, stays, TINY, tinyHome } from './support/tiny.js';

/** Two services that every project calls the same; `db` tells whose it is. 64 MB in all. */
const shop = (word: string) => `services:
  db:
    image: ${TINY}
    command: ${stays(`echo ${word} >> /data/index.html; httpd -p 8000 -h /data`)}
    volumes: ["data:/data"]
    mem_limit: 32m
  web:
    image: ${TINY}
    command: ${stays()}
    depends_on: [db]
    mem_limit: 32m
volumes: { data: {} }
`;

describe.concurrent('two projects with equal service names', () => {
  let own: Home;
  const folders: string[] = [];
  const names: string[] = [];
  beforeAll(async () => {
    own = await tinyHome();
    folders.push(await own.project('one', { 'compose.yaml': shop('one') }), await own.project('two', { 'compose.yaml': shop('two') }));
    // Two work trees of one repository: the folders are called the same.
    const tree = `${own.name}-tree`;
    folders.push(await own.project(`a/${tree}`, { 'compose.yaml': shop('three') }));
    folders.push(await own.project(`b/${tree}`, { 'compose.yaml': shop('four') }));
  });
  afterAll(() => own?.close());

  it.sequential('run side by side, work trees too, with names of their own', async () => {
    const up = async (cwd = '') => {
      const { project, services } = await own.ask<Done>(['up'], { cwd });
      expect(services.map(({ name, state }) => `${name} ${state}`).sort()).toEqual(['db running', 'web running']);
      return project;
    };
    // Of two folders with one name the first to come has it.
    names.push(...(await Promise.all(folders.slice(0, 3).map(up))), await up(folders[3]));
    const [one, two, three, four] = names;
    expect([one, two, three]).toEqual([`${own.name}-one`, `${own.name}-two`, `${own.name}-tree`]);
    expect(four).toMatch(new RegExp(`^${own.name}-tree-[0-9a-f]{4}$`));
    const containers = await Promise.all((await own.containers()).map(async ({ Id }) => (await inspect(Id)).Name));
    expect(containers.sort()).toEqual(names.flatMap(name => [`/${name}-db-1`, `/${name}-web-1`]).sort());
  });

  it.sequential('have networks and volumes of their own', async () => {
    expect([...(await networksOf(own.instance))].sort()).toEqual(names.map(name => `${name}_default`).sort());
    expect([...(await volumesOf(own.instance))].sort()).toEqual(names.map(name => `${name}_data`).sort());
    const answers = await Promise.all(
      folders.map(async cwd => (await own.cli(['exec', 'web', 'wget', '-qO-', 'http://db:8000/'], { cwd })).stdout.trim()),
    );
    expect(answers).toEqual(['one', 'two', 'three', 'four']);
  });

  it.sequential('are told apart by folder: up again finds the same one', async () => {
    const before = await Promise.all(names.map(name => idsOf(own, name)));
    const again = await Promise.all(folders.map(cwd => own.ask<Done>(['up'], { cwd })));
    expect(again).toMatchObject(names.map(project => ({ project, plan: { starts: [] } })));
    expect(await Promise.all(names.map(name => idsOf(own, name)))).toEqual(before);
  });

  it.sequential('down takes one of them, ps --all shows the others', async () => {
    await own.ask(['down'], { cwd: folders[3] ?? '' });
    const { services } = await own.ask<{ services: ServiceView[] }>(['ps', '--all']);
    expect(services.map(({ project, name, state }) => `${project}/${name} ${state}`)).toEqual(
      names
        .slice(0, 3)
        .sort()
        .flatMap(name => [`${name}/db running`, `${name}/web running`]),
    );
    expect(await statesIn(own, folders[3] ?? '')).toEqual([]);
  });

  it.sequential('down --all takes the rest, and leaves the data', async () => {
    await own.ask(['down', '--all']);
    expect(await own.leftovers()).toEqual([]);
    expect(await volumesOf(own.instance)).toHaveLength(4);
    expect((await own.ask<{ services: ServiceView[] }>(['ps', '--all'])).services).toEqual([]);
    const [first = ''] = folders;
    await own.ask(['up'], { cwd: first });
    const { stdout } = await own.cli(['exec', 'web', 'wget', '-qO-', 'http://db:8000/'], { cwd: first });
    expect(stdout.trim().split('\n')).toEqual(['one', 'one']);
  });
});

describe.concurrent('one budget over all projects', () => {
  let own: Home;
  let first: string;
  let second: string;
  beforeAll(async () => {
    own = await tinyHome({ LAPTOP_DEV_BUDGET: '100MB' });
    first = await own.project('first', { 'compose.yaml': shop('first') });
    second = await own.project('second', { 'compose.yaml': shop('second') });
  });
  afterAll(() => own?.close());

  it.sequential('the one that does not fit is refused with need, free and holders, and nothing of it is there', async () => {
    await own.ask(['up'], { cwd: first });
    const before = await idsOf(own, basename(first));
    const refused = await own.cli(['up', '--json'], { cwd: second });
    expect(refused.code).toBe(5);
    const error = refused.error();
    const details = detailsOf(error, 'over-budget');
    expect(details).toMatchObject({ need: 64 * MiB, free: 36 * MiB, budget: 100 * MiB });
    expect(details.holders).toEqual(
      expect.arrayContaining(['db', 'web'].map(service => expect.objectContaining({ project: basename(first), service, grant: 32 * MiB }))),
    );
    expect(error.remedies.join('\n')).toContain(`laptop-dev stop`);
    expect(await idsOf(own, basename(first))).toEqual(before);
    expect(await idsOf(own, basename(second))).toEqual({});
    expect(await networksOf(own.instance)).toEqual([`${basename(first)}_default`]);
  });

  it.sequential('says so to people, with the figures', async () => {
    const { code, stderr } = await own.cli(['up'], { cwd: second });
    expect(code).toBe(5);
    expect(stderr).toMatch(/need 64 MB/);
    expect(stderr).toMatch(/36 MB of the 100 MB budget are free/);
    expect(stderr).toMatch(new RegExp(`${basename(first)}`));
  });

  it.sequential('a part of it that fits is not', async () => {
    expect((await own.ask<Done>(['up', 'db'], { cwd: second })).services).toMatchObject([{ name: 'db', state: 'running' }]);
    await own.ask(['down'], { cwd: second });
  });

  it.sequential('starts once there is room', async () => {
    await own.ask(['down'], { cwd: first });
    const { plan } = await own.ask<Done>(['up'], { cwd: second });
    expect(plan.grantedAfter).toBe(64 * MiB);
    expect(await statesIn(own, second)).toEqual(['db running', 'web running']);
  });
});
