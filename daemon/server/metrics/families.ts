import type { Live, LiveService, LiveTotals, LiveUsage } from '../../api/live.js';
import type { ServiceView } from '../../api/views.js';
import type { Psi } from '../../model/host-sample.js';
import type { ServiceId } from '../../model/spec.js';
import type { Family, Labels, MetricSample } from './exposition.js';

const STATES: readonly ServiceView['state'][] = ['asleep', 'starting', 'running', 'frozen', 'stopping', 'stopped', 'failed'];
const LEVELS: Readonly<Record<Live['host']['pressure'], number>> = { none: 0, soft: 1, hard: 2 };

/** Figures that are not in the snapshot. */
export interface Own {
  readonly streamClients: number;
  /** CPU time of this process in seconds. */
  readonly cpuSeconds: number;
  /** Counters of what runs. */
  readonly totals: ReadonlyMap<ServiceId, LiveTotals>;
}

/**
 * All families of /metrics, from one snapshot. Names are those of cAdvisor (container_*), node_exporter (node_*) and the client libraries (process_*)
 * where they mean the same; our own begin with laptop_dev_. docs/metrics.md lists each.
 */
export function families(live: Live, own: Own): readonly Family[] {
  return [
    ...containers(live.services),
    ...counters(live.services, own.totals),
    ...services(live.services),
    ...machine(live),
    ...daemon(live, own),
  ];
}

type Read = (service: LiveService) => number | null;

/** One value per service; unknown values are left out. */
function each(all: readonly LiveService[], type: Family['type'], name: string, help: string, read: Read): Family {
  return { name, type, help, samples: all.map(service => ({ labels: labelsOf(service), value: read(service) })) };
}

/** `name` is the container's, as the engine and cAdvisor report it. */
function labelsOf({ project, name }: LiveService): Labels {
  return { name: `${project}-${name}-1`, project, service: name };
}

function containers(all: readonly LiveService[]): readonly Family[] {
  const gauge = (name: string, help: string, read: Read) => each(all, 'gauge', `container_${name}`, help, read);
  return [
    gauge('memory_working_set_bytes', 'Memory in use without inactive file cache.', used('workingSet')),
    gauge('memory_usage_bytes', 'Memory in use with all file cache: what the OOM killer acts on.', used('usage')),
    gauge('spec_memory_limit_bytes', 'Hard limit in force, which is the grant.', ({ memory }) => memory.grant || null),
    gauge('threads', 'Processes and threads.', used('pids')),
    gauge('start_time_seconds', 'When it began to run, seconds since the epoch.', ({ since }) => since && since / 1_000),
    each(all, 'counter', 'container_oom_events_total', 'Kills at the memory limit.', ({ ooms }) => ooms),
  ];
}

/** They restart from 0 with each run of a container, as counters of exporters do: rate() handles that. */
function counters(all: readonly LiveService[], totals: Own['totals']): readonly Family[] {
  const counter = (name: string, help: string, key: keyof LiveTotals, per = 1) =>
    each(all, 'counter', `container_${name}_total`, help, ({ id }) => perUnit(totals.get(id)?.[key] ?? null, per));
  return [
    counter('cpu_usage_seconds', 'CPU time since it began to run, over all cores.', 'cpu', 1e9),
    counter('network_receive_bytes', 'Received since it began to run.', 'netIn'),
    counter('network_transmit_bytes', 'Sent since it began to run.', 'netOut'),
    counter('fs_reads_bytes', 'Read from disks since it began to run.', 'blockIn'),
    counter('fs_writes_bytes', 'Written to disks since it began to run.', 'blockOut'),
  ];
}

function used(key: Exclude<keyof LiveUsage, 'psi'>, per = 1): Read {
  return ({ usage }) => perUnit(usage?.[key] ?? null, per);
}

