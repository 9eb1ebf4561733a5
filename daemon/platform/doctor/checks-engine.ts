import { formatBytes, GiB } from '../../shared/bytes.js';
import type { EngineMachine } from './evidence.js';
import { type DoctorCheck, note, problem, verdictOf } from './finding.js';
import { blockerOf } from './firewall.js';

const engineMissing: DoctorCheck = ({ engine: { engine, failure, denied } }) => {
  if (engine) return { fine: `${engine.product}, ${engine.version}, at ${engine.endpoint}` };
  if (denied.length > 0) return { skipped: 'see engine-denied' };
  return verdictOf(problem('Nothing can be started', failure?.message ?? '', 'scripts/engine.sh ensure installs and starts one'));
};

const engineDenied: DoctorCheck = ({ engine: { engine, denied } }) => {
  if (engine || denied.length === 0) return { fine: 'the socket of the engine may be opened' };
  const fix = 'sudo usermod -aG docker "$USER", then log in again; or rootless Podman';
  return verdictOf(problem('Nothing can be started', `no permission for ${denied.join(', ')}`, fix));
};

const engineWarning: DoctorCheck = ({ engine: { engine } }) => {
  if (!engine) return { skipped: 'no engine' };
  const ours = engine.warnings.filter(warning => /memory|swap|oom|cgroup/i.test(warning));
  if (ours.length === 0) return { fine: 'no warnings about memory' };
  return verdictOf(
    ...ours.map(warning =>
      problem('Limits do not hold as they should', warning, 'turn the memory controller on: cgroup_enable=memory swapaccount=1'),
    ),
  );
};

/** Products whose containers live in another VM or distribution. */
const AWAY = /^(Docker Desktop|Rancher Desktop|Podman machine)/;

/** Of the memory, between two looks at one machine. */
const SAME_MEMORY = 0.02;

/**
 * What tells that two descriptions are of different machines; null: nothing does. Kernel and memory tell; where both are equal, as in two VMs of WSL at their defaults, the
 * name and the system together: one alone differs in a distribution beside this one, which has this network.
 */
function differs(a: EngineMachine, b: EngineMachine): 'figures' | 'name' | null {
  const other = (key: 'kernel' | 'name' | 'system') => a[key] !== null && b[key] !== null && a[key] !== b[key];
  const memory = a.memory !== null && b.memory !== null && Math.abs(a.memory - b.memory) > SAME_MEMORY * b.memory;
  if (other('kernel') || memory) return 'figures';
  return other('name') && other('system') ? 'name' : null;
}

/** The name of a machine elsewhere is nobody's business where its figures tell. */
function machineText({ system, name, kernel, memory, cpus }: EngineMachine, by: 'figures' | 'name'): string {
  const parts = [system, by === 'name' && name, kernel && `kernel ${kernel}`, memory && formatBytes(memory), cpus && `${cpus} processors`];
  return parts.filter(Boolean).join(', ');
}

const engineAway: DoctorCheck = ({ engine: { engine }, machine }) => {
  if (!engine) return { skipped: 'no engine' };
  const by = differs(engine.machine, machine);
  if (!AWAY.test(engine.product) && by === null) return { fine: `${engine.product} runs in this system` };
  const its = by === null ? '' : ` is on ${machineText(engine.machine, by)}; this is ${machineText(machine, by)}`;
  const figures = `${engine.product} at ${engine.endpoint}${its}`;
  const fix = 'nothing has to be done; Docker Engine in this distribution has neither limit';
  const symptom =
    'Addresses of containers are not reachable from here: connections take a published port, a dependency is started with its dependant, and figures come from the engine';
  return verdictOf(note(symptom, figures, fix)); // biome-ignore format: short
};

const MOST_UNUSED = 10 * GiB;

const imageCache: DoctorCheck = ({ engine: { engine } }) => {
  const images = engine?.images ?? null;
  if (images === null) return { skipped: engine ? 'the engine does not say in time' : 'no engine' };
  const figures = `${formatBytes(images.total)} of images and build cache, ${formatBytes(images.unused)} of it unused`;
  if (images.unused < MOST_UNUSED) return { fine: figures };
  return verdictOf(note('The disk fills with images that nothing uses', figures, 'docker image prune, docker builder prune'));
};

