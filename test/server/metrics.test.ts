import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Live } from '../../daemon/api/live.js';
import { serviceId } from '../../daemon/model/spec.js';
import { exposition } from '../../daemon/server/metrics/exposition.js';
import { families } from '../../daemon/server/metrics/families.js';
import { LIVE } from '../scheduler/live.js';
import { MB, send } from './harness.js';
import { liveService, stage, USAGE, watcher } from './stage.js';

const docs = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
const TOTALS = { cpu: 2.5e9, netIn: 10, netOut: 20, blockIn: 30, blockOut: 40 };
const OWN = { streamClients: 0, cpuSeconds: 1.5, totals: new Map([[serviceId('shop', 'api'), TOTALS]]) };

/** Everything that can be known is known. */
const FULL: Live = {
  ...LIVE,
  services: [
    liveService('api', {
      usage: { ...USAGE, psi: { some10: 12, full10: 3 } },
      stopsIn: 90_500,
      next: { rank: 2, frees: MB },
      connections: 4,
      ooms: 1,
      pinned: true,
    }),
  ],
};

/** `name{labels}` → value. */
function parsed(text: string): Map<string, number> {
  const lines = text.split('\n').filter(line => line !== '' && !line.startsWith('#'));
  return new Map(lines.map(line => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]));
}
const emitted = (live: Live) => families(live, OWN).filter(({ samples }) => samples.some(({ value }) => value !== null)).map(({ name }) => name); // biome-ignore format: short

describe('the text', () => {
  it('has HELP, TYPE and the values, with labels escaped', () => {
    const text = exposition([
      { name: 'a', type: 'gauge', help: 'One\nline \\ only.', samples: [{ labels: {}, value: 1.5 }, { labels: {}, value: null }] },
      { name: 'b_total', type: 'counter', help: 'B.', samples: [{ labels: { x: 'back\\slash "quoted"\nnext', y: 'é' }, value: 1e21 }] },
      { name: 'c', type: 'gauge', help: 'C.', samples: [{ labels: {}, value: Number.POSITIVE_INFINITY }, { labels: {}, value: Number.NaN }] },
    ]); // biome-ignore format: a table
    expect(text).toBe(
      [
        '# HELP a One\\nline \\\\ only.', '# TYPE a gauge', 'a 1.5',
        '# HELP b_total B.', '# TYPE b_total counter', 'b_total{x="back\\\\slash \\"quoted\\"\\nnext",y="é"} 1e+21',
        '# HELP c C.', '# TYPE c gauge', 'c +Inf', 'c NaN', '',
      ].join('\n'),
    ); // biome-ignore format: a table
  });

  it('counts CPU in seconds and bytes as they are, for what was measured', () => {
    const values = parsed(exposition(families(FULL, OWN)));
    const api = 'name="shop-api-1",project="shop",service="api"';
    expect([values.get(`container_cpu_usage_seconds_total{${api}}`), values.get(`container_fs_writes_bytes_total{${api}}`)]).toEqual([
      2.5, 40,
    ]);
    expect([...values.keys()].filter(key => key.startsWith('container_cpu'))).toHaveLength(1);
  });

  it('has each family once, each line in the format', () => {
    const text = exposition(families(FULL, OWN));
    const names = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const line of text.split('\n').slice(0, -1))
      expect(line).toMatch(
        /^(# HELP [a-zA-Z_]\w* .+|# TYPE [a-zA-Z_]\w* (gauge|counter)|[a-zA-Z_]\w*(\{(\w+="([^"\\\n]|\\.)*",?)*\})? \S+)$/,
      );
  });
});

