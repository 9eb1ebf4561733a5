/**
 * Options and verbs of `docker compose` (2.40) and docker that users type by habit. One that asks for what happens anyway is accepted, with a
 * remark; one that would do something else here is refused, with the command that does it.
 */

interface Taken {
  /** In commander's notation. */
  readonly flags: string;
  /** Printed once, on stderr. */
  readonly note: string;
}

/** By verb. */
const TAKEN: Readonly<Record<string, readonly Taken[]>> = {
  up: [
    { flags: '-d, --detach', note: '-d: services always run in the background; up returns when they are ready, --no-wait at once.' },
    { flags: '--build', note: '--build: up builds an image anew whenever its files have changed.' },
    { flags: '--quiet-pull', note: '' },
    { flags: '--remove-orphans', note: '--remove-orphans: laptop-dev clean removes what the file no longer has.' },
  ],
  down: [{ flags: '--remove-orphans', note: '--remove-orphans: laptop-dev clean removes what the file no longer has.' }],
  exec: [
    { flags: '-i, --interactive', note: '' },
    { flags: '-t', note: '' },
  ],
};

/** The options of docker that `verb` accepts; help does not show them. */
export function takenBy(verb: string): readonly Taken[] {
  return TAKEN[verb] ?? [];
}

const GRACE = 'stop_grace_period of the service in its Compose file sets the time to stop.';
const LOGS_JSON = 'laptop-dev logs --json has the time of each line.';
const RUN =
  'laptop-dev exec SERVICE -- COMMAND runs in the container of a service; laptop-dev run --with SERVICES -- COMMAND runs here while they are awake.';
const IMAGES = 'laptop-dev up builds and pulls what is missing or has changed, before it starts a service.';

/** By verb and option; '' for any verb. */
const OPTIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '': {
    '--profile': 'A profile is an argument here: laptop-dev up PROFILE. laptop-dev profiles lists them.',
    '--project-directory': '--project FOLDER names the folder of the project.',
    '--context': 'LAPTOP_DEV_ENGINE=unix:///path/to.sock names the engine, --engine docker or podman chooses one.',
    '-c': 'LAPTOP_DEV_ENGINE=unix:///path/to.sock names the engine, --engine docker or podman chooses one.',
    '-H': 'LAPTOP_DEV_ENGINE=unix:///path/to.sock names the engine.',
    '--host': 'LAPTOP_DEV_ENGINE=unix:///path/to.sock names the engine.',
    '--no-color': 'NO_COLOR=1 turns colours off.',
    '--ansi': 'NO_COLOR=1 turns colours off.',
    '--progress': '--quiet prints only failures; CI=true prints one line per event.',
    '--verbose': 'laptop-dev daemon logs shows what the daemon does; LAPTOP_DEV_LOG_LEVEL=debug shows more.',
    '--debug': 'laptop-dev daemon logs shows what the daemon does; LAPTOP_DEV_LOG_LEVEL=debug shows more.',
    '-v': 'laptop-dev version shows the versions.',
    '-V': 'laptop-dev version shows the versions.',
    '--version': 'laptop-dev version shows the versions.',
    '--format': '--json answers with one JSON envelope.',
    '-t': GRACE,
    '--timeout': GRACE,
  },
  up: {
    '--scale': 'A service has one container: define further instances as services of their own in the Compose file.',
    '--pull': IMAGES,
    '--no-build': IMAGES,
    '--no-deps': 'A service starts with its dependencies; on-demand dependencies sleep until a client connects.',
    '--no-start': 'laptop-dev up --dry-run shows what would be done; a service with start: manual in its profile is only started by name.',
    '--no-recreate': 'A container is recreated only if its definition or its image has changed.',
    '--abort-on-container-exit': 'laptop-dev run --with SERVICES -- COMMAND runs a command while services are awake, and exits as it does.',
    '--exit-code-from': 'laptop-dev run --with SERVICES -- COMMAND runs a command while services are awake, and exits as it does.',
    '--attach': 'laptop-dev logs -f follows the logs.',
    '--menu': 'laptop-dev alone is the dashboard.',
    '--watch': 'laptop-dev logs -f follows the logs; laptop-dev alone is the dashboard.',
    '-w': 'laptop-dev logs -f follows the logs; laptop-dev alone is the dashboard.',
    '--timestamps': LOGS_JSON,
    '-V': 'laptop-dev down --volumes, then up, gives new volumes; it asks first.',
    '--renew-anon-volumes': 'laptop-dev down --volumes, then up, gives new volumes; it asks first.',
    '--always-recreate-deps': 'laptop-dev up --recreate recreates containers even if nothing has changed.',
    '--force': 'laptop-dev up --recreate recreates containers even if nothing has changed.',
    '-y': 'up does not ask; --trust accepts what the project asks for beyond its own folder.',
    '--yes': 'up does not ask; --trust accepts what the project asks for beyond its own folder.',
  },
  down: {
    '-v': 'laptop-dev down --volumes removes the volumes, with all data in them; it asks first.',
    '--rmi': 'Images stay: docker image rm, or podman image rm, removes one.',
  },
  clean: {
    '-v': 'laptop-dev clean --volumes removes volumes that nothing needs, with all data in them; it asks first.',
    '-f': 'laptop-dev clean asks only before volumes; --yes goes ahead.',
    '--force': 'laptop-dev clean asks only before volumes; --yes goes ahead.',
  },
  restart: { '--no-deps': 'restart affects only the services named.' },
  start: { '--build': IMAGES, '-d': 'Services always run in the background.', '--detach': 'Services always run in the background.' },
  ps: {
    '--services': 'laptop-dev ps --json has the names: data.services[].name.',
    '--status': 'laptop-dev ps --json has the states: data.services[].state.',
    '--filter': 'laptop-dev ps NAME… shows some services; --json has all fields to filter by.',
    '--no-trunc': 'Nothing is cut if the output is not a terminal: laptop-dev ps | cat.',
  },
  logs: {
    '-t': LOGS_JSON,
    '--timestamps': LOGS_JSON,
    '--until': `--since and --tail limit what is shown; ${LOGS_JSON}`,
    '--no-log-prefix': 'One service alone has no prefix: laptop-dev logs SERVICE.',
    '--index': 'A service has one container.',
    '-a': 'laptop-dev logs without names shows all services of the project.',
  },
  exec: {
    '--tty': 'A command gets a terminal if there is one; -T runs it without.',
    '-d': 'laptop-dev exec SERVICE -- sh -c "COMMAND &" runs a command in the background.',
    '--detach': 'laptop-dev exec SERVICE -- sh -c "COMMAND &" runs a command in the background.',
    '--index': 'A service has one container.',
    '--privileged': 'A command has the powers of its service; privileged: true in the Compose file gives them.',
  },
  run: {
    '--rm': RUN,
    '-it': RUN,
    '-i': RUN,
    '-t': RUN,
    '-d': RUN,
    '-e': RUN,
    '-v': RUN,
    '-T': RUN,
    '--entrypoint': RUN,
    '--service-ports': RUN,
    '--no-deps': RUN,
    '--name': RUN,
  },
  events: {
    '--since': 'laptop-dev events shows all that the daemon remembers.',
    '--until': 'laptop-dev events shows all that the daemon remembers.',
  },
  stats: { '--no-trunc': 'Nothing is cut if the output is not a terminal.' },
};

