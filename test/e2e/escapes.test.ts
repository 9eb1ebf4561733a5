import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LoadedVerb, loadVerbs } from '../../daemon/cli/verb.js';
import { VERBS } from '../../daemon/cli/verbs.js';
import { ENGINE } from '../on-engine/support/open-engine.js';
import { removeImage } from '../on-engine/support/tiny-image.js';
import { some } from '../support/deep.js';
import { BIN } from './support/cli.js';
import { engine } from './support/engine.js';
import { EngineShim, type Said } from './support/engine-shim.js';
import type { Home } from './support/home.js';
import { stays, TINY, tinyHome } from './support/tiny.js';
import { type Manner, type Witnessed, witness } from './support/witness.js';

/** A title, a clipboard, another screen, a wiped one, a question to the terminal, returns, and letters that turn text round or take no room. */
const NASTY =
  '\u001b]0;pwned\u0007\u001b]52;c;cHduZWQ=\u0007\u001b[?1049h\u001b[2J\u001b[1A\u001b[2K\u001bPpwned\u001b\\\u009b2J\u009d0;pwned\u009c\r\b\u007f\u202e\u2066\u200b\u001bc';
/** Text that can be told again, with everything that is not to get through behind it. */
const plant = (id: string) => `Plant-${id}-${NASTY}tail`;
/** In a line of a file that knows backslashes. */
const inLine = (id: string) => plant(id).replaceAll(/[\r\\]/g, '');
/** As a file may be called. */
const PLANTED_NAME = `Plant-name-\u001b]0;pwned\u0007\u001b[2J\u009b2J\u202e\r`;
const HOSTILE = `ldt-hostile:${process.pid}`;

