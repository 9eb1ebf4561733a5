import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FakeProc } from './support/pressure.js';
import { pressureTests } from './support/pressure-tests.js';
import { get } from './support/sleepers.js';
import { until } from './support/until.js';

describe.sequential('a host short of memory whose kernel tells no PSI', () => {
  const hostOf = pressureTests(own => new FakeProc(join(own.root, 'proc'), false), false);

  it('near its end, what is not protected goes too, one at a time; who is in use stays, and the end is told', async () => {
    const host = hostOf();
    const proc = host.strain as FakeProc;
    proc.available(2);
    const reported = await until('it is told', async () =>
      (await host.notices('pressure')).find(({ kind, data }) => kind === 'pressure' && data.evidence?.level === 'hard'),
    );
    expect(reported.data).toMatchObject({ evidence: { signal: 'hardAvailable', lasts: expect.any(Number) } });
    const gone = await until('all but one are asleep', async () => {
      const states = await host.states();
      return states.filter(state => state.endsWith(' asleep')).length === 3 ? states : null;
    });
    expect(gone).toContain('used running');
    await host.goesOn();
    proc.available(60);
    expect(await get(host.services.burst)).toMatchObject({ status: 200 });
    host.letGo();
    await host.becomes('used', 'asleep');
  });
});