const leftovers: DoctorCheck = ({ leftovers: names }) => {
  if (names === null) return { skipped: 'no daemon runs' };
  if (names.length === 0) return { fine: 'none' };
  const fix = 'laptop-dev clean in their project, or docker rm';
  return verdictOf(problem('Containers that belong to no service any more', names.join(', '), fix));
};

const gatewayBlocked: DoctorCheck = ({ networks, rules, unreached }) => {
  const symptom = 'Containers cannot wake what they depend on by its name: it starts and stays up with them instead';
  const blocked = networks.flatMap(network => {
    const by = blockerOf(network, rules);
    return by ? [{ network, by }] : [];
  });
  if (blocked.length > 0) {
    return verdictOf(
      ...blocked.map(({ network, by }) =>
        problem(symptom, `${by.by} drops what network ${network.name} (${network.bridge}) sends to ${network.gateway}: ${by.rule}`, by.fix),
      ),
    );
  }
  const canRead = rules.iptables !== null || rules.nft !== null;
  if (unreached.length > 0) {
    const fix = canRead
      ? 'sudo nft list ruleset shows all rules; none is recognised'
      : 'sudo laptop-dev doctor names the rule: only root may read them';
    return verdictOf(problem(symptom, unreached.join('; '), fix));
  }
  if (networks.length === 0) return { skipped: 'no network whose gateway is this machine' };
  return canRead
    ? { fine: `no rule drops what ${networks.length} networks send to this machine` }
    : { skipped: 'only root may read the rules' };
};

export const ENGINE_CHECKS = {
  'engine-missing': engineMissing,
  'engine-denied': engineDenied,
  'engine-warning': engineWarning,
  'engine-away': engineAway,
  'image-cache': imageCache,
  'leftover-containers': leftovers,
  'gateway-blocked': gatewayBlocked,
} as const satisfies Record<string, DoctorCheck>;

const profileInvalid: DoctorCheck = ({ project, projectFailure }) => {
  if (project) return { fine: `profile ${project.profile}, ${project.services.length} services` };
  return verdictOf(
    problem('up refuses the project', projectFailure?.message ?? '', projectFailure?.remedies[0] ?? 'laptop-dev config validate'),
  );
};

const profileLarge: DoctorCheck = ({ project, budget }) => {
  if (!project) return { skipped: 'no profile' };
  const figures = `the profile ${project.profile} has ${formatBytes(project.standard)} standard, the budget is ${formatBytes(budget)}`;
  if (project.standard <= budget) return { fine: figures };
  return verdictOf(
    problem(
      'Not all services can run at once',
      figures,
      'another profile, lower memory.standard, or a larger machine: laptop-dev profiles',
    ),
  );
};

const portTaken: DoctorCheck = ({ project, listening }) => {
  if (!project) return { skipped: 'no profile' };
  const taken = project.ports.filter(({ port }) => listening.has(port));
  if (taken.length === 0) return { fine: `${project.ports.length} ports of services that do not run are free` };
  return verdictOf(
    ...taken.map(({ service, port }) =>
      problem(`${service} cannot start`, `port ${port} has a listener already`, `ss -ltnp 'sport = :${port}' shows the process; stop it, or give ${service} another port`),
    ),
  ); // biome-ignore format: short
};

const composeDiffers: DoctorCheck = ({ project }) => {
  if (!project) return { skipped: 'no profile' };
  if (project.compose === null) return { skipped: project.composeWhy };
  const [ours, theirs] = [new Set(project.services), new Set(project.compose)];
  const extra = [...ours].filter(name => !theirs.has(name));
  const missing = [...theirs].filter(name => !ours.has(name));
  if (extra.length + missing.length === 0) return { fine: `the Compose plugin sees the same ${ours.size} services` };
  const sides = [missing.length > 0 && `only it sees ${missing.join(', ')}`, extra.length > 0 && `it does not see ${extra.join(', ')}`];
  const figures = `the Compose plugin reads the files differently: ${sides.filter(Boolean).join('; ')}`;
  return verdictOf(
    problem(
      'laptop-dev and docker compose run different services',
      figures,
      'laptop-dev config show and docker compose config side by side',
    ),
  );
};

export const PROJECT_CHECKS = {
  'profile-invalid': profileInvalid,
  'profile-too-large': profileLarge,
  'port-taken': portTaken,
  'compose-differs': composeDiffers,
} as const satisfies Record<string, DoctorCheck>;