describe('/metrics', () => {
  it('is answered from the snapshot as it is, and makes nobody measure', async () => {
    const { socket, client, watched } = await stage([...FULL.services, liveService('db', { state: 'asleep', usage: null, since: null })]);
    const reply = await send(socket, 'GET', '/metrics');
    expect([reply.status, reply.headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
    expect(watched()).toEqual([]);
    const values = parsed(reply.text);
    const api = 'name="shop-api-1",project="shop",service="api"';
    const db = 'name="shop-db-1",project="shop",service="db"';
    expect(Object.fromEntries(values)).toMatchObject({
      [`container_memory_working_set_bytes{${api}}`]: 100 * MB,
      [`container_memory_usage_bytes{${api}}`]: 120 * MB,
      [`container_spec_memory_limit_bytes{${api}}`]: 512 * MB,
      [`container_threads{${api}}`]: 7,
      [`container_start_time_seconds{${api}}`]: 1_700_000_000,
      [`container_oom_events_total{${api}}`]: 1,
      [`laptop_dev_service_state{${api},state="running"}`]: 1,
      [`laptop_dev_service_state{${api},state="asleep"}`]: 0,
      [`laptop_dev_service_state{${db},state="asleep"}`]: 1,
      [`laptop_dev_service_stops_in_seconds{${api}}`]: 90.5,
      [`laptop_dev_service_cpu_cores{${api}}`]: 0.035,
      [`laptop_dev_service_network_receive_bytes_per_second{${api}}`]: 1_000,
      [`laptop_dev_service_memory_pressure_ratio{${api},kind="some"}`]: 0.12,
      node_memory_MemTotal_bytes: 16_384 * MB,
      laptop_dev_host_cpu_ratio: 0.05,
      laptop_dev_budget_bytes: 8192 * MB,
      laptop_dev_stream_clients: 0,
      'laptop_dev_info{version="9.9.9",instance="abc",engine="docker"}': 1,
      process_resident_memory_bytes: 50 * MB,
      process_start_time_seconds: 1_700_000_000,
    });
    expect([...values.keys()].filter(key => key.startsWith('container_memory') && key.includes('db'))).toEqual([]);
    await watcher(client);
    expect(parsed((await send(socket, 'GET', '/metrics')).text).get('laptop_dev_stream_clients')).toBe(1);
  });

  it('is behind the guard of the API: a request of a browser is refused, and only GET is answered', async () => {
    const { socket } = await stage();
    expect((await send(socket, 'GET', '/metrics', { headers: { origin: 'http://localhost' } })).status).toBe(403);
    expect((await send(socket, 'POST', '/metrics', { body: '{}' })).status).toBe(404);
  });
});

describe('what is documented is emitted', () => {
  it('docs/metrics.md has every metric, and no other', () => {
    const documented = [...docs('metrics.md').matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
    expect(documented).toEqual(families(FULL, OWN).map(({ name }) => name));
    expect(emitted(FULL)).toEqual(documented);
  });

  it('docs/metrics.md has the labels beyond those of every service', () => {
    const rows = [...docs('metrics.md').matchAll(/^\| `(\w+)` \|([^|]*)\|/gm)];
    expect(rows.map(([, name]) => name)).toEqual(families(FULL, OWN).map(({ name }) => name));
    for (const [, name, text = ''] of rows) {
      const labels = families(FULL, OWN).find(family => family.name === name)?.samples[0]?.labels ?? {};
      const beyond = Object.keys(labels).filter(label => !['name', 'project', 'service'].includes(label));
      expect([name, [...text.matchAll(/`(\w+)`/g)].map(([, label]) => label)]).toEqual([name, beyond]);
    }
  });

  it('docs/grafana-dashboard.json asks for nothing else', () => {
    const dashboard: { panels: { title: string; targets: { expr: string }[] }[] } = JSON.parse(docs('grafana-dashboard.json'));
    const known = emitted(FULL);
    const queries = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
    const asked = queries.flatMap(expr => expr.match(/\b(container|laptop_dev|node|process)_\w+/g) ?? []);
    expect(asked.length).toBeGreaterThanOrEqual(queries.length);
    expect(asked.filter(name => !known.includes(name))).toEqual([]);
    for (const expr of queries) expect(expr).toMatch(/(container|laptop_dev|node|process)_\w+/);
  });
});
