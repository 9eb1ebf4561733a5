/** A key at its place with the forms in which it may be written, as YAML in one line; '' is a key without a value. */
interface MatrixKey {
  /** Of the service `a` when it has no dot, else from the top, as `volumes.v1.labels`. */
  readonly key: string;
  readonly forms: readonly string[];
  /** What else has to stand beside it so that the file is whole. */
  readonly beside?: string;
}

const k = (key: string, ...forms: string[]): MatrixKey => ({ key, forms });
const beside = (text: string, from: MatrixKey): MatrixKey => ({ ...from, beside: text });

const KEY_VALUES = ['', '{A: "1", B: two}', '[A=9, C=3]', '{A: , D: 4}', '[A, D=4]', '{}', '[]'];
const LABELS = ['', '{a.b: "1", c: two}', '[a.b=9, d=3]', '{a.b: }', '[a.b]'];

/** Every key of the Compose model that is read here, and some that are only passed over, in the mix of its forms. */
export const MATRIX: readonly MatrixKey[] = [
  k('environment', ...KEY_VALUES),
  k('labels', ...LABELS),
  k('annotations', ...LABELS),
  k('sysctls', '', '{net.core.somaxconn: 1}', '[net.core.somaxconn=2, net.ipv4.ip_forward=1]'),
  k('depends_on', '', '[b]', '[c]', '{b: {condition: service_healthy}}', '{b: {condition: service_started, required: false}}', '[]', '{}'),
  k('networks', '', '[n1]', '[n2, n1]', '{n1: {aliases: [one]}}', '{n1: {aliases: [one, two], priority: 3}, n2: }', '{n1: }'),
  k('command', '', 'run it', '[run, it]', '""', '[]'),
  k('entrypoint', '', '/go now', '[/go, now]', '""', '[]'),
  k('env_file', '', 'a.env', '[a.env]', '[b.env, a.env]', '[{path: a.env}]', '[{path: none.env, required: false}]'),
  k('ports', '', '["80"]', '["8080:80"]', '[{target: 80, published: 8081}]', '["8080:80", "53:53/udp"]', '[]'),
  k('expose', '', '["80"]', '[80]', '["81", "80"]'),
  k(
    'volumes',
    '',
    '["v1:/d"]',
    '["./d:/d:ro"]',
    '[{type: volume, source: v1, target: /d}]',
    '["/anonymous"]',
    '[{type: tmpfs, target: /t}]',
  ),
  k('tmpfs', '', '/run', '[/run]', '[/tmp]', '["/tmp:size=64m"]'),
  k('configs', '', '[c1]', '[{source: c1, target: /c}]', '[c2, c1]'),
  k('secrets', '', '[s1]', '[{source: s1, target: here}]', '[s2, s1]'),
  k('dns', '', '1.1.1.1', '[1.1.1.1]', '[8.8.8.8, 1.1.1.1]'),
  k('dns_search', '', 'a.b', '[a.b]', '[c.d]'),
  k('dns_opt', '', '[ndots:2]', '[ndots:2, rotate]'),
  k('extra_hosts', '', '["h:1.1.1.1"]', '["h=1.1.1.1"]', '{h: 2.2.2.2, g: 1.1.1.1}', '{h: [1.1.1.1, 2.2.2.2]}'),
  k('cap_add', '', '[A]', '[B, A]'),
  k('cap_drop', '', '[ALL]', '[A]'),
  k('group_add', '', '[a]', '[1, b]'),
  k('security_opt', '', '[label=disable]', '[no-new-privileges]'),
  k('devices', '', '["/dev/a"]', '["/dev/a:/dev/b:r"]', '[{source: /dev/c, target: /dev/a}]'),
  k('links', '', '[b]', '[c, b]'),
  k('profiles', '', '[]'),
  k('ulimits', '', '{nofile: 10}', '{nofile: {soft: 1, hard: 2}, nproc: 5}', '{nproc: 9}'),
  k('logging', '{}', '{driver: json-file, options: {max-size: 1m}}', '{options: {max-file: "3"}}', '{driver: local}'),
  k('healthcheck', '', '{test: [CMD, x], interval: 3s}', '{test: y, retries: 4}', '{disable: true}', '{timeout: 1m30s}', '{test: [NONE]}'),
  k('build', '', '.', './one', '{context: ./two, args: {A: 1}}', '{args: [A=2, B=3], target: t}', '{dockerfile: D, labels: [l=1]}'),
  k('deploy', '', '{replicas: 1}', '{resources: {limits: {memory: 64m}}}', '{resources: {limits: {cpus: "0.5"}}}', '{labels: [a=1]}'),
  k(
    'deploy.restart_policy',
    '',
    '{condition: any}',
    '{condition: none}',
    '{condition: on-failure, max_attempts: 3}',
    '{condition: always}',
  ),
  k('restart', '', 'always', '"no"', 'on-failure:3'),
  k('mem_limit', '', '64m', '1073741824', '"1gb"'),
  k('mem_reservation', '', '32m', '16m'),
  k('shm_size', '', '64m', '1048576'),
  k('cpus', '', '0.5', '"2"'),
  k('cpuset', '', '"0"', '0-1'),
  k('pids_limit', '', '10', '-1'),
  k('image', '', 'y', 'y:1'),
  k('user', '', 'u', '"1000:1000"'),
  k('working_dir', '', '/w', '/v'),
  k('hostname', '', 'h', 'g'),
  k('init', '', 'true', 'false'),
  k('tty', '', 'true', 'false'),
  k('stdin_open', '', 'true', 'false'),
  k('read_only', '', 'true', 'false'),
  k('privileged', '', 'true', 'false'),
  k('stop_grace_period', '', '3s', '1m30s'),
  k('stop_signal', '', 'SIGINT', 'SIGUSR1'),
  k('platform', '', 'linux/amd64', 'linux/arm64'),
  k('pull_policy', '', 'always', 'if_not_present'),
  k('pid', '', 'host', 'service:b'),
  k('ipc', '', 'host', 'service:b'),
  k('network_mode', '', 'host', 'service:c', 'none'),
  k('scale', '', '1', '0'),
  k('container_name', '', 'own', 'own-two'),
  k('x-own', '', 'text', '{a: [1], b: 2}', '{a: [2], c: 3}'),
  k('volumes.v1.labels', ...LABELS),
  k('volumes.v1.driver_opts', '', '{a: 1}', '{a: 2, b: x}'),
  k('volumes.v1.name', '', 'one', 'two'),
  beside('driver: local', k('volumes.v1.driver_opts', '{type: none, o: bind, device: ./d}', '{device: ./e}', '{device: /f}')),
  k('volumes.v1', '', '{}', '{external: true}', '{name: n}'),
  k('networks.n1.labels', ...LABELS),
  k('networks.n1.driver_opts', '', '{a: 1}', '{a: 2, b: x}'),
  k('networks.n1.internal', '', 'true', 'false'),
  k(
    'networks.n1.ipam',
    '{}',
    '{config: [{subnet: 10.9.0.0/16}]}',
    '{config: [{subnet: 10.8.0.0/16}]}',
    '{config: [{subnet: 10.9.0.0/16, gateway: 10.9.0.9}]}',
  ),
];

