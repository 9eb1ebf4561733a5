import { Agent, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LoggedNotice } from '../../daemon/api/notice.js';
import { DEEP, SEED } from '../support/deep.js';
import { Random } from './kill9/random.js';
import type { Home } from './support/home.js';
import { complaint, type Sleeper, sleepers, type Wanted } from './support/sleepers.js';
import { stays, tinyHome } from './support/tiny.js';
import { patience } from './support/until.js';

/** Interleavings. */
const RACES = DEEP ? 500 : 12;
/** So many services, each with races of its own, run in parallel. */
const WIDTH = 6;
const IDLE = 1_000;
/** Connects begin up to so long before the stop is due, and until it is over, ms. */
const BEFORE = 100;
const AFTER = 600;

/** Speaks HTTP/1.1 and leaves the connection open, which httpd does not: a process a connection, an answer for each empty line. */
const serve = (name: string) =>
  `printf 'HTTP/1.1 200 OK\\r\\nContent-Length: ${name.length}\\r\\n\\r\\n${name}' > /answer; ` +
  `printf 'while read -r line; do [ $$\{#line} -gt 1 ] || cat /answer; done' > /serve; nc -ll -p 80 -e sh /serve &`;

/** Every third is a service whose protocol the daemon does not know. */
const isBlind = (index: number): boolean => index % 3 === 2;

const server = (name: string, index: number): Wanted => ({
  protocol: isBlind(index) ? 'tcp' : 'http',
  memory: '{ standard: 32MB, maximum: 32MB }',
  idle: `${IDLE}ms`,
  command: stays(serve(name)).replace('&;', '&'),
});

let own: Home;
let services: readonly Sleeper[];
let folder: string;
beforeAll(async () => {
  own = await tinyHome();
  const names = Array.from({ length: WIDTH }, (_, index) => `s${index}`);
  ({ folder, services } = await sleepers(own, 'race', Object.fromEntries(names.map((name, index) => [name, server(name, index)]))));
});
afterAll(() => own?.close());

/** One request on a connection that stays open for the next; the words of what went wrong, or null. */
function again(agent: Agent, { name, port }: Sleeper): Promise<string | null> {
  return new Promise<IncomingMessage>((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, agent, timeout: patience(60_000) }, resolve);
    call.once('timeout', () => call.destroy(new Error('no answer in time')));
    call.once('error', reject);
    call.end();
  })
    .then(async response => {
      const body = await text(response);
      return response.statusCode === 200 && body === name ? null : `${name}: ${response.statusCode} ${body}`;
    })
    .catch(error => `${name}, on a connection that stayed open: ${String(error)}`);
}

/**
 * Uses a service, leaves it until about when it is stopped, and uses it again: on a new connection, on several, on the one that is
 * open. The last not where the daemon is blind: it closes what is silent, and cannot know what is on its way.
 */
async function races(service: Sleeper, seed: number, count: number, blind: boolean): Promise<readonly string[]> {
  const random = new Random(seed);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const complaints: (string | null)[] = [];
  for (let race = 0; race < count; race++) {
    complaints.push(await (blind ? complaint(service) : again(agent, service)));
    await pause(IDLE - BEFORE + random.below(BEFORE + AFTER));
    const several = random.chance(0.3) ? 4 : 1;
    const isNew = random.chance(0.7) || blind;
    const gaps = Array.from({ length: several }, () => random.below(40));
    const use = async (gap: number): Promise<string | null> => {
      await pause(gap);
      return complaint(service);
    };
    complaints.push(...(await Promise.all(isNew ? gaps.map(use) : [again(agent, service), ...gaps.slice(1).map(use)])));
  }
  agent.destroy();
  return complaints.filter(each => each !== null);
}

it(
  `${RACES} connects around a stop: no connection is lost or reset`,
  async () => {
    const began = performance.now();
    const each = Math.ceil(RACES / WIDTH);
    const complaints = await Promise.all(services.map((service, index) => races(service, SEED * 1_000 + index, each, isBlind(index))));
    const took = Math.round((performance.now() - began) / 1_000);
    const { notices } = await own.ask<{ notices: LoggedNotice[] }>(['events'], { cwd: folder });
    const count = (kind: string) => notices.filter(notice => notice.kind === kind).length;
    console.log(`races (SEED=${SEED}): ${each * WIDTH} in ${took} s, of which ${count('woken')} woke a service (in the log that is kept)`);
    expect(complaints.flat()).toEqual([]);
    expect(count('woken')).toBeGreaterThan(WIDTH); // stops there were
  },
  patience(60_000 + RACES * 2_000),
);
