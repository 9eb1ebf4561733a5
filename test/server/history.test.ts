import { describe, expect, it } from 'vitest';
import { LIVE } from '../scheduler/live.js';
import { connected, errorOf, fake, send } from './harness.js';

const MINUTE = 60_000;
const NOW = LIVE.at;

async function asked() {
  const calls: unknown[] = [];
  const entries = [{ at: NOW, workingSet: 1, peak: 2, cpu: null }];
  const history = async (id: string, since: number, slot: number) => {
    calls.push([id, since, slot]);
    return { slot, entries };
  };
  return { calls, entries, ...(await connected(fake({ history }))) };
}

describe('the history of a service', () => {
  it.each([
    ['1m', NOW - MINUTE, 0],
    ['15m', NOW - 15 * MINUTE, 0],
    ['24h', NOW - 24 * 60 * MINUTE, 5 * MINUTE],
  ] as const)('over %s, in the slots that a chart of it needs', async (span, since, slot) => {
    const { client, calls, entries } = await asked();
    expect(await client.history('shop', 'api', { span })).toEqual({ slot, entries });
    expect(calls).toEqual([['shop/api', since, slot]]);
  });

  it('from a time on, in slots of ones own; without anything 15 minutes', async () => {
    const { client, calls, running } = await asked();
    await client.history('shop', 'db', { since: NOW - 3_000 * MINUTE, slot: MINUTE });
    await client.history('shop', 'db', { since: NOW - 15 * MINUTE, slot: 0 });
    await send(running.socket, 'GET', '/v1/projects/shop/services/db/history');
    expect(calls).toEqual([
      ['shop/db', NOW - 3_000 * MINUTE, MINUTE],
      ['shop/db', NOW - 15 * MINUTE, 0],
      ['shop/db', NOW - 15 * MINUTE, 0],
    ]);
  });

  it.each([
    ['span=1h', 'The parameter span must be 1m, 15m or 24h.'],
    ['span=1m&since=5&slot=1m', 'Give either span, or since and slot.'],
    [`since=${NOW}`, 'Give either span, or since and slot.'],
    ['slot=1m', 'Give either span, or since and slot.'],
    [`since=${NOW}&slot=60`, 'The parameter slot must be a duration, such as 250ms, 1s or 15m.'],
    [
      `since=${NOW - 3_001 * MINUTE}&slot=1m`,
      'since is too far back: at most 15m for single measurements (slot=0s), else at most 3000 slots.',
    ],
    [
      `since=${NOW - 16 * MINUTE}&slot=0s`,
      'since is too far back: at most 15m for single measurements (slot=0s), else at most 3000 slots.',
    ],
  ])('refuses %s', async (query, message) => {
    const { running, calls } = await asked();
    const reply = await send(running.socket, 'GET', `/v1/projects/shop/services/api/history?${query}`);
    expect([reply.status, errorOf(reply)]).toMatchObject([400, { code: 'usage', message }]);
    expect(calls).toEqual([]);
  });

  it('of a service that is not there is not found', async () => {
    const { client } = await asked();
    await expect(client.history('shop', 'apii', { span: '1m' })).rejects.toMatchObject({
      failure: { code: 'not-found', details: { project: 'shop', service: 'apii', known: expect.arrayContaining(['api']) } },
    });
  });
});