/** How the second form meets the first: a later file, a service that extends the first, the two files of one include. */
export const MODES = ['override', 'extends', 'include'] as const;
export type Mode = (typeof MODES)[number];

export interface MergeCase {
  readonly entry: MatrixKey;
  readonly mode: Mode;
  /** Indices into the forms of the key: what stands first, and what is laid on it. */
  readonly base: number;
  readonly over: number;
  readonly id: string;
}

/** Beside the files of a case: env files, and what secrets and configs are read from. */
export const AROUND: Readonly<Record<string, string>> = { 'a.env': 'A=envA\nX=1\n', 'b.env': 'A=envB\nY=2\n', s: 'secret\n' };

export function idOf(entry: MatrixKey): string {
  return entry.beside === undefined ? entry.key : `${entry.key} beside ${entry.beside}`;
}

/** All cases of one key in one mode. */
export function casesOf(entry: MatrixKey, mode: Mode): MergeCase[] {
  if (mode === 'extends' && sectionOf(entry) !== 'services') return [];
  return entry.forms.flatMap((_, base) =>
    entry.forms.map((_, over) => ({ entry, mode, base, over, id: `${idOf(entry)} ${base}/${over} ${mode}` })),
  );
}

/** Several cases can stand in one project: what belongs to one has this in its names. */
export const suffixOf = (which: MergeCase): string => `_${which.base}_${which.over}_`;

