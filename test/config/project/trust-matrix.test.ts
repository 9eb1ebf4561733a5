import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import type { ProjectSpec } from '../../../daemon/model/spec.js';
import { Trust } from '../../../daemon/runtime/trust.js';
import { sampled } from '../../support/deep.js';
import { load, PACKAGE, plant } from './tree.js';

/** On a busy machine; a table takes a second or two. */
const PATIENCE = 120_000;

/** The tables of docs/trust.md, tried cell by cell on Compose files: what is written there by hand is what happens. */
const DOCUMENT = readFileSync(join(PACKAGE, 'docs/trust.md'), 'utf8');

type Keys = Readonly<Record<string, unknown>>;
interface Table {
  readonly columns: readonly string[];
  /** The first cell as it is, and as YAML; the others by column. */
  readonly rows: readonly { readonly text: string; readonly keys: Keys; readonly cells: Readonly<Record<string, string>> }[];
}

function table(heading: string): Table {
  const section = DOCUMENT.split(`### ${heading}\n`)[1]?.split('\n#')[0] ?? '';
  const [head, , ...rows] = section.split('\n').filter(line => line.startsWith('|'));
  const cellsOf = (line: string) =>
    line
      .split('|')
      .slice(1, -1)
      .map(cell => cell.trim());
  const [, ...columns] = cellsOf(head ?? '');
  return {
    columns,
    rows: rows.map(line => {
      const [first = '', ...cells] = cellsOf(line);
      const text = first.replaceAll('`', '');
      const values = Object.fromEntries(columns.map((column, at) => [column, cells[at] ?? '']));
      return { text, keys: parse(`{${text}}`), cells: values };
    }),
  };
}

const KEYS = table('Keys of a service');
const RESOURCES = table('Networks and volumes');
const REACH = table('What reaches a trusted service');

const PLAIN = { image: 'busybox:1', command: ['run'] };
const TRUSTED = { ...PLAIN, volumes: ['../outside:/host'] };
/** What a project has beside its services, and the files about it. */
const AROUND = {
  name: 'p',
  networks: { back: {}, foreign: { external: true, name: 'other_default' } },
  volumes: { data: {}, same: { name: 'p_data' }, more: {} },
  secrets: { inside: { file: './own.env' }, beyond: { file: '../outside/values.env' } },
  configs: { text: { content: 'a' }, beyond: { file: '../outside/values.env' } },
};
const FILES = {
  'p/own.env': 'OWN=1',
  'p/parts.yaml': stringify({ services: { powered: { privileged: true }, plain: { labels: { a: 'b' } } } }),
  'outside/values.env': 'SECRET=1',
};

/** A project in a folder: its Compose file, and an override that a question is about. What was loaded once is the same when it is asked for again. */
class Project {
  readonly #outer = plant(FILES);
  readonly #specs = new Map<string, ProjectSpec>();
  #written = '';

