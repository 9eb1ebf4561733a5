import { createServer } from 'node:net';
import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LABEL } from '../../daemon/model/labels.js';
import { engine, inspect, networksOf } from './support/engine.js';
import type { Home } from './support/home.js';
import { freePorts } from './support/ports.js';
import { type Done, idsOf, statesIn, stays, TINY, tinyHome } from './support/tiny.js';

let own: Home;
beforeAll(async () => {
  own = await tinyHome();
});
afterAll(() => own?.close());

const service = (extra = '') => `    image: ${TINY}\n    command: ${stays()}\n    mem_limit: 32m\n${extra}`;

/** A container past laptop-dev. Resolves to its id. */
async function make(name: string, labels: Readonly<Record<string, string>>): Promise<string> {
  const body = { Image: TINY, Cmd: ['sleep', '100000'], Labels: labels };
  return (await engine<{ Id: string }>('POST', `/containers/create?name=${name}`, body)).Id;
}
const remove = (container: string) => engine('DELETE', `/containers/${container}?force=true`);

// Each has a project of its own.
describe.concurrent('a container of our name that is not ours', () => {
  it('is named and left alone; without it the same up succeeds', async () => {
    const cwd = await own.project('name', { 'compose.yaml': `services:\n  db:\n${service()}` });
    const name = `${basename(cwd)}-db-1`;
    const stranger = await make(name, {});
    try {
      const refused = await own.cli(['up', '--json'], { cwd });
      expect(refused.code).toBe(6);
      expect(refused.error()).toMatchObject({ code: 'name-taken', message: expect.stringContaining(name) });
      expect(refused.error().message).toContain(stranger.slice(0, 12));
      expect((await inspect(stranger)).Name).toBe(`/${name}`);
    } finally {
      await remove(stranger);
    }
    expect((await own.ask<Done>(['up'], { cwd })).services).toMatchObject([{ state: 'running' }]);
  });

  it('of another project is named with that project', async () => {
    const cwd = await own.project('foreign', { 'compose.yaml': `services:\n  db:\n${service()}` });
    const labels = { [LABEL.composeProject]: 'somebody-else', [LABEL.instance]: '000000000000' };
    const stranger = await make(`${basename(cwd)}-db-1`, labels);
    const { code, stderr } = await own.cli(['up'], { cwd });
    await remove(stranger);
    expect(code).toBe(6);
    expect(stderr).toContain('somebody-else');
  });
});

describe.concurrent('a port that is taken', () => {
  it("names its owner's name and PID, leaves nothing running, and can be tried again", async ({ onTestFinished }) => {
    const [port = 0] = await freePorts(1);
    const server = createServer();
    await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const cwd = await own.project('port', { 'compose.yaml': `services:\n  web:\n${service(`    ports: ["127.0.0.1:${port}:80"]\n`)}` });
    const refused = await own.cli(['up', '--json'], { cwd });
    expect(refused.code).toBe(6);
    const { code, message, details } = refused.error();
    expect(code).toBe('port-taken');
    expect(message).toContain(`127.0.0.1:${port}`);
    expect(message).toContain(`PID ${process.pid}`);
    expect(details).toMatchObject({ port, pid: process.pid, process: expect.stringMatching(/./) });
    const { web = '' } = await idsOf(own, basename(cwd));
    if (web !== '') expect((await inspect(web)).State.Running).toBe(false);
    expect(await statesIn(own, cwd)).toEqual(['web failed']);
    await new Promise(resolve => server.close(resolve));
    expect((await own.ask<Done>(['up'], { cwd })).services).toMatchObject([{ state: 'running', ports: [{ host: port }] }]);
  });

  it('by a service of another project names that service', async () => {
    const [port = 0] = await freePorts(1);
    const web = `services:\n  web:\n${service(`    ports: ["127.0.0.1:${port}:80"]\n`)}`;
    const [first, second] = [await own.project('holds', { 'compose.yaml': web }), await own.project('wants', { 'compose.yaml': web })];
    await own.ask(['up'], { cwd: first });
    const refused = await own.cli(['up', '--json'], { cwd: second });
    expect(refused.code).toBe(6);
    expect(refused.error().message).toContain(`${basename(first)}-web-1`);
  });
});

describe.concurrent('a subnet that another network has', () => {
  const subnet = '10.213.57.0/24';

  it('is named with that network', async () => {
    const other = `${own.name}-elsewhere`;
    await engine('POST', '/networks/create', { Name: other, IPAM: { Config: [{ Subnet: subnet }] } });
    const compose = `services:\n  web:\n${service()}networks:\n  default:\n    ipam:\n      config: [{ subnet: ${subnet} }]\n`;
    const cwd = await own.project('subnet', { 'compose.yaml': compose });
    try {
      const refused = await own.cli(['up', '--json'], { cwd });
      expect(refused.code).toBe(6);
      expect(refused.error()).toMatchObject({ code: 'network-clash', message: expect.stringContaining(other) });
      expect(refused.error().message).toContain(subnet);
    } finally {
      await engine('DELETE', `/networks/${other}`);
    }
    expect((await own.ask<Done>(['up'], { cwd })).services).toMatchObject([{ state: 'running' }]);
  });
});

// The last one restarts the daemon: nothing beside it.
describe.sequential('what an interrupted start has left', () => {
  const compose = `services:\n  db:\n${service()}`;
  const labels = (project: string) => ({
    [LABEL.instance]: own.instance,
    [LABEL.project]: project,
    [LABEL.service]: 'db',
    [LABEL.composeProject]: project,
    [LABEL.configHash]: 'of-another-day',
  });

  it.each([
    ['while the daemon runs', 'running'],
    ['before the daemon starts', 'stopped'],
  ])('%s is replaced: one container, and it runs', async (_when, daemon) => {
    if (daemon === 'stopped') await own.ask(['daemon', 'stop']);
    const cwd = await own.project(`left-${daemon}`, { 'compose.yaml': compose });
    const project = basename(cwd);
    const leftover = await make(`${project}-db-1`, labels(project));
    expect((await own.ask<Done>(['up'], { cwd })).services).toMatchObject([{ state: 'running' }]);
    const { db = '' } = await idsOf(own, project);
    expect(db).not.toBe(leftover);
    expect((await inspect(db)).Name).toBe(`/${project}-db-1`);
    await own.ask(['down'], { cwd });
    expect(await idsOf(own, project)).toEqual({});
    expect(await networksOf(own.instance)).not.toContain(`${project}_default`);
  });
});
