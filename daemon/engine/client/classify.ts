import { type Failure, failure } from '../../shared/failure.js';
import type { EngineRefusal } from '../../shared/failure-details.js';

/** An engine's refusal: HTTP status and text, or the errno name of a socket that failed. */
export interface EngineError {
  readonly status: number | null;
  readonly errno: string | null;
  readonly text: string;
}

/** What a call can be refused for. */
type RefusalCode =
  | 'gpu-unavailable'
  | 'port-taken'
  | 'name-taken'
  | 'network-clash'
  | 'config-missing'
  | 'image-missing'
  | 'out-of-memory'
  | 'not-found'
  | 'exited'
  | 'engine-unavailable'
  | 'engine-error';

interface Rule {
  readonly code: RefusalCode;
  readonly pattern: RegExp;
  readonly remedies?: readonly string[];
}

/**
 * Texts of Docker 20.10 to 29, Docker Desktop and Podman 4 and 5, most telling first; each has its line in
 * test/engine/fixtures/engine-errors.json: recorded from Docker 20.10 and Podman 4.3, for the others as their sources and
 * issue reports have them. Engines give no error codes, so the wording is all there is.
 */
const RULES: readonly Rule[] = [
  {
    code: 'gpu-unavailable',
    pattern:
      /could not select device driver|nvidia-container-cli|(?:unknown or invalid runtime name|unknown runtime specified):? "?nvidia|unresolvable CDI devices/i,
  },
  { code: 'port-taken', pattern: /port is already allocated|ports are not available|forwards\/expose returned unexpected status/i },
  { code: 'port-taken', pattern: /failed to bind any port|slirp_add_hostfwd failed|proxy already running/i },
  { code: 'port-taken', pattern: /(?:listen (?:tcp|udp)|bind|expos\w* port|cannot listen|host port)[\s\S]{0,200}?address already in use/i },
  { code: 'port-taken', pattern: /address already in use[\s\S]*?(?:bind|for option)|Only one usage of each socket address/i },
  { code: 'name-taken', pattern: /container name "[^"]*" is already in use/i },
  {
    code: 'network-clash',
    pattern: /pool overlaps with other one|networks have (?:same bridge name|overlapping)|subnet \S+ is already (?:used|being used)/i,
  },
  {
    code: 'network-clash',
    pattern: /non-overlapping (?:IPv4 |IPv6 )?address pool|predefined address pools have been fully subnetted|could not find free subnet/i,
    remedies: ['Remove networks that nobody uses (docker network ls, docker network rm NAME), or give the network a subnet of its own'],
  },
  // A container that was made keeps the ids of its networks: one that was removed meanwhile (prune) is missed at its next start.
  { code: 'config-missing', pattern: /network \S+ not found|unable to find network|network not found/i },
  {
    code: 'engine-error',
    pattern: /error setting rlimit/i,
    remedies: [
      'Lower Podman\'s default limits to what this machine allows, in containers.conf: [containers] default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]',
      'Or give the service ulimits of its own for both nofile and nproc',
    ],
  },
  {
    code: 'engine-error',
    pattern: /container-init binary not found/i,
    remedies: [
      'Install catatonit (apt install catatonit), which Podman runs as the init of a container, or set init: false on the service',
    ],
  },
  // Before what is said of crun and cgroups in general. Sources: docs/design/wsl.md, "Memory".
  {
    code: 'engine-error',
    pattern: /open \/sys\/fs\/cgroup\/user\.slice\/.{0,200}cgroup\.controllers: no such file/i,
    remedies: [
      'Under WSL 2.9.8 to 2.9.12 no rootless engine finds its cgroup: wsl --update, in PowerShell; 2.9.13 and later give each distribution a namespace',
      'Or isolateDistroCgroup=false below [wsl2] in .wslconfig, then wsl --shutdown, which stops every distribution; they then see the cgroups of each other',
    ],
  },
  {
    code: 'engine-error',
    pattern: /crun: .{0,40}open `?memory\.max`? for writing/i,
    remedies: [
      'Under WSL 2.9.8 and later (seen up to 3.0.1) a Podman machine cannot limit memory: isolateDistroCgroup=false below [wsl2] in .wslconfig, which laptop-dev doctor --fix writes, then wsl --shutdown, which stops every distribution',
      'Elsewhere crun lacks the memory controller of its cgroup: let the user have it (systemd: Delegate=memory), or install runc and name it in containers.conf: [engine] runtime = "runc"',
    ],
  },
  {
    code: 'engine-error',
    pattern: /crun: .{0,400}cgroup|OCI runtime "crun" not found|default OCI runtime .{0,400} not found/i,
    remedies: ['Install runc and name it in containers.conf: [engine] runtime = "runc" (crun does not run on hybrid cgroups)'],
  },
  {
    code: 'engine-error',
    pattern: /could not find bridge|no such network interface|failed to create endpoint/i,
    remedies: ["The engine's network bridge is gone or broken: restart the engine (scripts/engine.sh stop, then start)"],
  },
  { code: 'image-missing', pattern: /no such image|image not known|manifest unknown|pull access denied|short-name .* did not resolve/i },
  { code: 'out-of-memory', pattern: /container init was OOM-killed|memory limit too low/i },
  {
    code: 'not-found',
    pattern: /no such (?:container|exec|network|volume)|(?:network|volume) \S+ not found|no container with name or ID/i,
  },
  { code: 'exited', pattern: /is not running|container state improper|only create exec sessions on running/i },
  {
    code: 'engine-error',
    pattern: /is paused|paused container/i,
    remedies: ['Unpause the container (docker unpause), or stop the service and start it again'],
  },
];