  async with(file: Keys, override: Keys | null = null): Promise<ProjectSpec> {
    // JSON is YAML, and quicker to write.
    const [base, over] = [JSON.stringify({ ...AROUND, ...file }), JSON.stringify(override ?? { services: {} })];
    const known = this.#specs.get(`${base}\n${over}`);
    if (known) return known;
    const root = join(this.#outer, 'p');
    if (base !== this.#written) writeFileSync(join(root, 'compose.yaml'), base);
    this.#written = base;
    writeFileSync(join(root, 'compose.override.yaml'), over);
    const { spec, failure } = await load(root);
    if (spec === null) throw new Error(`${JSON.stringify(override)}: ${failure?.message}`);
    this.#specs.set(`${base}\n${over}`, spec);
    return spec;
  }

  remove(): void {
    rmSync(this.#outer, { recursive: true });
  }
}

const project = new Project();
afterAll(() => project.remove());

/** Whether a change is asked about after what was before it has been trusted. */
function asks(before: ProjectSpec, after: ProjectSpec): 'asks' | 'no' {
  const trust = new Trust([]);
  expect(trust.check(before, true)).toBeNull();
  return trust.check(after, false) === null ? 'no' : 'asks';
}

/** `text: column` of each cell that is not as the document has it. */
async function wrong({ columns, rows }: Table, answer: (keys: Keys, column: string) => Promise<string>): Promise<string[]> {
  const found: string[] = [];
  for (const column of columns) {
    for (const { text, keys, cells } of sampled(rows, 15)) {
      if (cells[column] === '–') continue;
      const got = await answer(keys, column).catch((error: Error) => error.message);
      if (got !== cells[column]) found.push(`${text}: ${column} ${got}, not ${cells[column]}`);
    }
  }
  return found;
}

// Of another image: what builds that reaches it.
const A = { ...TRUSTED, image: 'alpine:3' };
const with_ = (more: Keys) => ({ a: A, it: { ...PLAIN, ...more }, other: PLAIN });
const PLACES: Readonly<Record<string, Keys>> = {
  plain: { it: PLAIN, other: PLAIN },
  trusted: { it: TRUSTED, other: PLAIN },
  pid: with_({ pid: 'service:a' }),
  volume: { ...with_({ volumes: ['data:/data'] }), a: { ...A, volumes: [...A.volumes, 'data:/data'] } },
  network: with_({ network_mode: 'service:a' }),
  beside: with_({}),
};

describe('docs/trust.md', { timeout: PATIENCE }, () => {
  it('has tables to try', () => {
    const cells = [KEYS, RESOURCES, REACH].flatMap(({ rows }) => rows.flatMap(row => Object.values(row.cells)));
    expect(cells.length).toBeGreaterThanOrEqual(900);
    expect(new Set(cells)).toEqual(new Set(['asks', 'no', '–']));
    expect(cells.filter(cell => cell === 'asks').length).toBeGreaterThan(300);
  });

  it.each(KEYS.columns)('is right about keys of a service: %s', async column => {
    const services = PLACES[column];
    expect(services).toBeDefined();
    const before = await project.with({ services });
    const only = { ...KEYS, columns: [column] };
    expect(await wrong(only, async keys => asks(before, await project.with({ services }, { services: { it: keys } })))).toEqual([]);
  });

  it('is right about networks and volumes', async () => {
    const used = { networks: ['n'], volumes: ['v:/v'] };
    const services: Readonly<Record<string, Keys>> = {
      unused: { it: TRUSTED },
      plain: { it: { ...PLAIN, ...used } },
      trusted: { it: { ...TRUSTED, ...used, volumes: [...TRUSTED.volumes, ...used.volumes] } },
    };
    const file = (column: string) => ({ services: services[column], networks: { n: {} }, volumes: { v: {} } });
    for (const column of RESOURCES.columns) {
      const before = await project.with(file(column));
      expect(await wrong({ ...RESOURCES, columns: [column] }, async keys => asks(before, await project.with(file(column), keys)))).toEqual(
        [],
      );
    }
  });

  it('is right about what reaches a trusted service', async () => {
    const file = { services: { a: TRUSTED, b: PLAIN, c: PLAIN } };
    const before = await project.with(file);
    const answer = async (keys: Keys, column: string) => {
      const after = await project.with(file, { services: keys });
      if (column === 'joins') return asks(before, after);
      const b = { ...(keys['b'] as Keys | undefined), command: ['other'] };
      return asks(after, await project.with(file, { services: { ...keys, b } }));
    };
    expect(await wrong(REACH, answer)).toEqual([]);
  });
});

describe('every key that reaches the engine is decided', { timeout: PATIENCE }, () => {
  interface Schema {
    readonly properties?: Readonly<Record<string, Schema>>;
    readonly items?: Schema;
    readonly anyOf?: readonly Schema[];
    readonly oneOf?: readonly Schema[];
  }
  const document = JSON.parse(readFileSync(join(PACKAGE, 'docs/openapi.json'), 'utf8'));
  const spec: Schema = document.components.schemas.Up.properties.spec;

  function at(schema: Schema | undefined, ...path: readonly string[]): Schema {
    const [key, ...rest] = path;
    const object = schema?.anyOf?.find(each => each.properties) ?? schema;
    if (key === undefined) return object ?? {};
    return at(key === '*' ? object?.items : object?.properties?.[key], ...rest);
  }
  const keysOf = (schema: Schema) => Object.keys(schema.properties ?? {}).sort();

  /** Keys whose values differ between two objects. */
  const differing = (a: object | null | undefined, b: object | null | undefined): string[] => {
    const [before, after] = [{ ...a } as Keys, { ...b } as Keys];
    return Object.keys({ ...before, ...after }).filter(key => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
  };

  it('in a service: each key of its container, build, health check and activation is changed by a row', async () => {
    // A service for each row, in one project: a project for each took 15 times as long.
    const named = (more: (keys: Keys) => Keys) =>
      Object.fromEntries(KEYS.rows.map(({ keys }, index) => [`it${index}`, { ...PLAIN, ...more(keys) }]));
    const servicesOf = async (more: (keys: Keys) => Keys) => {
      const { services } = await project.with({ services: { ...PLACES['plain'], ...named(more) } });
      return new Map(services.map(service => [service.name, service]));
    };
    // Of the rows that publish a port one is enough: two cannot have the same.
    const published = KEYS.rows.find(({ keys }) => 'ports' in keys)?.keys;
    const alone = (keys: Keys) => (keys !== published && 'ports' in keys ? {} : keys);
    const [plain, changed] = [await servicesOf(() => ({})), await servicesOf(alone)];
    const [container, build, health, activation] = [new Set<string>(), new Set<string>(), new Set<string>(), new Set<string>()];
    const kinds = new Set<string>();
    for (const index of KEYS.rows.keys()) {
      const [before, after] = [plain.get(`it${index}`), changed.get(`it${index}`)];
      for (const key of differing(before?.container, after?.container)) container.add(key);
      for (const key of differing({}, after?.container?.build)) build.add(key);
      for (const key of differing({}, after?.container?.healthcheck)) health.add(key);
      for (const key of differing(before?.activation, after?.activation)) activation.add(key);
      for (const { kind } of after?.container?.mounts ?? []) kinds.add(kind);
    }
    const schema = at(spec, 'services', '*');
    expect([...container].sort()).toEqual(keysOf(at(schema, 'container')));
    expect([...build].sort()).toEqual(keysOf(at(schema, 'container', 'build')));
    expect([...health].sort()).toEqual(keysOf(at(schema, 'container', 'healthcheck')));
    expect([...kinds].sort()).toEqual(['bind', 'content', 'tmpfs', 'volume']);
    expect(at(schema, 'container', 'mounts', '*')).toMatchObject({ oneOf: { length: kinds.size } });
    // The others say when it sleeps and how bytes travel.
    expect([...activation].sort()).toEqual(expect.arrayContaining(['readyPath', 'veto']));
  });

  it('of networks and volumes', async () => {
    const file = { services: { it: { ...PLAIN, networks: ['n'], volumes: ['v:/v'] } }, networks: { n: {} }, volumes: { v: {} } };
    const before = await project.with(file);
    const [networks, volumes] = [new Set(['key']), new Set(['key'])];
    for (const { keys } of RESOURCES.rows) {
      const after = await project.with(file, keys);
      for (const key of differing(before.networks[0], after.networks[0])) networks.add(key);
      for (const key of differing(before.volumes[0], after.volumes[0])) volumes.add(key);
    }
    // `reserved` repeats the addresses of services (ipv4_address), which are a key of theirs.
    expect([...networks].sort()).toEqual(keysOf(at(spec, 'networks', '*')).filter(key => key !== 'reserved'));
    expect([...volumes].sort()).toEqual(keysOf(at(spec, 'volumes', '*')));
  });

  it('each key that Compose has is in a row', () => {
    const { definitions } = createRequire(import.meta.url)('docker-compose/schema/compose-spec.json');
    const rows = (table: Table) => new Set(table.rows.flatMap(({ keys }) => Object.keys(keys)));
    const inner = (section: string) =>
      new Set(
        RESOURCES.rows.flatMap(({ keys }) =>
          Object.values({ ...(keys[section] as Keys) }).flatMap(each => Object.keys({ ...(each as Keys) })),
        ),
      );
    // They stand for what is no container of this engine.
    const elsewhere = ['provider', 'models'];
    expect(Object.keys(definitions.service.properties).filter(key => !rows(KEYS).has(key) && !elsewhere.includes(key))).toEqual([]);
    expect(Object.keys(definitions.network.properties).filter(key => !inner('networks').has(key))).toEqual([]);
    expect(Object.keys(definitions.volume.properties).filter(key => !inner('volumes').has(key))).toEqual([]);
  });
});
