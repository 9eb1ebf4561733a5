import { execFile } from 'node:child_process';
import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServiceView } from '../../daemon/api/views.js';
import { some } from '../support/deep.js';
import { volumesOf } from './support/engine.js';
import type { Home } from './support/home.js';
import { type Done, idsOf, statesIn, stays, TINY, tinyHome } from './support/tiny.js';
import { until } from './support/until.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

const COMPOSE = `services:
  db:
    image: ${TINY}
    command: ${stays('echo kept >> /data/file; touch /tmp/ready')}
    healthcheck: { test: ["CMD", "test", "-f", "/tmp/ready"], interval: 1s }
    volumes: ["data:/data"]
    mem_limit: 32m
  migrate:
    image: ${TINY}
    command: ["sh", "-c", "echo migrated >> /data/file"]
    volumes: ["data:/data"]
    depends_on: { db: { condition: service_healthy } }
    mem_limit: 32m
  web:
    image: ${TINY}
    command: ${stays()}
    depends_on: { migrate: { condition: service_completed_successfully } }
    mem_limit: 32m
volumes: { data: {} }
`;

let own: Home;
let cwd: string;
let project: string;
let ids: Record<string, string>;
beforeAll(async () => {
  own = await tinyHome();
  cwd = await own.project('adopt', { 'compose.yaml': COMPOSE });
  project = basename(cwd);
  await own.ask(['up'], { cwd });
  ids = await idsOf(own, project);
});
afterAll(() => own?.close());

const UP = ['db running', 'migrate stopped', 'web running'];

/** As the kernel does when memory is out: no goodbye. Resolves when the process is gone. */
async function killDaemon(): Promise<number> {
  const pid = await own.daemonPid();
  process.kill(pid, 'SIGKILL');
  await until('the daemon is gone', () => !existsSync(`/proc/${pid}`) || readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z '));
  return pid;
}

describe.sequential('a daemon that starts again', () => {
  it('after a kill -9 goes on with the same containers, and says so', async () => {
    const first = await killDaemon();
    expect(await own.ask(['daemon', 'start'])).toMatchObject({ running: true });
    expect(await own.daemonPid()).not.toBe(first);
    expect(await statesIn(own, cwd)).toEqual(UP);
    expect(await idsOf(own, project)).toEqual(ids);
    const { services } = await own.ask<{ services: ServiceView[] }>(['ps'], { cwd });
    expect(services.map(({ name, health }) => `${name} ${health}`)).toEqual(['db healthy', 'migrate none', 'web none']);
    expect(services.filter(({ memory }) => memory.grant > 0)).toHaveLength(2);
    expect((await own.ask<Done>(['up'], { cwd })).plan).toMatchObject({ starts: [], stops: [] });
  });

  it('after a goodbye too: services ran on meanwhile', async () => {
    await own.ask(['daemon', 'stop']);
    expect((await own.containers()).filter(({ State }) => State === 'running')).toHaveLength(2);
    await own.ask(['daemon', 'start']);
    expect(await statesIn(own, cwd)).toEqual(UP);
    expect(await idsOf(own, project)).toEqual(ids);
  });

  it('finishes an up whose client saw the daemon die, and says to that client what happened', async () => {
    await own.ask(['down'], { cwd });
    const waiting = own.cli(['up'], { cwd });
    await until('db is there', async () => (await idsOf(own, project))['db']);
    await killDaemon();
    const { code, stderr } = await waiting;
    expect(code).toBe(4);
    expect(stderr).toContain('went away');
    await own.ask(['daemon', 'start']);
    await until('all is up', async () => `${await statesIn(own, cwd)}` === `${UP}`);
    ids = await idsOf(own, project);
  });

  it('honours what was stopped by the user before', async () => {
    await own.ask(['stop', 'web'], { cwd });
    await killDaemon();
    await own.ask(['daemon', 'start']);
    expect(await statesIn(own, cwd)).toEqual(['db running', 'migrate stopped', 'web stopped']);
    await own.ask(['start', 'web'], { cwd });
    expect(await idsOf(own, project)).toEqual(ids);
  });

  it('while one runs is refused, naming its PID; the first goes on', async () => {
    const pid = await own.daemonPid();
    const second = await new Promise<{ code: number | null; stderr: string }>(resolve => {
      const child = execFile(process.execPath, [MAIN], { env: own.env }, (_error, _stdout, stderr) =>
        resolve({ code: child.exitCode, stderr }),
      );
    });
    expect(second.code).toBe(4);
    expect(second.stderr).toContain(`PID ${pid}`);
    expect(await own.daemonPid()).toBe(pid);
    expect(await statesIn(own, cwd)).toEqual(UP);
  });

  const CORRUPTIONS = [
    ['cut in half', (file: string) => truncateSync(file, Math.floor(readFileSync(file).length / 2))],
    ['of another kind', (file: string) => writeFileSync(file, '{"version":1,"projects":[{"spec":null}],"trusted":[]}')],
    ['empty', (file: string) => truncateSync(file, 0)],
  ] as const;
  it.each(some(CORRUPTIONS, 1))('with a state file %s sets it aside and takes the containers in by their labels', async (_how, corrupt) => {
    const state = join(own.stateDir, 'state.json');
    await killDaemon();
    corrupt(state);
    const broken = readFileSync(state, 'utf8');
    await own.ask(['daemon', 'start']);
    expect(readFileSync(`${state}.corrupt`, 'utf8')).toBe(broken);
    expect(await statesIn(own, cwd)).toEqual(UP);
    expect(await idsOf(own, project)).toEqual(ids);
    const { project: name, plan } = await own.ask<Done>(['up'], { cwd });
    expect(name).toBe(project);
    expect(plan.keeps).toEqual(expect.arrayContaining([`${project}/db`, `${project}/web`]));
    const { migrate: _again, ...kept } = await idsOf(own, project);
    const { migrate: _first, ...before } = ids;
    expect(kept).toEqual(before);
    expect(await volumesOf(own.instance)).toEqual([`${project}_data`]);
    ids = await idsOf(own, project);
  });

  it('without its state can still take everything down', async () => {
    await killDaemon();
    truncateSync(join(own.stateDir, 'state.json'), 10);
    await own.ask(['daemon', 'start']);
    await own.ask(['down'], { cwd });
    expect(await own.leftovers()).toEqual([]);
    expect(await volumesOf(own.instance)).toEqual([`${project}_data`]);
  });
});
