import { copyFileSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServiceView } from '../../daemon/api/views.js';
import { psVerb } from '../../daemon/cli/commands/services/ps.js';
import { type Inspected, mapInspect } from '../../daemon/engine/mapping/map-inspect.js';
import { instanceOf } from '../../daemon/files/paths.js';
import { LABEL } from '../../daemon/model/labels.js';
import type { Containers, Store } from '../../daemon/ports/ports.js';
import { createSupervisor, type Running } from '../../daemon/runtime/create-supervisor.js';
import type { Intent } from '../../daemon/scheduler/state/intent.js';
import { wrongIntent } from '../../daemon/server/wrong-intent.js';
import { createStateFile } from '../../daemon/state-file/state-file.js';
import { testCli } from '../cli/harness.js';
import { load } from '../config/project/tree.js';
import { type Running as Served, serve } from '../server/harness.js';
import { sampleOf } from './support/rig.js';
import { supervisorOptions } from './support/supervisor-options.js';

const FIXTURES = fileURLToPath(new URL('fixtures/', import.meta.url));
const VERSIONS = readdirSync(FIXTURES);
/** As the script that records has it, run by root. */
const OWNER = { uid: 0, stateDir: '/tmp/laptop-dev-recording/state' };

/** What questions answer; all else that is asked of the engine is noted, and fails. */
function engineOf(recorded: readonly Inspected[], asked: string[]): Containers {
  const containers = recorded.map(mapInspect);
  const gateway = containers.find(each => each.gateway !== null)?.gateway ?? '';
  const answers: Partial<Containers> = {
    info: async () => ({
      kind: 'docker',
      version: '20.10',
      apiVersion: '1.41',
      cgroupVersion: '1',
      memoryTotal: 1,
      endpoint: '',
      warnings: [],
    }),
    list: async () => containers,
    inspect: async id => containers.find(each => each.id === id) ?? null,
    exposedBy: async () => [6379],
    sessions: async () => [],
    // Nothing is missing.
    ensureResources: async () => [],
    gateways: async networks => networks.map(network => ({ network, address: gateway, subnets: [`${gateway}/16`] })),
    connectFrom: async () => true,
    removeHelpers: async () => undefined,
    stats: async () => null,
    events: async function* (signal) {
      await new Promise(resolve => signal.addEventListener('abort', resolve));
    },
  };
  return new Proxy(answers, {
    get: (known, name: keyof Containers) =>
      known[name] ??
      (() => {
        asked.push(name);
        throw new Error(`${name} was asked of the engine`);
      }),
  }) as Containers;
}

