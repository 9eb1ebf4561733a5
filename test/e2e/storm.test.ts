import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoggedNotice } from '../../daemon/api/notice.js';
import { byGear, some } from '../support/deep.js';
import type { Home } from './support/home.js';
import { complaint, type Sleeper, sleepers, type Wanted } from './support/sleepers.js';
import { statesIn, stays, tinyHome } from './support/tiny.js';
import { patience } from './support/until.js';

const CLIENTS = 200;
/** Twice what may be starting at the same time, at least. */
const NAMES = Array.from({ length: byGear({ deep: 8, usual: 6, fast: 6 }) }, (_, index) => `s${index}`);
/** What may be between launch and ready at the same time. */
const CAP = 3;

/** Ready half a second after its start, so that starts would overlap were there no cap. */
const slow = (name: string, idle: string): Wanted => ({
  memory: '{ standard: 32MB, maximum: 32MB }',
  idle,
  command: stays(`mkdir -p /www; echo ${name} > /www/index.html; sleep 0.5; httpd -p 80 -h /www`),
});

/** How often each was started, and the most that were starting at once, in the order in which things were decided. */
function startsIn(notices: readonly LoggedNotice[]): { readonly starts: Record<string, number>; readonly atOnce: number } {
  const starts: Record<string, number> = {};
  const starting = new Set<string>();
  let atOnce = 0;
  for (const { kind, service } of [...notices].sort((a, b) => a.seq - b.seq)) {
    if (service === null) continue;
    if (kind === 'ready') starting.delete(service);
    if (kind !== 'starting') continue;
    starts[service] = (starts[service] ?? 0) + 1;
    starting.add(service);
    atOnce = Math.max(atOnce, starting.size);
  }
  return { starts, atOnce };
}

const ROOMS = [
  { room: 'room for all', budget: '1GB', idle: '10m' },
  // The others wait until the first have fallen asleep.
  { room: 'room for three at a time', budget: '100MB', idle: '1s' },
];
describe.each(some(ROOMS, 1))(`${CLIENTS} clients at once against ${NAMES.length} sleeping services, with $room`, ({ budget, idle }) => {
  let own: Home;
  let services: readonly Sleeper[];
  let folder: string;
  beforeAll(async () => {
    own = await tinyHome({ LAPTOP_DEV_BUDGET: budget, LAPTOP_DEV_STARTS_AT_ONCE: `${CAP}` });
    ({ folder, services } = await sleepers(own, 'storm', Object.fromEntries(NAMES.map(name => [name, slow(name, idle)]))));
  });
  afterAll(() => own?.close());

  it('all are answered, each service is started once, and never more than the cap are starting', async () => {
    expect(await statesIn(own, folder)).toEqual(NAMES.map(name => `${name} asleep`));
    const began = performance.now();
    const clients = Array.from({ length: CLIENTS }, (_, index) => complaint(services[index % services.length] as Sleeper));
    const complaints = (await Promise.all(clients)).filter(each => each !== null);
    console.log(`storm, budget ${budget}: ${CLIENTS} clients in ${Math.round(performance.now() - began)} ms`);
    expect(complaints).toEqual([]);
    const notices: LoggedNotice[] = [];
    for await (const notice of own.client.notices({ project: basename(folder), follow: false })) notices.push(notice);
    expect(startsIn(notices)).toEqual({ starts: Object.fromEntries(NAMES.map(name => [name, 1])), atOnce: CAP });
    expect(performance.now() - began).toBeLessThan(patience(60_000));
  });
});
