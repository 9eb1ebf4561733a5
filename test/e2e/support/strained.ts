import { once } from 'node:events';
import { type ClientRequest, get as httpGet, type IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { LoggedNotice } from '../../../daemon/api/notice.js';
import type { ServiceView } from '../../../daemon/api/views.js';
import { MiB } from '../../../daemon/shared/bytes.js';
import { inspect } from './engine.js';
import type { Home } from './home.js';
import { SOFT_SOME, type Strain } from './pressure.js';
import { type Sleeper, sleepers } from './sleepers.js';
import { idsOf, stays, tinyHome } from './tiny.js';
import { patience, until } from './until.js';

type Name = 'idle' | 'burst' | 'used' | 'late';

const FIGURES = {
  LAPTOP_DEV_BUDGET: '512MB',
  LAPTOP_DEV_MIN_UPTIME: '0s',
  LAPTOP_DEV_PATIENCE: '10m',
  LAPTOP_DEV_SOFT_SOME: `${SOFT_SOME}`,
  LAPTOP_DEV_SOFT_SOME_FOR: '3s',
  LAPTOP_DEV_HARD_FULL: '100',
  LAPTOP_DEV_LEAVE_AFTER: '2s',
};

/** Holds this much, and serves. */
const holds = (mib: number) =>
  stays(`mkdir -p /www; echo here > /www/index.html; dd if=/dev/zero of=/eat/it bs=1M count=${mib}; httpd -p 80 -h /www`);
/** Its answer to /cgi-bin/on goes on until the client leaves. */
const STREAMS = stays(
  'mkdir -p /www/cgi-bin; printf "%s\\n" "#!/bin/sh" "printf \'Content-Type: text/plain\\r\\n\\r\\n\'" "while echo on; do sleep 0.2; done" ' +
    '> /www/cgi-bin/on; chmod +x /www/cgi-bin/on; httpd -p 80 -h /www',
);

/** A home under strain: one service that is paused when unused, one with a burst, one to be in use, one that comes late. */
export class Strained {
  /** ms that each answer of the API took. */
  readonly delays: number[] = [];
  private readonly enough = new AbortController();
  private asking: Promise<void> = Promise.resolve();
  private stream: { readonly call: ClientRequest; readonly answer: IncomingMessage } | null = null;

  private constructor(
    readonly own: Home,
    readonly strain: Strain,
    readonly project: string,
    readonly services: Readonly<Record<Name, Sleeper>>,
  ) {}

  static async make(strainOf: (own: Home) => Strain): Promise<Strained> {
    const own = await tinyHome(FIGURES);
    const strain = strainOf(own);
    Object.assign(own.env, strain.env);
    const made = await sleepers(own, 'strained', {
      idle: { memory: '{ standard: 64MB, maximum: 64MB }', idle: '{ freezeAfter: 1s, stopAfter: 1h }', priority: 90, command: holds(30) },
      burst: { memory: '{ standard: 48MB, maximum: 192MB }', idle: '1h', command: holds(20) },
      used: { memory: '{ standard: 32MB, maximum: 32MB }', idle: '1s', priority: 1, command: STREAMS },
      late: { memory: '{ standard: 32MB, maximum: 32MB }', idle: '1h' },
    });
    const services = Object.fromEntries(made.services.map(each => [each.name, each])) as Record<Name, Sleeper>;
    return new Strained(own, strain, `${own.name}-strained`, services);
  }

  async close(): Promise<void> {
    this.letGo();
    await this.stopAsking();
    await this.strain.end().catch(() => undefined);
    await this.own.close();
  }

  views(): Promise<readonly ServiceView[]> {
    return this.own.client.services(this.project, false);
  }

  async states(): Promise<string[]> {
    return (await this.views()).map(({ name, state }) => `${name} ${state}`).sort();
  }

  becomes(name: Name, state: ServiceView['state']): Promise<unknown> {
    return until(`${name} is ${state}`, async () => (await this.states()).includes(`${name} ${state}`), 60_000);
  }

  /** MB, as the engine has it. */
  async limitOf(name: Name): Promise<number> {
    return (await inspect((await idsOf(this.own, this.project))[name] ?? '')).HostConfig.Memory / MiB;
  }

  async notices(kind: LoggedNotice['kind']): Promise<LoggedNotice[]> {
    const found: LoggedNotice[] = [];
    for await (const notice of await this.own.client.notices({ project: this.project, follow: false }))
      if (notice.kind === kind) found.push(notice);
    return found;
  }

  /** Asks the API without end, as a dashboard does, and notes how long each answer took. */
  keepAsking(): void {
    this.asking = this.ask();
  }

  async stopAsking(): Promise<void> {
    this.enough.abort();
    await this.asking;
  }

  /** Begins a request whose answer does not end. */
  async use(): Promise<void> {
    const call = httpGet({ host: '127.0.0.1', port: this.services.used.port, path: '/cgi-bin/on', agent: false });
    const [answer] = (await once(call, 'response')) as [IncomingMessage];
    answer.on('error', () => undefined);
    this.stream = { call, answer };
  }

  /** The answer goes on. */
  async goesOn(): Promise<void> {
    if (this.stream === null) throw new Error('nobody uses it');
    await once(this.stream.answer, 'data', { signal: AbortSignal.timeout(patience(10_000)) });
  }

  letGo(): void {
    this.stream?.call.destroy();
  }

  private async ask(): Promise<void> {
    while (!this.enough.signal.aborted) {
      const before = performance.now();
      await this.own.client.services(this.project, true);
      this.delays.push(performance.now() - before);
      await pause(100);
    }
  }
}
