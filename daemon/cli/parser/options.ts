/** An option: its flags in commander's notation, and what it says. */
interface OptionEntry {
  readonly flags: string;
  readonly text: string;
  /** How its value is read; absent: as text. */
  readonly value?: 'duration' | 'since' | 'count' | 'lines' | 'size' | 'many' | 'engine' | 'port' | 'project-name' | 'version';
}

export type OptionName = keyof typeof OPTIONS;

export const OPTIONS = {
  json: { flags: '--json', text: 'print the answer as one JSON envelope' },
  quiet: { flags: '-q, --quiet', text: 'print only failures' },
  project: { flags: '--project <folder>', text: 'project folder (LAPTOP_DEV_PROJECT); default: searched from here upwards' },
  profiles: { flags: '--profiles <path>', text: 'folder of profiles, or one profile file (LAPTOP_DEV_PROFILES)' },
  file: { flags: '-f, --file <file>', text: 'Compose file, repeatable (COMPOSE_FILE)', value: 'many' },
  /** Where -f means --follow. */
  'file-long': { flags: '--file <file>', text: 'Compose file, repeatable (COMPOSE_FILE)', value: 'many' },
  'project-name': { flags: '-p, --project-name <name>', text: 'project name (COMPOSE_PROJECT_NAME)', value: 'project-name' },
  'env-file': { flags: '--env-file <file>', text: 'read variables from this file instead of .env, repeatable', value: 'many' },
  engine: { flags: '--engine <kind>', text: 'engine to use where both are installed', value: 'engine' },
  trust: { flags: '--trust', text: 'accept what the project asks for beyond its own folder, for this exact content' },
  recreate: { flags: '--force-recreate, --recreate', text: 'recreate containers even if nothing has changed' },
  'dry-run': { flags: '--dry-run', text: 'show what would be done, and do nothing' },
  wait: { flags: '--wait', text: 'wait until it is done (the default)' },
  'no-wait': { flags: '--no-wait', text: 'return at once; the work continues' },
  'wait-timeout': { flags: '--wait-timeout <time>', text: 'longest wait, such as 90, 90s or 2m', value: 'duration' },
  for: { flags: '--for <time>', text: 'how long, such as 90s, 2h or 1h30m; default: until unpin', value: 'duration' },
  with: { flags: '--with <services>', text: 'services that the command needs, separated by commas', value: 'many' },
  all: { flags: '-a, --all', text: 'all projects, not only this one' },
  volumes: { flags: '--volumes', text: 'remove volumes too, with all data in them' },
  yes: { flags: '-y, --yes', text: 'do not ask for confirmation' },
  force: { flags: '--force', text: 'overwrite an existing file' },
  follow: { flags: '-f, --follow', text: 'keep running, and print what is new' },
  every: { flags: '--every <time>', text: 'time between snapshots, 250ms to 60s; default: 1s', value: 'duration' },
  /** Where each costs Windows a PowerShell. */
  'every-minute': { flags: '--every <time>', text: 'time between rows, 60s to 24h; default: 60s', value: 'duration' },
  'no-stream': { flags: '--no-stream', text: 'print one snapshot, and exit' },
  since: { flags: '--since <time>', text: 'from this time on: 10m (ago), or 2026-01-31T12:00', value: 'since' },
  tail: { flags: '-n, --tail <count>', text: 'number of last lines of each, or all', value: 'lines' },
  'no-tty': { flags: '-T, --no-tty', text: 'run the command without a terminal' },
  user: { flags: '-u, --user <user>', text: 'run as this user' },
  workdir: { flags: '-w, --workdir <folder>', text: 'run in this folder' },
  env: { flags: '-e, --env <name=value>', text: 'variable for the command, repeatable', value: 'many' },
  'show-values': { flags: '--show-values', text: 'show the values of environment variables, secrets included' },
  output: { flags: '--output <file>', text: 'file to write; default: laptop-dev-report-DATE.txt in the current folder' },
  stdout: { flags: '--stdout', text: 'print the report, and write no file' },
  ascii: { flags: '--ascii', text: 'only ASCII: no lines, blocks or braille' },
  'no-mouse': { flags: '--no-mouse', text: 'leave the mouse to the terminal, so that it selects text' },
  write: { flags: '--write', text: 'write the advice into the profile of the project; comments stay' },
  explain: { flags: '--explain', text: 'show where each figure comes from, and what was never tried on Windows' },
  wslconfig: { flags: '--wslconfig <file>', text: 'path of the .wslconfig, where it is not found automatically' },
  'host-memory': { flags: '--memory, --host-memory <size>', text: 'memory of the Windows host, where it cannot be read', value: 'size' },
  cores: { flags: '--cores <count>', text: 'its logical processors; with --memory: of a machine that is not this one', value: 'count' },
  'wsl-version': {
    flags: '--version <version>',
    text: 'version of WSL that is meant, such as 3.0; default: the one here, none with --memory and --cores',
    value: 'version',
  },
  wslc: {
    flags: '--wslc <size>',
    text: "memory for the VM of WSL's own containers (wslc): presets leave room for it, apply writes it to settings.yaml",
    value: 'size',
  },
  model: { flags: '--model <size>', text: 'size of the language model for which the preset llm makes room (4.7GB)', value: 'size' },
  psi: { flags: '--psi', text: 'also turn on pressure stall information (psi=1 on the kernel command line)' },
  'after-stop': { flags: '--after-stop', text: 'services are stopped: reclaim only what they left in the page cache of the VM' },
  fix: { flags: '--fix', text: 'repair what can be undone: lines of .wslconfig, the mode of the socket' },
  web: { flags: '--web', text: 'in a browser: open a port on 127.0.0.1 and print a link that works once' },
  port: { flags: '--port <port>', text: 'port for --web (LAPTOP_DEV_WEB_PORT); default: a free one', value: 'port' },
  'no-open': { flags: '--no-open', text: 'with --web: only print the link' },
  name: { flags: '--name <name>', text: 'name of the model; default: that of its file' },
  sha256: { flags: '--sha256 <hex>', text: 'checksum that the file must have' },
  replace: { flags: '--replace', text: 'replace a model of that name with other content' },
  large: { flags: '--large', text: 'as large as a real small model: 593 MB' },
  service: { flags: '--service <service>', text: 'which service, where several have models' },
  close: { flags: '--close', text: 'with --web: close the port and end the sessions of all pages' },
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
export const PRESET_OPTIONS = ['host-memory', 'model', 'wslc', 'wslconfig'] as const;
export const ACTION_OPTIONS = ['dry-run', 'wait', 'no-wait', 'wait-timeout'] as const;
export const OUTPUT_OPTIONS = ['json', 'quiet'] as const;
