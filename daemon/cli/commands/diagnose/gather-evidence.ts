import { readFileSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { VersionView } from '../../../api/contract.js';
import type { ServiceView } from '../../../api/views.js';
import { loadProject } from '../../../config/project/load.js';
import { engineEvidence, labelledContainers, ownNetworks } from '../../../platform/doctor/engine-evidence.js';
import type { Evidence, ProjectSeen } from '../../../platform/doctor/evidence.js';
import { cgroupsLineOf, cpuUse, hostEvidence, machineOf, strayConfigs } from '../../../platform/doctor/host-evidence.js';
import { heldCache } from '../../../platform/doctor/remedies.js';
import { findConfig, findWslc, type HostFacts, readHost } from '../../../platform/wsl/facts.js';
import { type Host, run } from '../../../platform/wsl/programs.js';
import { askWindows } from '../../../platform/wsl/windows.js';
import { loadConfig } from '../../../platform/wsl/wslconfig/file.js';
import { verify } from '../../../platform/wsl/wslconfig/verify.js';
import { budgetFor } from '../../../scheduler/policy/policy.js';
import type { Bytes } from '../../../shared/bytes.js';
import { type Failure, FailureError } from '../../../shared/failure.js';
import type { Cli } from '../../cli.js';
import { findHere } from '../../locate-project.js';
import { runningDaemon } from '../../start-daemon.js';
import { profileNeed } from '../wsl/profile-need.js';
import { hostOf, windowsCache } from '../wsl/read-wsl.js';

/** Looks at everything that doctor judges, with the project's default profile where none is named. What cannot be seen is null, with the reason; nothing here fails. */
export async function gather(cli: Cli, profile: string | null): Promise<Evidence> {
  const host = hostOf(cli);
  const home = cli.env['HOME'] ?? homedir();
  const search = { env: cli.env, home, root: host.root, uid: userInfo().uid, choice: null };
  const facts = await readHost(host, windowsCache(cli));
  const { daemon, hung } = await daemonSeen(cli);
  const services = daemon ? await cli.client.services(null, false).catch(() => null) : null;
  const [engine, windowsFree, project, leftovers, budget] = await Promise.all([
    engineEvidence(search, Date.now),
    freeOnWindows(cli, host, facts),
    projectSeen(cli, host, profile, services ?? []),
    daemon && services ? leftoversOf(search, daemon, services) : null,
    budgetOf(cli, daemon, facts),
  ]);
  const networks = engine.engine?.kind === 'docker' ? await ownNetworks(search, isHere(host)) : [];
  const rules = networks.length > 0 ? await rulesOf(host) : { iptables: null, legacy: null, nft: null };
  return {
    now: Date.now(),
    facts,
    ...configSeen(cli, host, facts),
    ...wslcSeen(host, facts),
    cgroupsLine: cgroupsLineOf(host, facts.wslVersion?.value ?? null),
    machine: machineOf(host, facts.vm),
    windowsFree,
    ...hostEvidence(host, { socket: cli.paths.socket, home }),
    engine,
    node: process.versions.node,
    ours: cli.version,
    daemon: daemon?.version ?? null,
    hung,
    leftovers,
    networks,
    rules,
    unreached: (services ?? []).flatMap(({ project, name, why }) =>
      /do not reach this machine/.test(why) ? [`${project}/${name}: ${why}`] : [],
    ),
    budget,
    ...project,
    // Last, when nothing else runs here; and only where a finding rests on it, since it takes its time.
    cpu: facts.vm.kind === 'wsl2' && heldCache(facts.vm.memory).isLarge ? await cpuUse(host) : null,
  };
}

/** Whether an address is one of this machine's, as the kernel's own table says; of a simulated host as its copy does. */
function isHere({ root }: Host): (address: string) => boolean {
  const text = readOr(join(root, '/proc/net/fib_trie'));
  return address => address !== '' && new RegExp(`\\|-- ${address.replaceAll('.', '\\.')}\\n\\s+/32 host LOCAL`).test(text);
}

function readOr(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

const RULES_LIMIT = 5_000;

/** Root alone may read them. */
async function rulesOf(host: Host): Promise<Evidence['rules']> {
  const env = { ...host.env, PATH: `${host.env['PATH'] ?? ''}:/usr/sbin:/sbin` };
  const read = async (program: string, args: readonly string[]): Promise<string | null> =>
    (await run({ ...host, env }, program, args, RULES_LIMIT)).text;
  const [iptables, legacy, nft] = await Promise.all([
    read('iptables-save', ['-t', 'filter']),
    read('iptables-legacy-save', ['-t', 'filter']),
    read('nft', ['-j', 'list', 'ruleset']),
  ]);
  return { iptables, legacy, nft };
}

/** Longer than any daemon takes that is well, ms. */
const DAEMON_LIMIT = 3_000;

async function daemonSeen(cli: Cli): Promise<{ readonly daemon: VersionView | null } & Pick<Evidence, 'hung'>> {
  try {
    return { daemon: await runningDaemon(cli, DAEMON_LIMIT), hung: null };
  } catch (error) {
    const found = failureOf(error);
    const isHung = found.code === 'daemon-unavailable' && found.details.code === 'ETIMEDOUT';
    return { daemon: null, hung: isHung ? { pid: found.details.pid ?? null, after: DAEMON_LIMIT } : null };
  }
}

type Seen = Pick<Evidence, 'config' | 'configWhy' | 'keys' | 'stray'>;

function configSeen(cli: Cli, host: Host, facts: HostFacts): Seen {
  const none = (configWhy: string): Seen => ({ config: null, configWhy, keys: [], stray: [] });
  if (facts.vm.kind !== 'wsl2') return none('no WSL2');
  const file = cli.options.wslconfig ?? findConfig(host, facts).file;
  if (file === null) return none('the .wslconfig cannot be found: --wslconfig FILE names it');
  try {
    const config = loadConfig(file);
    return { config, configWhy: '', keys: verify(config.config, facts, config.changedAt), stray: strayConfigs(file) };
  } catch (error) {
    return none(failureOf(error).message);
  }
}

function wslcSeen(host: Host, facts: HostFacts): Pick<Evidence, 'wslc' | 'wslcWhy'> {
  if (facts.vm.kind !== 'wsl2') return { wslc: null, wslcWhy: 'no WSL2' };
  const { wslc, wslcFailure } = findWslc(host, facts);
  return { wslc, wslcWhy: wslcFailure?.message ?? "WSL's own containers are not used" };
}

async function freeOnWindows(cli: Cli, host: Host, facts: HostFacts): Promise<Bytes | null> {
  if (facts.windows === null) return null;
  return (await askWindows(host, facts.mount, windowsCache(cli), true)).windows?.free ?? null;
}

async function budgetOf(cli: Cli, daemon: VersionView | null, facts: HostFacts): Promise<Bytes> {
  const usual = budgetFor(facts.vm.memory.total, null);
  return daemon ? cli.client.budget().then(({ budget }) => budget, () => usual) : usual; // biome-ignore format: short
}

type Search = Parameters<typeof engineEvidence>[0];

async function leftoversOf(search: Search, { instance }: VersionView, services: readonly ServiceView[]): Promise<readonly string[] | null> {
  const ours = await labelledContainers(search, instance);
  const known = new Set(services.map(({ project, name }) => `${project}/${name}`));
  return ours?.filter(({ project, service }) => !known.has(`${project}/${service}`)).map(({ name }) => name) ?? null;
}

type ProjectPart = Pick<Evidence, 'project' | 'projectFailure'>;

async function projectSeen(cli: Cli, host: Host, profile: string | null, running: readonly ServiceView[]): Promise<ProjectPart> {
  try {
    const found = await findHere(cli);
    const { spec, failure: wrong } = await loadProject(found, { profile, services: null, taken: {} });
    // Several profiles and none of them the standard one is no mistake: none is meant.
    const unnamed = profile === null && wrong?.code === 'config-missing';
    if (spec === null) return { project: null, projectFailure: unnamed ? null : wrong };
    const need = await profileNeed(cli, profile);
    // Of a project that the daemon knows, the daemon itself listens on the ports of what sleeps.
    const known = running.some(({ project }) => project === spec.name);
    const ports = known ? [] : spec.services.flatMap(({ name, container }) =>
      (container?.ports ?? []).flatMap(({ host: port, protocol }) => (port === null || protocol !== 'tcp' ? [] : [{ service: name, port }])),
    ); // biome-ignore format: short
    const compared = await composePlugin(host, found.composeFiles);
    const project: ProjectSeen = {
      profile: need.name,
      standard: need.standard,
      maximum: need.maximum,
      ports,
      services: spec.services.map(({ name }) => name),
      ...compared,
    };
    return { project, projectFailure: null };
  } catch (error) {
    return { project: null, projectFailure: failureOf(error) };
  }
}

/** The first run of the plugin reads its configuration from the disk, ms. */
const COMPOSE_LIMIT = 10_000;

/** The services that `docker compose` sees in the same files, all of its profiles on. */
async function composePlugin(host: Host, files: readonly string[] | null): Promise<Pick<ProjectSeen, 'compose' | 'composeWhy'>> {
  if (files === null) return { compose: null, composeWhy: 'the profile names the Compose files' };
  const where = files.flatMap(file => ['-f', file]);
  const { text, fault } = await run(host, 'docker', ['compose', ...where, '--profile', '*', 'config', '--services'], COMPOSE_LIMIT);
  if (fault !== null) return { compose: null, composeWhy: `the Compose plugin was not asked: ${fault}` };
  return { compose: text.split('\n').map(line => line.trim()).filter(Boolean), composeWhy: '' }; // biome-ignore format: short
}

function failureOf(error: unknown): Failure {
  if (error instanceof FailureError) return error.failure;
  throw error;
}