/** The files of a project with these cases, all of one mode, and which are given with -f. */
export function filesOf(
  cases: readonly MergeCase[],
  mode: Mode,
): { readonly files: Record<string, string>; readonly order: readonly string[] } {
  const first = file(cases.map(which => parts(which, which.base, 'whole')));
  if (mode === 'extends')
    return {
      files: { ...AROUND, 'base.yaml': first, 'ext.yaml': file(cases.map(which => parts(which, which.over, 'extending'))) },
      order: ['ext.yaml'],
    };
  const files = { ...AROUND, 'base.yaml': first, 'over.yaml': file(cases.map(which => parts(which, which.over, 'part'))) };
  if (mode === 'override') return { files, order: ['base.yaml', 'over.yaml'] };
  return { files: { ...files, 'main.yaml': 'include:\n  - path: [base.yaml, over.yaml]\n' }, order: ['main.yaml'] };
}

type Section = 'services' | 'networks' | 'volumes';
type Parts = Readonly<Partial<Record<Section, readonly string[]>>>;

function sectionOf(entry: MatrixKey): Section {
  const [top = ''] = entry.key.split('.');
  return entry.key.includes('.') && (top === 'volumes' || top === 'networks') ? top : 'services';
}

/** What one case puts into the sections of one file. */
function parts(which: MergeCase, form: number, kind: 'whole' | 'extending' | 'part'): Parts {
  const { entry } = which;
  const suffix = suffixOf(which);
  const section = sectionOf(entry);
  const named = (text: string): string => text.replace(/\b([nv]1|own)\b(?!\.)/g, `$1${suffix}`);
  const path = section === 'services' ? [`a${suffix}`, ...entry.key.split('.')] : entry.key.split('.').slice(1).map(named);
  const own = nested(path, named(entry.forms[form] ?? ''), entry.beside);
  if (kind === 'part') return { [section]: own };
  const service = section === 'services' ? own : [`  a${suffix}:`, `    networks: [n1${suffix}]`, `    volumes: ["v1${suffix}:/v"]`];
  if (kind === 'extending') service.splice(1, 0, `    extends: {file: base.yaml, service: a${suffix}}`);
  else if (entry.key !== 'image') service.splice(1, 0, '    image: x');
  return {
    services: service,
    networks: section === 'networks' ? own : [`  n1${suffix}: {}`],
    volumes: section === 'volumes' ? own : [`  v1${suffix}: {}`],
  };
}

function nested(path: readonly string[], text: string, beside: string | undefined): string[] {
  const indent = '  '.repeat(path.length);
  return [
    ...path.slice(0, -1).map((part, depth) => `${'  '.repeat(depth + 1)}${part}:`),
    ...(beside === undefined ? [] : [`${indent}${beside}`]),
    `${indent}${path.at(-1)}: ${text}`.trimEnd(),
  ];
}

const OTHERS: Parts = {
  services: ['  b: {image: b, healthcheck: {test: [CMD, t]}}', '  c: {image: c}'],
  networks: ['  n2: {}'],
  volumes: ['  v2: {}'],
};

function file(all: readonly Parts[]): string {
  const whole = all.some(part => part.networks !== undefined && part.volumes !== undefined);
  const sections = (['services', 'networks', 'volumes'] as const).flatMap(section => {
    const lines = [...all.flatMap(part => part[section] ?? []), ...(whole ? (OTHERS[section] ?? []) : [])];
    return lines.length === 0 ? [] : [`${section}:`, ...lines];
  });
  const more = whole ? ['secrets: {s1: {file: ./s}, s2: {file: ./s}}', 'configs: {c1: {file: ./s}, c2: {file: ./s}}'] : [];
  return `${[...sections, ...more].join('\n')}\n`;
}
