/** An option: its flags in commander's notation, and what it says. */
interface OptionEntry {
  readonly flags: string;
  readonly text: string;
  /** How its value is read; absent: as text. */
  readonly value?: 'duration' | 'since' | 'count' | 'lines' | 'size' | 'many' | 'engine' | 'port' | 'project-name';
}

export type OptionName = keyof typeof OPTIONS;

export const OPTIONS = {
  json: { flags: '--json', text: 'answer with one JSON envelope' },
  quiet: { flags: '-q, --quiet', text: 'say nothing but failures' },
  project: { flags: '--project <folder>', text: 'folder of the project (LAPTOP_DEV_PROJECT); else from here upwards' },
  profiles: { flags: '--profiles <path>', text: 'folder of profiles, or one profile (LAPTOP_DEV_PROFILES)' },
  file: { flags: '-f, --file <file>', text: 'Compose file; again for each further one (COMPOSE_FILE)', value: 'many' },
  /** Where -f means --follow. */
  'file-long': { flags: '--file <file>', text: 'Compose file; again for each further one (COMPOSE_FILE)', value: 'many' },
  'project-name': { flags: '-p, --project-name <name>', text: 'name of the project (COMPOSE_PROJECT_NAME)', value: 'project-name' },
  'env-file': { flags: '--env-file <file>', text: 'file of variables instead of .env; again for each further one', value: 'many' },
  engine: { flags: '--engine <kind>', text: 'docker or podman, where both are there', value: 'engine' },
  trust: { flags: '--trust', text: 'accept what the project asks for beyond its own folder, for this exact content' },
  recreate: { flags: '--force-recreate, --recreate', text: 'make containers anew although nothing changed' },
  'dry-run': { flags: '--dry-run', text: 'say what would be done, and do nothing' },
  wait: { flags: '--wait', text: 'return when it is done (the default)' },
  'no-wait': { flags: '--no-wait', text: 'return at once; the work goes on' },
  'wait-timeout': { flags: '--wait-timeout <time>', text: 'longest wait, as 90, 90s or 2m', value: 'duration' },
  for: { flags: '--for <time>', text: 'for so long, as 90s, 2h or 1h30m; else until it is taken away', value: 'duration' },
  with: { flags: '--with <services>', text: 'services that the command needs, separated by commas', value: 'many' },
  all: { flags: '-a, --all', text: 'of all projects' },
  volumes: { flags: '--volumes', text: 'volumes too, with the data in them' },
  yes: { flags: '-y, --yes', text: 'do not ask' },
  force: { flags: '--force', text: 'overwrite the file that is there' },
  follow: { flags: '-f, --follow', text: 'stay, and show what comes' },
  every: { flags: '--every <time>', text: 'a picture this often, 250ms to 60s; 1s unless said', value: 'duration' },
  'no-stream': { flags: '--no-stream', text: 'one picture, and end' },
  since: { flags: '--since <time>', text: 'from this time on: 10m, or 2026-01-31T12:00', value: 'since' },
  tail: { flags: '-n, --tail <count>', text: 'only the last lines of each, or all', value: 'lines' },
  'no-tty': { flags: '-T, --no-tty', text: 'no terminal for the command' },
  user: { flags: '-u, --user <user>', text: 'run as this user' },
  workdir: { flags: '-w, --workdir <folder>', text: 'run in this folder' },
  env: { flags: '-e, --env <name=value>', text: 'variable for the command; again for each further one', value: 'many' },
  'show-values': { flags: '--show-values', text: 'show the values of the environment, secrets too' },
  output: { flags: '--output <file>', text: 'the file; else laptop-dev-report-DATE.txt in the current folder' },
  stdout: { flags: '--stdout', text: 'print it, and write no file' },
  ascii: { flags: '--ascii', text: 'only ASCII: no lines, blocks nor braille' },
  'no-mouse': { flags: '--no-mouse', text: 'leave the mouse to the terminal, so that it selects text' },
  write: { flags: '--write', text: 'put the advice into the profile of the project; comments stay' },
  explain: { flags: '--explain', text: 'say where each figure comes from, and what was never tried on Windows' },
  wslconfig: { flags: '--wslconfig <file>', text: 'the .wslconfig, where it is not found by itself' },
  'host-memory': { flags: '--host-memory <size>', text: 'memory of the Windows host, where it cannot be asked', value: 'size' },
  model: { flags: '--model <size>', text: 'size of the language model that the preset llm makes room for (4.7GB)', value: 'size' },
  psi: { flags: '--psi', text: 'turn on pressure stall information as well (psi=1 on the kernel command line)' },
  'after-stop': { flags: '--after-stop', text: 'services are stopped: only what they left in the page cache of the VM' },
  fix: { flags: '--fix', text: 'mend what can be taken back: lines of .wslconfig, the mode of the socket' },
  web: { flags: '--web', text: 'in a browser: opens a port on 127.0.0.1 and prints a link that works once' },
  port: { flags: '--port <port>', text: 'port for --web (LAPTOP_DEV_WEB_PORT); else a free one', value: 'port' },
  'no-open': { flags: '--no-open', text: 'with --web: only print the link' },
  name: { flags: '--name <name>', text: 'name of the model; else that of its file' },
  sha256: { flags: '--sha256 <hex>', text: 'the checksum that the file has to have' },
  replace: { flags: '--replace', text: 'in the place of a model of that name with other content' },
  large: { flags: '--large', text: 'as large as a real small model: 593 MB' },
  service: { flags: '--service <service>', text: 'the service that is meant, where several have models' },
  close: { flags: '--close', text: 'with --web: close the port, and end the sessions of all pages' },
} as const satisfies Record<string, OptionEntry>;

export function optionOf(name: OptionName): OptionEntry {
  return OPTIONS[name];
}

/** Which configuration is read: project, profiles and Compose files. */
export const CONFIG_OPTIONS = ['project', 'profiles', 'file', 'project-name', 'env-file'] as const;
/** Which project is meant, of those that the daemon knows. */
export const PROJECT_OPTIONS = ['project', 'project-name', 'file'] as const;
/** The same for verbs in which -f is --follow. */
export const PROJECT_OPTIONS_BESIDE_FOLLOW = ['project', 'project-name', 'file-long'] as const;
/** Which service with models is meant. */
export const MODEL_OPTIONS = ['project', 'project-name', 'file', 'service'] as const;
/** What presets are computed from. */
export const PRESET_OPTIONS = ['host-memory', 'model', 'wslconfig'] as const;
export const ACTION_OPTIONS = ['dry-run', 'wait', 'no-wait', 'wait-timeout'] as const;
export const OUTPUT_OPTIONS = ['json', 'quiet'] as const;
