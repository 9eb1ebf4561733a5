import type { Readiness } from '../../../daemon/model/readiness.js';
import type { ServiceSpec } from '../../../daemon/model/spec.js';
import { UNUSED } from '../../../daemon/scheduler/activity/use.js';
import { NO_COOLDOWN } from '../../../daemon/scheduler/policy/cooldown.js';
import type { ServiceState } from '../../../daemon/scheduler/state/service-state.js';
import type { Address } from '../../../daemon/scheduler/state/wiring.js';
import type { ServiceEntry } from '../../../daemon/scheduler/state/world.js';
import { containerSpec, serviceSpec } from '../specs.js';

interface Change {
  readonly spec?: Partial<ServiceSpec>;
  readonly state?: ServiceState;
  readonly readiness?: Readiness;
  readonly frozen?: boolean;
  readonly awake?: boolean;
  readonly hostIp?: string;
  readonly ports?: Address['ports'];
  readonly container?: string;
}

/** An on-demand PostgreSQL at the host's port 15432 that runs and is reached at 172.18.0.2, with the keys given on top. */
export function running(change: Change = {}): ServiceEntry {
  const { spec = {}, frozen = false, awake = true, hostIp = '127.0.0.1', ports = [], container = 'c1' } = change;
  const port = { hostIp, host: 15432, container: 5432, protocol: 'tcp' as const };
  return {
    spec: {
      ...serviceSpec({ protocol: 'postgres', start: 'on-demand', idle: 60_000, container: containerSpec({ ports: [port] }) }),
      ...spec,
    },
    desired: 'up',
    awake,
    wakeRequest: null,
    refusal: null,
    use: UNUSED,
    samples: [],
    shrinkFrom: 0,
    spoken: {},
    listens: [],
    address: { ip: '172.18.0.2', ports, pid: 7 },
    memoryReport: null,
    memoryRequest: null,
    state: change.state ?? {
      kind: 'running',
      grant: 1,
      container,
      since: 0,
      health: 'none',
      readiness: change.readiness ?? { kind: 'checked' },
      hash: 'h',
      frozen,
      resizing: null,
    },
    attempt: 1,
    crashes: [],
    cooldown: NO_COOLDOWN,
    ooms: 0,
    oomsAtMaximum: [],
    oomAt: null,
    oomLimit: null,
    endsBy: null,
    stopSignal: 15,
    byHand: false,
    startsLate: 0,
    sessions: [],
    volumes: {},
    stoppedOutsideAt: null,
    restartRequested: false,
    recreateRequested: false,
    container,
    launchedHash: null,
    removing: false,
    removeAt: null,
    hours: null,
    version: 1,
  };
}