/** YAML that any reader takes: JSON in ASCII. */
function yaml(value: unknown): string {
  return `${JSON.stringify(value, null, 1).replaceAll(/[^\n -~]/g, character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;
}

/** What a shell prints with printf. */
const printed = (text: string) => `printf '${[...Buffer.from(text)].map(byte => `\\${byte.toString(8).padStart(3, '0')}`).join('')}\\n'`;

let shim: EngineShim;
let own: Home;
/** Folders of projects. */
const at: Record<'good' | 'risky' | 'schema' | 'syntax' | 'profile' | 'variables' | 'missing' | 'fresh', string> = {
  good: '', risky: '', schema: '', syntax: '', profile: '', variables: '', missing: '', fresh: '',
}; // biome-ignore format: a table

beforeAll(async () => {
  shim = await EngineShim.open();
  own = await tinyHome({ LAPTOP_DEV_ENGINE: shim.endpoint });
  await hostileImage();
  shim.twists = [
    { call: /^GET \/version/, change: said => Object.assign(said, { Version: `${said['Version']} ${plant('version')}` }) },
    { call: /^GET \/info/, change: said => Object.assign(said, { OperatingSystem: plant('system'), Warnings: [plant('warning')] }) },
    { call: /^GET \/containers\/[^/]+\/json/, change: inspected },
    { call: /^GET \/containers\/json/, change: said => (said as unknown as Said[]).forEach(listed) },
    { call: /^GET \/events/, change: happened },
  ];
  await projects();
});
afterAll(async () => {
  if (shim) Object.assign(shim, { twists: [], lies: [] });
  await own?.close();
  await removeImage(ENGINE, HOSTILE);
  await shim?.close();
});

/** Labels, variables, a command, a health check and a history with plants. */
async function hostileImage(): Promise<void> {
  const { Id } = await engine<{ Id: string }>('POST', '/containers/create', { Image: TINY, Cmd: ['true'] });
  const config = {
    Labels: { [plant('image-label')]: plant('image-label') },
    Env: [`IMAGE_VARIABLE=${plant('image-variable')}`],
    Cmd: ['sh', '-c', `: ${plant('image-command')}; sleep 1000`],
    Healthcheck: { Test: ['CMD-SHELL', `: ${plant('image-health')}`] },
  };
  const query = new URLSearchParams({ container: Id, repo: HOSTILE.split(':')[0] ?? '', tag: HOSTILE.split(':')[1] ?? '', comment: plant('image-history'), author: plant('image-author') }); // biome-ignore format: one thought
  await engine('POST', `/commit?${query}`, config);
  await engine('DELETE', `/containers/${Id}?force=true`);
}

function inspected(said: Said): void {
  const state = said['State'] as Said;
  if (state['Running'] === false) state['Error'] = plant('state-error');
  state['Status'] = `${state['Status']}`;
}

function listed(said: Said): void {
  Object.assign(said, { Names: [`/${plant('container-name')}`], Status: plant('status-text'), Command: plant('listed-command') });
}

function happened(said: Said): void {
  const actor = said['Actor'] as { Attributes: Record<string, string> } | undefined;
  if (actor) Object.assign(actor.Attributes, { name: plant('event-name'), [plant('attribute')]: plant('attribute') });
}

async function projects(): Promise<void> {
  const hostile = { [plant('label-key')]: plant('label') };
  const quick = { interval: '1s', timeout: '5s', retries: 1 };
  const shell = (script: string) => ['sh', '-c', script.replaceAll('$', '$$')];
  const words = (first: string) => JSON.parse(stays(first));
  at.good = await own.project(`esc-${PLANTED_NAME}`, {
    'compose.yaml': yaml({
      name: `${own.name}-esc`,
      'x-note': plant('extension'),
      services: {
        web: {
          image: HOSTILE,
          command: words(`${printed(plant('log'))}; ${printed(inLine('progress'))}; ${printed(plant('complaint'))} >&2`),
          labels: hostile,
          environment: { [`Plant-variable`]: plant('variable'), FROM_FILE: '$PLANTED' },
          env_file: [`${PLANTED_NAME}.env`],
          healthcheck: { test: ['CMD', ...shell(printed(plant('health')))], ...quick },
          volumes: [
            { type: 'bind', source: `./${PLANTED_NAME}`, target: `/${plant('target').replaceAll('/', '')}` },
            { type: 'volume', source: 'data', target: '/data' },
          ],
          networks: ['net'],
          mem_limit: '32m',
        },
        dies: { image: HOSTILE, command: shell(`${printed(plant('last-words'))}; exit 3`), restart: 'no', healthcheck: { test: ['CMD', 'false'], interval: '1s', start_period: '60s' } },
        sick: { image: TINY, command: words('true'), healthcheck: { test: ['CMD', ...shell(`${printed(plant('sick'))}; exit 1`)], ...quick } },
        other: { image: TINY, command: words('true'), labels: hostile },
        model: { image: TINY, command: words('true') },
      },
      networks: { net: { labels: hostile } },
      volumes: { data: { labels: hostile } },
    }),
    'laptop-dev.yaml': yaml({
      name: 'planted',
      description: plant('description').slice(0, 190),
      services: {
        web: {},
        dies: { start: 'manual' },
        sick: { start: 'manual', start_timeout: '3s' },
        other: { start: 'manual' },
        model: { start: 'manual', runtime: 'llm' },
      },
    }),
    '.env': `PLANTED='${inLine('dot-env')}'\n`,
    [`${PLANTED_NAME}.env`]: `FROM_FILE_TOO='${inLine('env-file')}'\n`,
    wslconfig: `[wsl2]\nmemory=${inLine('wsl-size')}\n${inLine('wsl-key')}=1\n[${inLine('wsl-section')}]\n`,
  }); // biome-ignore format: a project
  await mkdir(join(at.good, PLANTED_NAME));
  at.risky = await own.project('risky', {
    'compose.yaml': yaml({
      services: {
        web: {
          image: TINY,
          command: words('true'),
          cap_add: [plant('capability')],
          security_opt: [plant('confinement')],
          devices: [`/dev/null:/dev/${plant('device').replaceAll(/[:/]/g, '')}`],
          volumes: [{ type: 'bind', source: '/var/tmp', target: `/${plant('risky-target').replaceAll('/', '')}` }],
          logging: { driver: plant('log-driver'), options: { [plant('log-option')]: plant('log-value') } },
        },
      },
      networks: { default: { driver: plant('driver'), driver_opts: { [plant('driver-option')]: plant('driver-value') } } },
    }),
  });
  at.schema = await own.project('schema', {
    'compose.yaml': yaml({
      [plant('top-key')]: 1,
      services: {
        [plant('service-name')]: { image: TINY },
        web: {
          image: plant('image'),
          [plant('unknown-key')]: plant('unknown-value'),
          mem_limit: plant('size'),
          ports: [plant('port'), { target: plant('port-target') }],
          restart: plant('restart'),
          depends_on: { [plant('dependency')]: { condition: plant('condition') } },
          networks: [plant('network')],
          volumes: [`${plant('volume').replaceAll(':', '')}:/x`, { type: plant('mount-type'), target: '/y' }],
          healthcheck: { test: [plant('check')], interval: plant('interval') },
          environment: [plant('environment')],
          stop_grace_period: plant('grace'),
          user: plant('user'),
          network_mode: plant('network-mode'),
          pid: plant('pid'),
          ulimits: { [plant('ulimit')]: plant('ulimit-value') },
          tmpfs: [plant('tmpfs')],
          extra_hosts: [plant('host')],
          secrets: [plant('secret')],
          platform: plant('platform'),
        },
      },
      networks: { n: { ipam: { config: [{ subnet: plant('subnet') }] } } },
      volumes: { [plant('volume-key')]: { external: plant('external') } },
    }),
  });
  // Nothing of it in quotes, where YAML knows escapes of its own.
  at.syntax = await own.project('syntax', {
    'compose.yaml': `services:\n  web: { image: *${inLine('yaml').replaceAll(/[[\]{},]/g, '')} }\n`,
  });
  at.profile = await own.project('profile', {
    'compose.yaml': yaml({ services: { web: { image: TINY } } }),
    'laptop-dev.yaml': yaml({
      name: plant('profile-name'),
      [plant('profile-key')]: true,
      extends: plant('extends'),
      schedule: { up: plant('cron'), down: plant('cron-down') },
      services: {
        web: { memory: { standard: plant('standard'), maximum: plant('maximum') }, start: plant('start'), idle: plant('idle'), protocol: plant('protocol'), ready: plant('ready') },
        [plant('profile-service')]: {},
      },
    }),
  }); // biome-ignore format: a project
  at.variables = await own.project('variables', {
    'compose.yaml': yaml({
      services: { web: { image: `\${PLANT_MISSING:?${plant('demanded')}}`, command: `\${${plant('bad-variable')}}`, env_file: plant('no-env-file') } },
    }),
    '.env': `${inLine('dot-env-line')}\nA='${plant('unclosed')}\n`,
  }); // biome-ignore format: a project
  at.missing = await own.project('missing', {
    'compose.yaml': yaml({
      include: [`${plant('include')}.yaml`],
      services: { web: { extends: { file: `${plant('extended')}.yaml`, service: plant('extended-service') } }, api: { build: { context: plant('context') } } },
    }),
  }); // biome-ignore format: a project
  at.fresh = await own.project('fresh', {
    'compose.yaml': yaml({ services: { web: { image: `${TINY}`, labels: hostile, command: plant('fresh-command'), environment: [`A=${plant('fresh')}`] } } }),
  }); // biome-ignore format: a project
  await writeFile(join(own.root, `${PLANTED_NAME}.gguf`), plant('gguf'));
}