function services(all: readonly LiveService[]): readonly Family[] {
  const gauge = (name: string, help: string, read: Read) => each(all, 'gauge', `laptop_dev_service_${name}`, help, read);
  const states = all.flatMap(service =>
    STATES.map(state => ({ labels: { ...labelsOf(service), state }, value: service.state === state ? 1 : 0 })),
  );
  const pressure = all.flatMap(service => psiSamples(service.usage?.psi ?? null, labelsOf(service)));
  return [
    { name: 'laptop_dev_service_state', type: 'gauge', help: '1 for the state that it is in, 0 for the others.', samples: states },
    gauge('healthy', '1: its health check passes; 0: it does not. Without a check: absent.', healthy),
    gauge('grant_bytes', 'What it is granted now; 0: nothing.', ({ memory }) => memory.grant),
    gauge('standard_bytes', 'What is reserved before it starts.', ({ memory }) => memory.standard),
    gauge('maximum_bytes', 'The most that it is ever granted.', ({ memory }) => memory.maximum),
    gauge('stops_in_seconds', 'Time until it is stopped for being idle, if it stays unused.', ({ stopsIn }) => perUnit(stopsIn, 1_000)),
    gauge('connections', 'Connections through its listeners that wait or have sent data.', ({ connections }) => connections),
    gauge('pinned', '1: held awake by a pin or a lease.', ({ pinned }) => Number(pinned)),
    gauge('eviction_rank', 'Its place among those that go under pressure; first: 1.', ({ next }) => next?.rank ?? null),
    gauge('recent_crashes', 'Crashes that still count against it.', ({ crashes }) => crashes),
    gauge('cpu_cores', 'CPU in use between the last two samples; 1: one core.', used('cpu', 100)),
    gauge('network_receive_bytes_per_second', 'Received between the last two samples.', used('netIn')),
    gauge('network_transmit_bytes_per_second', 'Sent between the last two samples.', used('netOut')),
    gauge('block_read_bytes_per_second', 'Read from disks between the last two samples.', used('blockIn')),
    gauge('block_write_bytes_per_second', 'Written to disks between the last two samples.', used('blockOut')),
    { name: 'laptop_dev_service_memory_pressure_ratio', type: 'gauge', help: PSI_HELP, samples: pressure },
  ];
}

const PSI_HELP = 'Share of the last 10 s in which some, or all, tasks waited for memory (PSI).';

function psiSamples(psi: Psi | null, labels: Labels): readonly MetricSample[] {
  if (psi === null) return [];
  return [
    { labels: { ...labels, kind: 'some' }, value: psi.some10 / 100 },
    { labels: { ...labels, kind: 'full' }, value: psi.full10 / 100 },
  ];
}

function healthy({ health }: LiveService): number | null {
  return health === 'none' ? null : Number(health === 'healthy');
}

function single(type: Family['type'], name: string, help: string, value: number | null, labels: Labels = {}): Family {
  return { name, type, help, samples: [{ labels, value }] };
}

function machine({ host, budget }: Live): readonly Family[] {
  const gauge = (name: string, help: string, value: number | null) => single('gauge', name, help, value);
  const [one, five, fifteen] = host.load;
  return [
    gauge('node_memory_MemTotal_bytes', 'Memory of this machine; of a WSL machine what Windows lends it.', host.total),
    gauge('node_memory_MemAvailable_bytes', 'Memory that can be had without swapping.', host.available),
    gauge('node_memory_SwapTotal_bytes', 'Swap space.', host.swapTotal),
    gauge('node_memory_SwapFree_bytes', 'Swap space that is free.', host.swapFree),
    gauge('node_load1', 'Load average of 1 minute.', one),
    gauge('node_load5', 'Load average of 5 minutes.', five),
    gauge('node_load15', 'Load average of 15 minutes.', fifteen),
    gauge('laptop_dev_host_cpu_ratio', 'CPU in use between the last two samples; 1: all cores.', perUnit(host.cpu, 100)),
    gauge('laptop_dev_host_pressure', 'Memory pressure as the daemon acts on it: 0 none, 1 soft, 2 hard.', LEVELS[host.pressure]),
    { name: 'laptop_dev_host_memory_pressure_ratio', type: 'gauge', help: PSI_HELP, samples: psiSamples(host.psi, {}) },
    gauge('laptop_dev_budget_bytes', 'The most that all services together are granted.', budget.budget),
    gauge('laptop_dev_granted_bytes', 'What is granted now.', budget.granted),
    gauge('laptop_dev_standard_bytes', 'Sum of the standards of those that hold a grant.', budget.standard),
    gauge('laptop_dev_working_set_bytes', 'Sum of the working sets.', budget.workingSet),
  ];
}

function daemon({ daemon: { version, instance, startedAt, rss }, engine }: Live, own: Own): readonly Family[] {
  return [
    single('gauge', 'laptop_dev_info', 'Always 1; what runs.', 1, { version, instance, engine: engine?.kind ?? '' }),
    single('gauge', 'laptop_dev_engine_up', '1: the container engine can be reached.', Number(engine !== null)),
    single('gauge', 'laptop_dev_stream_clients', 'Clients of /v1/stream, such as dashboards.', own.streamClients),
    single('gauge', 'process_resident_memory_bytes', 'Memory of the daemon itself.', rss),
    single('counter', 'process_cpu_seconds_total', 'CPU time of the daemon itself.', own.cpuSeconds),
    single('gauge', 'process_start_time_seconds', 'When the daemon started, seconds since the epoch.', startedAt / 1_000),
  ];
}

function perUnit(value: number | null, unit: number): number | null {
  return value === null ? null : value / unit;
}
