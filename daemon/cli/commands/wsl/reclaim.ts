import type { ServiceView } from '../../../api/views.js';
import { readHost } from '../../../platform/wsl/facts.js';
import {
  dropCaches,
  type FreeMemory,
  kernelWriter,
  measureFree,
  type ReclaimedContainer,
  reclaimContainers,
} from '../../../platform/wsl/reclaim.js';
import { type Bytes, formatBytes } from '../../../shared/bytes.js';
import { FailureError } from '../../../shared/failure.js';
import { answer, type Cli, remark } from '../../cli.js';
import { OUTPUT_OPTIONS } from '../../parser/options.js';
import { confirmLoss } from '../../prompt.js';
import { table } from '../../render/table.js';
import type { Verb } from '../../verb.js';
import { hostOf, windowsCache } from './read-wsl.js';

export const wslReclaimVerb = {
  name: 'reclaim',
  summary: 'Reclaim file cache of running services and, with consent, of the whole VM; measured before and after',
  args: '',
  options: ['after-stop', 'yes', ...OUTPUT_OPTIONS],
  run,
} satisfies Verb;

/**
 * Gives file cache back: that of our running containers, then, under WSL2 and with consent, that of the whole VM. --after-stop: the containers
 * are gone already, what they left in the cache is meant. What counts is MemFree and what Windows says, before and after.
 */
async function run(cli: Cli): Promise<number> {
  const host = hostOf(cli);
  const facts = await readHost(host, windowsCache(cli));
  const write = kernelWriter(host, facts);
  const services = cli.options.afterStop ? [] : await runningServices(cli);
  const whole = facts.vm.kind === 'wsl2' && (await mayDropAll(cli));
  const before = await measureFree(host, facts, windowsCache(cli));
  const ids = services.map(({ container }) => container ?? '');
  const containers = await reclaimContainers(host, ids, write);
  const dropped = whole ? await dropCaches(host, write) : null;
  const after = await measureFree(host, facts, windowsCache(cli));
  const named = containers.map((each, at) => ({ service: nameOf(services[at]), ...each }));
  const vm = { asked: whole, done: whole && dropped === null, why: dropped };
  answer(cli, { containers: named, vm, before, after }, () => render(cli, named, vm, before, after).join('\n'));
  return 0;
}

/** Of all projects; none, with a remark, when no daemon runs: only it knows which containers are ours. */
async function runningServices(cli: Cli): Promise<readonly ServiceView[]> {
  try {
    const services = await cli.client.services(null, false);
    return services.filter(({ container, state }) => container !== null && (state === 'running' || state === 'frozen'));
  } catch (error) {
    if (!(error instanceof FailureError) || error.failure.code !== 'daemon-unavailable') throw error;
    remark(cli, 'No daemon runs: no containers of laptop-dev are known.');
    return [];
  }
}

const QUESTION = 'Drop the page cache of the whole VM as well? All distributions share it; what they read next comes from the disk.';

/** Without a terminal and without --yes it is left out, which is not a failure. */
async function mayDropAll(cli: Cli): Promise<boolean> {
  if (!cli.options.yes && (!cli.interactive || cli.options.json)) {
    remark(cli, 'The page cache of the VM is left: --yes drops it, for all distributions.');
    return false;
  }
  try {
    await confirmLoss(cli, QUESTION);
    return true;
  } catch (error) {
    if (error instanceof FailureError && error.failure.code === 'cancelled') return false;
    throw error;
  }
}

function nameOf(service: ServiceView | undefined): string {
  return service ? `${service.project}/${service.name}` : '';
}

type Named = ReclaimedContainer & { readonly service: string };
interface Whole {
  readonly asked: boolean;
  readonly done: boolean;
  readonly why: string | null;
}

function render(cli: Cli, containers: readonly Named[], vm: Whole, before: FreeMemory, after: FreeMemory): string[] {
  const size = (bytes: Bytes | null) => (bytes === null ? '?' : formatBytes(bytes));
  const columns = [
    { title: 'SERVICE', gives: true, least: 10 },
    { title: 'CACHE', align: 'right' as const },
    { title: 'NOW', align: 'right' as const },
    { title: '', gives: true, least: 20 },
  ];
  const rows = containers.map(each => [each.service, size(each.before), size(each.after), each.why ?? '']);
  const change = (from: Bytes, to: Bytes) => `${formatBytes(from)} before, ${formatBytes(to)} now`;
  return [
    ...(rows.length > 0 ? [...table(columns, rows, cli.out.columns()), ''] : []),
    ...(vm.asked ? [vm.done ? 'The page cache of the VM was dropped.' : `The page cache of the VM was not dropped: ${vm.why}.`] : []),
    `File cache: ${change(before.cache, after.cache)}.`,
    `MemFree: ${change(before.vm, after.vm)}.`,
    ...(before.windows === null || after.windows === null ? [] : [`Free on Windows: ${change(before.windows, after.windows)}; pages go back within seconds.`]),
  ]; // biome-ignore format: short
}