interface Row {
  /** Behind the verb. */
  readonly args?: readonly string[];
  readonly in?: keyof typeof at;
  readonly manner?: Manner;
  readonly types?: readonly (readonly [seen: RegExp, text: string])[];
  /** Plants that have to be seen, without what steers. */
  readonly shows?: readonly string[];
  /** The engine answers this in place of what is right. */
  readonly lie?: readonly [call: RegExp, message: string];
  /** Bytes of a person's own command: on purpose as they are. */
  readonly passes?: true;
  readonly code?: number;
  /** Into a pipe it goes as it was written, on purpose. */
  readonly piped?: true;
}

/** Each verb of the command line, by its words. In this order. */
const ROWS: Readonly<Record<string, readonly Row[]>> = {
  'config validate': [
    { shows: [] },
    { in: 'risky', shows: ['capability', 'confinement', 'risky-target', 'log-driver', 'driver'] },
    { in: 'schema', shows: ['top-key', 'unknown-key', 'size', 'port', 'restart'] },
    { in: 'syntax', shows: ['yaml'] },
    { in: 'profile', shows: ['profile-key', 'standard', 'start', 'idle', 'protocol', 'cron'] },
    { in: 'variables', shows: ['demanded'] },
    { in: 'missing', shows: ['include'] },
    { args: [plant('word')], shows: ['word'] },
    { args: ['--file', plant('file')], shows: ['file'] },
  ],
  'config show': [{ shows: ['label', 'target'] }, { args: ['--show-values'], shows: ['variable', 'dot-env', 'env-file'] }, { in: 'schema', shows: ['size'] }],
  init: [{ in: 'fresh', args: ['--dry-run'] }, { in: 'schema', args: ['--dry-run'], shows: ['size'] }],
  profiles: [{ shows: ['description'] }, { in: 'profile', shows: ['profile-key'] }],
  'daemon start': [{ manner: 'live', shows: ['version'] }],
  up: [
    { manner: 'live', code: 0 },
    { args: ['dies'], manner: 'live', shows: ['last-words'] },
    { args: ['sick'], manner: 'live', shows: ['sick'] },
    { args: ['other'], manner: 'live', lie: [/^POST \/containers\/[^/]+\/start/, plant('engine-error')], shows: ['engine-error'] },
    { in: 'risky', manner: 'question', shows: ['capability', 'confinement', 'risky-target'] },
    { in: 'schema', manner: 'live', shows: ['size'] },
    { args: [plant('word')], manner: 'live', shows: ['word'] },
  ],
  start: [{ args: ['dies'], manner: 'live', shows: ['last-words'] }, { args: [plant('word')], manner: 'live' }],
  restart: [{ args: ['web'], manner: 'live' }, { args: ['other'], manner: 'live', lie: [/^POST \/containers\/[^/]+\/start/, plant('engine-error')], shows: ['engine-error'] }],
  stop: [{ args: ['sick'], manner: 'live' }, { args: [plant('word')], manner: 'live' }],
  pin: [{ args: ['web', '--for', '1h'], manner: 'live' }, { args: [plant('word')], manner: 'live' }],
  unpin: [{ args: ['web'], manner: 'live' }, { args: [plant('word')], manner: 'live' }],
  run: [{ args: ['--with', 'web', '--', 'true'] }, { args: ['--with', plant('word'), '--', 'true'] }],
  ps: [{ shows: [] }, { args: ['--all'] }, { args: ['--json'] }, { args: [plant('word')] }],
  stats: [{ args: ['--no-stream'] }, { manner: 'screen', types: [[/web/, 'q']] }, { args: [plant('word'), '--no-stream'] }],
  logs: [{ args: ['web'], piped: true, shows: ['log', 'complaint'] }, { shows: ['log', 'complaint', 'last-words'] }, { args: ['-f', 'web'], shows: ['log'], types: [[/Plant-log/, '\u0003']] }, { args: ['--json', 'web'], shows: ['log'] }],
  events: [{ shows: ['last-words'] }, { args: ['--json'], shows: ['last-words'] }, { args: ['-f'], types: [[/web/, '\u0003']] }],
  why: [{ args: ['dies'], shows: ['last-words'] }, { args: ['sick'] }, { args: ['web'] }, { args: [plant('word')] }],
  exec: [
    { args: ['web', '--', 'sh', '-c', printed(plant('exec'))], passes: true, shows: ['exec'] },
    { args: [plant('word'), 'true'] },
    { args: ['web', plant('program')] },
  ],
  shell: [{ args: ['web'], passes: true, types: [[/[#$] /, `${printed(plant('shell'))}; exit\r`]], shows: ['shell'] }, { args: [plant('word')] }],
  // Of a line with returns it shows what stands behind the last, as for a progress bar.
  dashboard: [
    { manner: 'screen', types: [[/web/, '/'], [/filter/, 'web\r'], [/./, 'l'], [/Plant-progress/, 'q']], shows: ['progress'] },
    { args: ['--web', '--no-open'] },
    { args: ['--web', '--close'] },
  ],
  budget: [{}],
  'budget set': [{ args: ['default'] }, { args: [plant('word')], shows: ['word'] }],
  'budget advice': [{}, { in: 'schema' }],
  clean: [{ manner: 'question', args: ['--dry-run'] }],
  completion: [{ args: ['bash'] }, { args: ['zsh'] }, { args: ['fish'] }, { args: ['powershell'] }, { args: [plant('word')], shows: ['word'] }],
  'daemon status': [{ shows: ['version'] }],
  'daemon logs': [{ args: ['--tail', 'all'], shows: ['engine-error'] }, { args: ['-f'], types: [[/./, '\u0003']] }],
  'daemon run': [{}],
  'daemon install-unit': [{ args: ['--dry-run'] }],
  'llm models ls': [{ args: ['--service', plant('word')], shows: ['word'] }, {}],
  'llm models add': [{ args: [`../${PLANTED_NAME}.gguf`], shows: ['name'] }, { args: [`/no/${plant('word')}.gguf`], shows: ['word'] }],
  'llm models rm': [{ args: [plant('word')] }],
  'llm models use': [{ args: [plant('word')] }],
  'llm models make-tiny': [{ args: [plant('word')] }],
  'llm estimate': [{ args: [`/no/${plant('word')}.gguf`], shows: ['word'] }],
  'wsl presets': [{ args: ['--wslconfig', 'wslconfig'] }],
  'wsl show': [{ args: ['--wslconfig', 'wslconfig', '--explain'], shows: ['wsl-size'] }],
  'wsl apply': [{ args: ['minimal', '--wslconfig', 'wslconfig', '--dry-run', '--host-memory', '16GB'], shows: ['wsl-size'] }, { args: [plant('word')], shows: ['word'] }],
  'wsl undo': [{ args: ['--dry-run'] }],
  'wsl verify': [{ args: ['--wslconfig', 'wslconfig'], shows: ['wsl-size'] }],
  'wsl reclaim': [{ manner: 'question', args: ['--after-stop'] }],
  'wsl watch': [{ args: ['--no-stream'] }],
  doctor: [{ args: ['--wslconfig', 'wslconfig', '--explain'], shows: ['version'] }, { in: 'schema', shows: ['size'] }, { args: [plant('word')], shows: ['word'] }],
  'bug-report': [{ args: ['--stdout'], shows: ['version', 'last-words', 'target'] }, { manner: 'question', types: [[/Write this report/, 'n']] }],
  version: [{ shows: ['version'] }],
  __complete: [{ args: ['services'] }, { args: [plant('word')] }],
  down: [{ manner: 'live' }, { args: ['-p', plant('word')], manner: 'live' }],
  'daemon stop': [{}],
}; // biome-ignore format: a table

/** The words of all verbs that do something. */
function pathsOf(verbs: readonly LoadedVerb[], before = ''): string[] {
  return verbs.flatMap(({ name, run, verbs: inner }) => [...(run ? [before + name] : []), ...pathsOf(inner, `${before}${name} `)]);
}

const run = (args: readonly string[], { in: folder = 'good', manner = 'plain', types = [] }: Row): Promise<Witnessed> =>
  witness(process.execPath, { args: [BIN, ...args], cwd: at[folder], env: own.env, manner, types });

/** What a command's own bytes do: what does not find that would find nothing anywhere. */
const DONE_BY_BYTES = ['title pwned', 'OSC 52 c;cHduZWQ=', 'DCS wned', 'what stood there before is gone'];

async function problemsOf(args: readonly string[], row: Row): Promise<string[]> {
  if (row.piped) {
    const { stdout } = await own.cli(args, { cwd: at[row.in ?? 'good'] });
    return (row.shows ?? []).filter(id => !stdout.includes(plant(id))).map(id => `not as it was written: ${id}`);
  }
  const { code, text, faults, output } = await run(args, row);
  const found = row.passes ? DONE_BY_BYTES.filter(fault => !faults.includes(fault)).map(fault => `not found: ${fault}`) : [...faults];
  const hidden = (row.shows ?? []).filter(id => !text.includes(`Plant-${id}-`)).map(id => `not shown: ${id}`);
  const ended = row.code === undefined || row.code === code ? [] : [`exit code ${code}`];
  const all = [...found, ...hidden, ...ended];
  return all.length === 0 ? [] : [`${args.join(' ').slice(0, 60)} in ${row.in ?? 'good'}`, ...all, output.slice(-1_500)];
}

it('has a row for each verb of the command line', async () =>
  expect(Object.keys(ROWS).sort()).toEqual(pathsOf(await loadVerbs(VERBS)).sort()));

describe('what strangers wrote steers no terminal, and is shown', () => {
  it.each(Object.entries(ROWS))('%s', async (verb, rows) => {
    const problemsIn = (row: Row) => problemsOf([...verb.split(' '), ...(row.args ?? [])], row);
    const problems: string[] = [];
    // What only looks is run at once, and needs no row before it: of several a run takes some, but always those that must find something.
    if (rows.every(({ manner = 'plain', lie }) => manner === 'plain' && !lie)) {
      const [always, others] = [rows.filter(({ passes }) => passes), rows.filter(({ passes }) => !passes)];
      const taken = [...always, ...some(others, Math.ceil(others.length / 3))];
      problems.push(...(await Promise.all(taken.map(problemsIn))).flat());
    } else {
      for (const row of rows) {
        shim.lies = row.lie ? [{ call: row.lie[0], status: 500, message: row.lie[1] }] : [];
        problems.push(...(await problemsIn(row)));
      }
    }
    shim.lies = [];
    // As one text: of a list only its first item would be told.
    expect(problems.join('\n')).toBe('');
  });
});
