import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PolledTier } from '../../../compose/services/llm-advisor/src/tier.js';
import { Spoken, type Word } from '../../../compose/services/llm-advisor/src/word.js';

const none = new AbortController().signal;
const POLL = 25_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

async function first(spoken: Spoken): Promise<Word> {
  return spoken.hear(null, POLL, none);
}

test('a listener hears the same again after 25 s, and what is not new wakes nobody', async () => {
  const spoken = new Spoken();
  const before = await first(spoken);
  const next = spoken.hear(before.version, POLL, none);
  spoken.say({ holds: 0, loading: null });
  await vi.advanceTimersByTimeAsync(POLL);
  expect(await next).toEqual(before);
});

test('a version of an earlier life is older', async () => {
  const earlier = await first(new Spoken());
  vi.setSystemTime(Date.now() + 1_000);
  expect((await new Spoken().hear(earlier.version, POLL, none)).version).toBeGreaterThan(earlier.version);
});

test('a share moves the version at most four times a second, and the last one is always told', async () => {
  const spoken = new Spoken();
  const { version } = await first(spoken);
  spoken.say({ loading: { model: 'a', share: 0 } });
  for (let percent = 1; percent <= 100; percent += 1) {
    spoken.say({ loading: { model: 'a', share: percent / 100 } });
    await vi.advanceTimersByTimeAsync(10);
  }
  await vi.advanceTimersByTimeAsync(1_000);
  const last = await first(spoken);
  expect(last.loading?.share).toBe(1);
  expect(last.version - version).toBeGreaterThan(3);
  expect(last.version - version).toBeLessThanOrEqual(6);
});

test('a grant takes the question back and holds what was granted, in one change', async () => {
  const spoken = new Spoken();
  const tier = new PolledTier(0, spoken);
  const { version } = await first(spoken);
  const asked = tier.ask(1_000, none);
  const heard = await tier.state(version, POLL, none);
  expect(heard).toMatchObject({ wants: 1_000, holds: 0 });
  const then = tier.state(heard.version, POLL, none);
  const answer = { granted: true, reason: null, need: 1_000, free: 5_000, holders: [], remedies: [] };
  tier.answered(answer);
  expect(await asked).toBe(answer);
  expect(await then).toMatchObject({ version: heard.version + 1, wants: null, holds: 1_000 });
});

test('what nobody hears is given up after 3 s', async () => {
  const asked = new PolledTier(0, new Spoken()).ask(1_000, none);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(await asked).toMatchObject({ granted: false, reason: null, holders: [] });
});

test('what was heard may take 75 s', async () => {
  const spoken = new Spoken();
  const tier = new PolledTier(0, spoken);
  const settled = vi.fn();
  const asked = tier.ask(1_000, none).finally(settled);
  await tier.state(null, POLL, none);
  await vi.advanceTimersByTimeAsync(74_999);
  expect(settled).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(await asked).toMatchObject({ granted: false, reason: 'The request for memory was not answered in time.' });
});

test('a load that is given up takes its question back; an answer that comes late is for nobody', async () => {
  const spoken = new Spoken();
  const tier = new PolledTier(0, spoken);
  const client = new AbortController();
  const asked = tier.ask(1_000, client.signal);
  client.abort(new Error('left'));
  await expect(asked).rejects.toThrow('left');
  tier.answered({ granted: true, reason: null, need: null, free: null, holders: [], remedies: [] });
  expect(await first(spoken)).toMatchObject({ wants: null, holds: 0 });
});
