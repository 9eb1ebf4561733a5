import type { Listeners } from '../../../daemon/ports/listeners.js';
import type { Images } from '../../../daemon/ports/ports.js';
import type { SupervisorOptions } from '../../../daemon/runtime/create-supervisor.js';
import { silent } from '../../activation/harness.js';
import { policy } from '../../scheduler/support/specs.js';

const MB = 1024 * 1024;

const QUIET_LISTENERS: Partial<Listeners> = {
  set: async () => [],
  activity: () => ({ connections: 0, lastByteAt: null, holding: false, bytes: 0, rhythm: null }),
  close: async () => undefined,
};

type Given = 'containers' | 'store';

/** A supervisor of version 9.9.9 with a budget of 4,000 MiB, on a host that is at ease and where nobody connects; a test says what else there is. */
export function supervisorOptions(given: Pick<SupervisorOptions, Given> & Partial<SupervisorOptions>): SupervisorOptions {
  return {
    images: {} as Images,
    usage: { workingSet: async () => null, sample: () => null, forget: () => {} },
    history: { add: () => {}, points: async () => [], close: () => {} },
    host: {
      read: () => ({ total: 8_000 * MB, available: 4_000 * MB }),
      sample: () => ({ total: 8_000 * MB, available: 4_000 * MB, psi: null, swapIn: null, refaults: null }),
      detail: () => ({ swapTotal: 0, swapFree: 0, cores: 4, cpu: null, load: [0, 0, 0], wsl: false }),
    },
    windowsMemory: async () => null,
    clock: { now: () => performance.now(), wall: () => Date.now() },
    log: silent,
    policy: policy(4_000),
    budgetFixed: false,
    version: '9.9.9',
    instance: 'abc',
    pid: 42,
    openListeners: () => QUIET_LISTENERS as Listeners,
    openRedirectManager: null,
    isLocal: async () => false,
    expectConnection: () => Promise.reject(new Error('nobody listens here')),
    listening: () => [],
    untilReady: async () => ({ ready: true, protocol: null }),
    openMemoryRequests: async () => {
      throw new Error('nobody speaks');
    },
    reclaimCache: async () => {
      throw new Error('it is off');
    },
    openScheduler: () => ({ set: () => {}, look: () => {}, next: () => null, ready: async () => undefined, close: () => {} }),
    pruneAt: null,
    relist: 30_000,
    onShutdown: () => {},
    ...given,
  };
}
