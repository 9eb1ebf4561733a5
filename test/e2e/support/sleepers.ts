import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Home } from './home.js';
import { freePorts } from './ports.js';
import { stays, TINY } from './tiny.js';
import { patience } from './until.js';

/** A sleeping HTTP server of the tiny image that answers with its name, and has a tmpfs at /eat that counts as its memory. */
export interface Sleeper {
  readonly name: string;
  readonly port: number;
}

export interface Wanted {
  /** As the profile writes it: `{ standard: 256MB, maximum: 512MB }`. */
  readonly memory: string;
  readonly priority?: number;
  readonly idle: string;
  readonly dependsOn?: readonly string[];
  /** `tcp` when absent: http. */
  readonly protocol?: 'http' | 'tcp';
  readonly startTimeout?: string;
  /** on-demand when absent. */
  readonly start?: 'eager';
  /** Instead of the HTTP server on port 80. */
  readonly command?: string;
  /** A line of the Compose file for the service, such as `restart: always`. */
  readonly more?: string;
}

export interface Sleepers {
  readonly folder: string;
  readonly services: readonly Sleeper[];
}

/** A project of such services, up and asleep. `top`: further top-level lines of its Compose file. */
export async function sleepers(own: Home, suffix: string, wanted: Readonly<Record<string, Wanted>>, top = ''): Promise<Sleepers> {
  const made = await filesOfSleepers(own, suffix, wanted, top);
  await own.ask(['up'], { cwd: made.folder });
  return made;
}

/** The files of such a project alone. */
export async function filesOfSleepers(own: Home, suffix: string, wanted: Readonly<Record<string, Wanted>>, top = ''): Promise<Sleepers> {
  const names = Object.keys(wanted);
  const ports = await freePorts(names.length);
  const services = names.map((name, index) => ({ name, port: ports[index] ?? 0 }));
  const blocks = services.map(({ name, port }) => block(name, port, wanted[name] as Wanted));
  return { folder: await own.project(suffix, { 'compose.yaml': `services:\n${blocks.join('')}${top}` }), services };
}

function block(name: string, port: number, wanted: Wanted): string {
  const { memory, priority = 50, idle, protocol = 'http', dependsOn = [], startTimeout = '2m', start = 'on-demand', more = '' } = wanted;
  const command = wanted.command ?? stays(`mkdir -p /www; echo ${name} > /www/index.html; httpd -p 80 -h /www`);
  return `  ${name}:
    image: ${TINY}
    command: ${command}
    ports: ["127.0.0.1:${port}:80"]
    tmpfs: ["/eat:size=1g"]
    depends_on: [${dependsOn.join(', ')}]
    x-laptop-dev: { memory: ${memory}, priority: ${priority}, start: ${start}, idle: ${idle}, protocol: ${protocol}, start_timeout: ${startTimeout} }
${more === '' ? '' : `    ${more}\n`}`;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly ms: number;
}

/** One request on a connection of its own; rejects when it is refused, reset or lost. */
export async function get({ port }: Sleeper): Promise<Answer> {
  const before = performance.now();
  const { status, body } = await new Promise<{ status: number; body: string }>((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, agent: false, timeout: patience(180_000) }, response => {
      text(response).then(body => resolve({ status: response.statusCode ?? 0, body: body.trim() }), reject);
    });
    call.once('timeout', () => call.destroy(new Error('no answer in time')));
    call.once('error', reject);
    call.end();
  });
  return { status, body, ms: performance.now() - before };
}

/** As `get`; the words of what went wrong, or null when the service itself answered. */
export async function complaint(service: Sleeper): Promise<string | null> {
  try {
    const { status, body } = await get(service);
    return status === 200 && body === service.name ? null : `${service.name}: ${status} ${body}`;
  } catch (error) {
    return `${service.name}: ${String(error)}`;
  }
}