describe.each(VERSIONS)('what was %s', version => {
  const folder = join(FIXTURES, version);
  const read = <T>(name: string): T => JSON.parse(readFileSync(join(folder, name), 'utf8'));
  const recorded = {
    state: read<Intent>('state.json'),
    inspects: read<readonly Inspected[]>('inspect.json'),
    services: read<{ readonly data: { readonly services: readonly ServiceView[] } }>('ps.json').data.services,
  };
  const [restored] = recorded.state.projects;
  if (!restored) throw new Error('a recording has a project');
  const labelsOf = (service: string) =>
    recorded.inspects.find(each => each.Config?.Labels?.[LABEL.service] === service)?.Config?.Labels ?? {};

  let stateDir: string;
  let store: Store;
  let warning: string | null;
  let daemon: Running;
  let served: Served;
  const asked: string[] = [];
  const kept = (): Intent => JSON.parse(readFileSync(join(stateDir, 'state.json'), 'utf8'));

  beforeAll(async () => {
    stateDir = realpathSync(mkdtempSync(join(tmpdir(), 'ld-left-')));
    copyFileSync(join(folder, 'state.json'), join(stateDir, 'state.json'));
    const file = createStateFile(join(stateDir, 'state.json'), wrongIntent);
    store = {
      ...file,
      load: () => {
        const loaded = file.load();
        warning = loaded.warning;
        return loaded;
      },
    };
    const used = new Map(recorded.services.map(({ container, memory }) => [container, memory.workingSet]));
    daemon = createSupervisor(
      supervisorOptions({
        containers: engineOf(recorded.inspects, asked),
        images: {
          ensure: async ({ reference }) => {
            asked.push(`image ${reference}`);
            throw new Error('there is none');
          },
        },
        store,
        usage: {
          workingSet: async id => used.get(id) ?? null,
          sample: id => sampleOf(used.get(id) ?? 0, 0),
          forget: () => {},
        },
        isLocal: async () => true,
      }),
    );
    await daemon.looked;
    served = await serve(daemon.supervisor);
  });
  afterAll(async () => {
    await served?.stop();
    await daemon?.close();
    rmSync(stateDir, { recursive: true, force: true });
  });

  it('has a state file that is read without a warning, and nothing of it is lost when it is written again', async () => {
    expect(warning).toBeNull();
    expect(readdirSync(stateDir).filter(name => name.includes('corrupt'))).toEqual([]);
    await daemon.supervisor.act({ kind: 'budget', bytes: null }, { dryRun: false, trust: false });
    // It is another file now: this version keeps more.
    expect(Object.keys(kept())).toContain('learnt');
    expect(kept()).toMatchObject(recorded.state);
  });

  it('is found by the label of its instance, and known by its labels', () => {
    const instance = instanceOf(OWNER.uid, OWNER);
    expect(recorded.inspects.map(each => each.Config?.Labels?.[LABEL.instance])).toEqual(recorded.inspects.map(() => instance));
    for (const raw of recorded.inspects) {
      const seen = mapInspect(raw);
      const spec = restored.spec.services.find(({ name }) => name === seen.service);
      expect(seen).toMatchObject({
        project: restored.spec.name,
        profile: restored.spec.profile,
        root: restored.spec.root,
        configHash: spec?.configHash,
        memory: spec?.memory,
        priority: spec?.priority,
        start: spec?.start,
        dependsOn: spec?.dependsOn.map(on => on.service),
      });
      expect(JSON.parse(seen.wiring)).toEqual({ hosts: expect.any(Array), publish: expect.any(String) });
    }
  });

  it('is adopted as it runs: the engine is asked for nothing but answers, and pins hold', async () => {
    const notices = daemon.supervisor.notices().filter(({ kind }) => kind === 'adopted');
    const running = recorded.services.filter(({ state }) => state === 'running').map(({ name }) => name);
    expect(running).not.toEqual([]);
    expect(notices.map(({ service }) => service).sort()).toEqual(running);
    expect(daemon.supervisor.leases().map(({ id }) => id)).toEqual(expect.arrayContaining((recorded.state.pins ?? []).map(({ id }) => id)));
    expect(asked).toEqual([]);
  });

  it('is what `ps --json` shows: every field of then, and the same values where time and the adoption say nothing else', async () => {
    const { cli, out } = testCli(served.socket, { all: true, json: true });
    expect(await psVerb.run(cli, [])).toBe(0);
    const { services }: { services: readonly ServiceView[] } = JSON.parse(out.text()).data;
    expect(services.map(({ name }) => name)).toEqual(recorded.services.map(({ name }) => name));
    for (const [index, then] of recorded.services.entries()) {
      const now = services[index];
      expect(Object.keys(now ?? {})).toEqual(expect.arrayContaining(Object.keys(then)));
      expect(now).toEqual({
        ...now,
        ...then,
        // What runs already is not probed again, and its time without use begins anew.
        health: now?.ready === 'unprobed' ? 'none' : then.health,
        stopsIn: then.stopsIn === null ? null : expect.any(Number),
        why: expect.stringContaining(then.why),
      });
    }
  });

  it('comes of the same files: definitions and their hashes are those of the labels, and an `up` keeps what runs and what has finished', async () => {
    const { spec, problems } = await load(join(folder, 'shop'));
    expect(problems).toEqual([]);
    if (!spec) throw new Error('it is whole');
    for (const { name, configHash } of spec.services) {
      expect([name, configHash]).toEqual([name, labelsOf(name)[LABEL.configHash]]);
      expect([name, configHash]).toEqual([name, labelsOf(name)[LABEL.composeConfigHash]]);
    }
    const { root } = restored.spec;
    expect({ ...spec, root }).toMatchObject(restored.spec);
    const answer = await daemon.supervisor.act(
      { kind: 'up', spec: { ...spec, root }, services: null, recreate: false },
      { dryRun: false, trust: false },
    );
    const ids = restored.up.map(name => `${spec.name}/${name}`).sort();
    expect(answer).toMatchObject({ ok: true, plan: { starts: [], stops: [], evicts: [] } });
    expect(answer.ok && [...answer.plan.keeps, ...answer.plan.sleeps].sort()).toEqual(ids);
    expect(asked).toEqual([]);
  });
});