/** Verbs of docker and of Compose that do not exist here. */
const VERBS: Readonly<Record<string, string>> = {
  rm: 'laptop-dev down removes the containers of a project, laptop-dev clean those that nothing needs.',
  remove: 'laptop-dev down removes the containers of a project, laptop-dev clean those that nothing needs.',
  build: IMAGES,
  pull: IMAGES,
  push: 'docker push, or podman push, does that.',
  images: 'docker image ls, or podman image ls, lists images; laptop-dev config show has those of the project.',
  create: 'laptop-dev up --dry-run shows what would be created; up creates and starts it.',
  kill: 'laptop-dev stop stops a service, with SIGKILL once its grace period is over.',
  pause: 'Services sleep by themselves; laptop-dev stop stops one.',
  unpause: 'laptop-dev start starts a service; a connection wakes one that sleeps.',
  top: 'laptop-dev stats shows what services use; laptop-dev exec SERVICE -- ps shows processes.',
  port: 'laptop-dev ps shows the ports.',
  ls: 'laptop-dev ps --all shows the services of all projects.',
  list: 'laptop-dev ps --all shows the services of all projects.',
  cp: 'docker cp does that; laptop-dev ps --json has the container of each service.',
  copy: 'docker cp does that; laptop-dev ps --json has the container of each service.',
  attach: 'laptop-dev logs -f SERVICE shows what a service writes, laptop-dev shell SERVICE opens a shell.',
  wait: 'laptop-dev up and laptop-dev start wait until services are ready; --wait-timeout limits the wait.',
  watch: 'laptop-dev alone is the dashboard; laptop-dev logs -f follows the logs.',
  scale: 'A service has one container: define further instances as services of their own in the Compose file.',
  convert: 'laptop-dev config show shows the project as it would be run.',
  inspect: 'laptop-dev config show shows a project as it would be run, laptop-dev why SERVICE what a service does.',
  prune: 'laptop-dev clean removes what is no longer needed.',
  system: 'laptop-dev clean removes what is no longer needed; laptop-dev doctor checks engine and host.',
  volume: 'laptop-dev down --volumes removes the volumes of a project; docker volume ls lists them.',
  volumes: 'laptop-dev down --volumes removes the volumes of a project; docker volume ls lists them.',
  compose: 'Leave out that word: laptop-dev up, laptop-dev ps, laptop-dev logs.',
  status: 'laptop-dev ps shows the services, laptop-dev daemon status the daemon.',
  ssh: 'laptop-dev shell SERVICE opens a shell.',
  sh: 'laptop-dev shell SERVICE opens a shell.',
  bash: 'laptop-dev shell SERVICE opens a shell.',
  info: 'laptop-dev version shows the versions, laptop-dev doctor checks the host.',
  login: 'docker login, or podman login, does that; pulls use what it wrote.',
  stack: 'laptop-dev up, ps and down act on a project.',
};

/** Whether options of this verb are known from Compose. */
export function hasHints(verb: string): boolean {
  return verb !== '' && Object.hasOwn(OPTIONS, verb);
}

/** What to type instead of `unknown`, an option of `verb` or a verb; null: nothing is known. */
export function insteadOf(verb: string, unknown: string): string | null {
  if (!unknown.startsWith('-')) return own(VERBS, unknown);
  const option = unknown.split('=', 1)[0] ?? '';
  // -it: commander stops at the first letter it does not know.
  const forms = [option, option.startsWith('--') ? '' : option.slice(0, 2)];
  for (const known of [own(OPTIONS, verb), own(OPTIONS, '')])
    for (const form of forms) {
      const hint = known === null ? null : own(known, form);
      if (hint !== null) return hint;
    }
  return null;
}

/** Nothing that every object has: constructor. */
function own<T>(table: Readonly<Record<string, T>>, key: string): T | null {
  return Object.hasOwn(table, key) ? (table[key] ?? null) : null;
}