const UNREACHABLE: Readonly<Record<string, string>> = {
  ENOENT: 'its socket is missing',
  ECONNREFUSED: 'nobody listens on its socket (installed, not running)',
  EACCES: 'permission denied on its socket',
  EPERM: 'permission denied on its socket',
  ENOTSOCK: 'the path is not a socket',
  ECONNRESET: 'the connection broke off',
  EPIPE: 'the connection broke off',
};

/** Why a socket did not answer, in words; the errno name itself when there is no better one. */
export function socketReason(errno: string): string {
  return UNREACHABLE[errno] ?? errno;
}

/** The Failure that an engine's refusal of `what` stands for. */
export function classifyEngineError(error: EngineError, what: string): Failure {
  if (error.errno !== null) return unreachable(error.errno, error.text, what);
  const details = { what, status: error.status, engine: error.text };
  const rule = RULES.find(each => each.pattern.test(error.text));
  return refusal(rule?.code ?? codeOfStatus(error.status), details, rule?.remedies ?? []);
}

function codeOfStatus(status: number | null): RefusalCode {
  if (status === 404) return 'not-found';
  return status === 502 || status === 503 ? 'engine-unavailable' : 'engine-error';
}

/** With the figures inside the text: a port's address, the container that holds a name, the subnet. */
function refusal(code: RefusalCode, details: Required<EngineRefusal>, remedies: readonly string[]): Failure {
  const { what, engine } = details;
  const message = `${what}: ${engine}`;
  switch (code) {
    case 'port-taken':
      return failure(code, message, { ...details, ...portIn(engine) }, remedies);
    case 'name-taken':
      return failure(code, message, { ...details, ...holderIn(engine) }, remedies);
    case 'network-clash':
      return failure(code, message, { ...details, ...subnetIn(engine) }, remedies);
    case 'engine-error':
      return failure(code, message, { ...details, ...(lacksProgram(engine) ? { program: 'missing' } : {}) }, remedies);
    default:
      return failure(code, message, details, remedies);
  }
}

/** What the engine refused, and how; null: the failure is not of a call that it refused. */
export function refusalIn(found: Failure): EngineRefusal | null {
  switch (found.code) {
    case 'gpu-unavailable':
    case 'port-taken':
    case 'name-taken':
    case 'network-clash':
    case 'config-missing':
    case 'image-missing':
    case 'out-of-memory':
    case 'not-found':
    case 'exited':
    case 'engine-unavailable':
    case 'engine-error':
      return found.details;
    default:
      return null;
  }
}

/** A container that has not the program that it is to run; not one whose cgroup has not a file. */
function lacksProgram(text: string): boolean {
  return /executable file .{0,200}not found|no such file or directory/i.test(text) && !/\/sys\/fs\/cgroup\/|`memory\./.test(text);
}

/** Whether the engine's words are that there is one of this name already. */
export function saysExists(found: Failure): boolean {
  return says(found, /already (?:exists|used)/);
}

/** Whether the engine's words are that somebody else removes it just now. */
export function saysRemovalUnderWay(found: Failure): boolean {
  return says(found, /already in progress/);
}

/** Whether the engine's words are that containers are still in the network. */
export function saysInUse(found: Failure): boolean {
  return says(found, /active endpoints|being used|in use/);
}

/** Whether the engine's words are that it has no subnet left to give. */
export function saysPoolsUsedUp(found: Failure): boolean {
  return says(found, /address pool|fully subnetted|free subnet/i);
}

function says(found: Failure, words: RegExp): boolean {
  return words.test(refusalIn(found)?.engine ?? '');
}

function unreachable(errno: string, text: string, what: string): Failure {
  const remedies =
    errno === 'EACCES' || errno === 'EPERM'
      ? ['Join the group that owns the socket (sudo usermod -aG docker "$USER", then log in again), or use rootless Podman']
      : [];
  return failure('engine-unavailable', `The engine is not reachable: ${socketReason(errno)} (${what})`, { what, errno, text }, remedies);
}

function holderIn(text: string): { readonly name: string; readonly holder: string } | null {
  const [, name, holder] = /container name "\/?([^"]+)" is already in use by (?:container )?"?([0-9a-f]{12,64})/i.exec(text) ?? [];
  return name !== undefined && holder !== undefined ? { name, holder } : null;
}

function subnetIn(text: string): { readonly subnet: string } | null {
  const subnet = /\b(\d+\.\d+\.\d+\.\d+\/\d+)\b/.exec(text)?.[1];
  return subnet === undefined ? null : { subnet };
}

/**
 * The host address in a port-taken text: `127.0.0.1:80`, `[::]:80`, `127.0.0.1:8080:172.17.0.2:80/tcp` (the first is the
 * host's), pasta's `-t 127.0.0.1/8080-8080:80-80`, or the port alone.
 */
function portIn(text: string): { hostIp: string; port: number } | null {
  const address = /(?:^|[\s/(])(\d+\.\d+\.\d+\.\d+|\[[0-9a-f:]*\])[:/](\d+)(?=[\s:/,-]|$)/gi;
  for (const match of text.matchAll(address)) {
    const port = Number(match[2]);
    if (port > 0) return { hostIp: (match[1] ?? '').replace(/[[\]]/g, ''), port };
  }
  const alone = /\bport (\d+)\b/i.exec(text) ?? /:(\d+): bind/.exec(text);
  return alone ? { hostIp: '', port: Number(alone[1]) } : null;
}
