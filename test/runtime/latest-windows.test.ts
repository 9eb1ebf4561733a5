import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { WindowsAnswer } from '../../daemon/ports/windows-memory.js';
import { Rig, runningAs } from './support/rig.js';

const MB = 1024 * 1024;
const SEEN = { total: 16_000 * MB, free: 3_000 * MB, machines: [{ name: 'vmmemWSL', memory: 7_000 * MB, since: 5 }] };

let rig: Rig;
/** When Windows was asked, and what answers the call that is open. */
let asked: number[];
let answer: (answer: WindowsAnswer | null) => Promise<void>;
beforeEach(() => {
  vi.useFakeTimers();
  rig = new Rig();
  asked = [];
  rig.askWindows = () => {
    asked.push(rig.time.now);
    return new Promise(resolve => {
      answer = async given => {
        resolve(given);
        await vi.advanceTimersByTimeAsync(0);
      };
    });
  };
});
afterEach(() => {
  rig.watchers.close();
  rig.sampler.close();
  vi.useRealTimers();
});

async function pass(seconds: number): Promise<void> {
  for (let step = 0; step < seconds; step++) {
    rig.time.now += 1_000;
    await vi.advanceTimersByTimeAsync(1_000);
  }
}

/** So that each call is answered at once. */
function always(given: WindowsAnswer | null): void {
  rig.askWindows = async () => {
    asked.push(rig.time.now);
    return given;
  };
}

describe('Windows is asked', () => {
  test.each([250, 1_000, 5_000, 60_000])('at once, and once a minute while somebody watches every %i ms', async every => {
    always({ windows: SEEN, fault: null });
    const end = rig.watch(every);
    await pass(180);
    expect(asked).toEqual([0, 60_000, 120_000, 180_000]);
    // The laptop was suspended; the last one leaves.
    rig.time.now += 3_600_000;
    end();
    await pass(600);
    expect(asked).toHaveLength(4);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('also where services are measured more often than the watcher asks for', async () => {
    always({ windows: SEEN, fault: null });
    rig.files.set('c-api', 100);
    rig.set(runningAs('api'));
    rig.watch(60_000);
    await pass(120);
    expect(asked).toEqual([0, 60_000, 120_000]);
  });

  test('no more often where watchers come and go', async () => {
    always({ windows: SEEN, fault: null });
    for (let second = 0; second < 59; second++) {
      const end = rig.watch(1_000);
      await pass(1);
      end();
    }
    expect(asked).toEqual([0]);
  });

  test('not for the core, nor for who only looks, nor elsewhere than under WSL', async () => {
    rig.files.set('c-api', 100);
    rig.set(runningAs('api'));
    rig.sampler.looked();
    await pass(120);
    rig.isWsl = false;
    rig.watch(1_000);
    await pass(120);
    expect(asked).toEqual([]);
    expect(rig.windows.live()).toEqual({});
  });

  test('never twice at once, and nobody waits for the answer', async () => {
    rig.watch(1_000);
    await pass(200);
    expect(asked).toEqual([0]);
    expect(rig.windows.live()).toEqual({});
    expect(rig.figures.host().host.cpu).not.toBeNull();
    await answer({ windows: SEEN, fault: null });
    await pass(1);
    expect(asked).toEqual([0, 201_000]);
  });
});

describe('what it said', () => {
  test('is told to who watches when it comes, with its time', async () => {
    let calls = 0;
    rig.watch(60_000, () => calls++);
    await vi.advanceTimersByTimeAsync(1);
    calls = 0;
    await pass(2);
    await answer({ windows: SEEN, fault: null });
    expect(rig.told).toEqual([2_000]);
    expect(rig.windows.live()).toEqual({ windows: { at: rig.time.wall + 2_000, ...SEEN } });
  });

  test('is not told as of now when nobody has asked for long', async () => {
    always({ windows: SEEN, fault: null });
    rig.watch(1_000)();
    await pass(60);
    expect(rig.windows.live()).toHaveProperty('windows');
    await pass(100);
    expect(rig.windows.live()).toEqual({});
  });

  test('a fault is told with its reason, logged once, and asked about again a minute later', async () => {
    always({ windows: SEEN, fault: null });
    rig.watch(1_000);
    await pass(59);
    always({ windows: null, fault: 'powershell.exe failed (1)' });
    await pass(181);
    expect(asked).toEqual([0, 60_000, 120_000, 180_000, 240_000]);
    expect(rig.windows.live()).toEqual({ windowsFault: 'powershell.exe failed (1)' });
    expect(rig.faults).toEqual([{ fault: 'powershell.exe failed (1)' }]);
    always({ windows: SEEN, fault: null });
    await pass(60);
    expect(rig.windows.live()).toEqual({ windows: { at: rig.time.wall + 300_000, ...SEEN } });
  });

  test('what cannot even be loaded is a fault too', async () => {
    rig.askWindows = () => Promise.reject(new Error('no such module'));
    rig.watch(1_000);
    await pass(1);
    expect(rig.windows.live()).toEqual({ windowsFault: 'Error: no such module' });
  });

  test('no WSL2 after all: nothing is known, and nothing is wrong', async () => {
    always(null);
    rig.watch(1_000);
    await pass(1);
    expect(rig.windows.live()).toEqual({});
  });
});
