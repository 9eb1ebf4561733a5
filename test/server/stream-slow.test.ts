import { describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import type { Live, StreamFrame } from '../../daemon/api/live.js';
import { applyDelta } from '../../daemon/api/live-delta.js';
import { notice } from './harness.js';
import { change, liveService, rawStream, stage, watcher } from './stage.js';

const LONG = 'x'.repeat(50_000);
/** A reason that makes a delta of 50 KB. */
const why = (turn: number) => `${turn} ${LONG}`;

/** Pictures that follow each other without a pause: what a slow reader misses depends on its socket, not on when they come. */
const HASTY = { limits: { soonest: 0 } };

/** A client that has read its snapshot and reads nothing more until `resume`. */
async function paused(socket: string) {
  const client = rawStream(socket);
  const frames: StreamFrame[] = [];
  const closed = new Promise<readonly [number, string]>(resolve => client.once('close', (code, reason) => resolve([code, String(reason)])));
  await new Promise<void>(resolve => {
    client.on('message', data => {
      frames.push(JSON.parse(String(data)));
      if (frames.length > 1) return;
      client.pause();
      resolve();
    });
  });
  return { client, frames, closed };
}

function untilFrame(client: WebSocket, frames: readonly StreamFrame[], fits: (frame: StreamFrame) => boolean): Promise<void> {
  return new Promise(resolve => {
    const look = () => frames.some(fits) && resolve();
    client.on('message', look);
    look();
  });
}

function replayed(frames: readonly StreamFrame[]): Live | null {
  return frames.reduce<Live | null>((live, frame) => {
    if (frame.type === 'snapshot') return frame.live;
    return frame.type === 'delta' && live ? applyDelta(live, frame.live) : live;
  }, null);
}

describe('a reader that pauses', () => {
  it('is told in fewer deltas all that it missed, and every notice in order; the others are told as ever', async () => {
    const { client, socket, paint, tell, live } = await stage([liveService('api')], HASTY);
    const slow = await paused(socket);
    const quick = await watcher(client, { every: 250 });
    const turns = 30;
    for (let turn = 1; turn <= turns; turn++) {
      tell(notice(turn, 'api', 'ready'));
      paint(change('api', { why: why(turn), crashes: turn }));
      await quick.until('delta', ({ live: delta }) => delta.services?.[0]?.crashes === turn);
    }
    slow.client.resume();
    await untilFrame(slow.client, slow.frames, frame => frame.type === 'delta' && frame.live.services?.[0]?.crashes === turns);
    expect(slow.frames.map(({ seq }) => seq)).toEqual(slow.frames.map((_, at) => at + 1));
    expect(slow.frames.flatMap(frame => (frame.type === 'notice' ? frame.notice.seq : []))).toEqual(Array.from({ length: turns }, (_, at) => at + 1)); // biome-ignore format: short
    // The kernel takes some 200 KB before the daemon has anything to keep.
    expect(slow.frames.filter(({ type }) => type === 'delta').length).toBeLessThan(turns / 2);
    expect(quick.frames.filter(({ type }) => type === 'delta')).toHaveLength(turns);
    expect(replayed(slow.frames)).toEqual(live());
  });

  it('is told the last snapshot as soon as it reads again, though nothing changes any more', async () => {
    const { client, socket, paint, live } = await stage([liveService('api')], HASTY);
    const slow = await paused(socket);
    const quick = await watcher(client);
    for (let turn = 1; turn <= 12; turn++) {
      paint(change('api', { why: why(turn), crashes: turn }));
      await quick.until('delta');
    }
    slow.client.resume();
    await untilFrame(slow.client, slow.frames, frame => frame.type === 'delta' && frame.live.services?.[0]?.crashes === 12);
    expect(replayed(slow.frames)).toEqual(live());
  });
});

describe('a reader that never reads', () => {
  it('is let go with 4008 and the reason when more than 1 MiB of notices waits; what it was sent before is in order', async () => {
    const { client, socket, tell } = await stage([liveService('api')]);
    const slow = await paused(socket);
    const quick = await watcher(client);
    const count = 200;
    for (let seq = 1; seq <= count; seq++) {
      tell(notice(seq, 'api', 'ready', 'x'.repeat(10_000)));
      await quick.until('notice', frame => frame.notice.seq === seq);
    }
    slow.client.resume();
    expect(await slow.closed).toEqual([4008, 'Too slow: more than 1 MiB was unsent. Connect again for a snapshot.']);
    const seqs = slow.frames.flatMap(frame => (frame.type === 'notice' ? frame.notice.seq : []));
    expect(seqs).toEqual(seqs.map((_, at) => at + 1));
    expect(seqs.length).toBeGreaterThan(100);
    expect(seqs.length).toBeLessThan(count);
  });

  it('fails with too-busy in the client, after all that was sent', async () => {
    const { client, tell } = await stage([liveService('api')]);
    const [slow, quick] = [await watcher(client), await watcher(client)];
    for (let seq = 1; seq <= 250; seq++) {
      tell(notice(seq, 'api', 'ready', 'x'.repeat(10_000)));
      await quick.until('notice', frame => frame.notice.seq === seq);
    }
    await expect(slow.until('heartbeat')).rejects.toMatchObject({ failure: { code: 'too-busy' } });
    expect(slow.frames.length).toBeGreaterThan(100);
    expect(slow.frames.map(({ seq }) => seq)).toEqual(slow.frames.map((_, at) => at + 1));
  });

  it('does not stop the daemon from ending', async () => {
    const { socket, tell, stop } = await stage([liveService('api')]);
    const slow = await paused(socket);
    for (let seq = 1; seq <= 50; seq++) tell(notice(seq, 'api', 'ready', 'x'.repeat(10_000)));
    await stop();
    slow.client.resume();
    await slow.closed;
  });
});
