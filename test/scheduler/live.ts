import type { Live } from '../../daemon/api/live.js';
import { MiB } from '../../daemon/shared/bytes.js';

/** A snapshot of a quiet machine without services, for tests to put their own into. */
export const LIVE: Live = {
  at: 1_700_000_000_000,
  daemon: { version: '9.9.9', pid: 42, instance: 'abc', startedAt: 1_700_000_000_000, rss: 50 * MiB, cpu: 0.1 },
  engine: { kind: 'docker', version: '20.10.24' },
  host: {
    total: 16_384 * MiB,
    available: 8_192 * MiB,
    swapTotal: 0,
    swapFree: 0,
    cores: 8,
    cpu: 5,
    load: [0.5, 0.4, 0.3],
    psi: { some10: 0, full10: 0 },
    pressure: 'none',
    wsl: false,
  },
  budget: { budget: 8192 * MiB, granted: 0, standard: 0, workingSet: 0 },
  projects: [{ name: 'shop', root: '/home/me/shop', profile: 'minimal' }],
  services: [],
};
