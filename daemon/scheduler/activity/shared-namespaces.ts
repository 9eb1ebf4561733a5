import type { ServiceSpec } from '../../model/spec.js';
import type { Ms } from '../../shared/span.js';
import { stopIt } from '../lifecycle/stop.js';
import type { Policy } from '../policy/policy.js';
import type { Draft } from '../state/draft.js';
import { isWanted, type ServiceEntry } from '../state/world.js';
import { activeDependantsOf } from './needed-by.js';

/**
 * Whether a service lives in a namespace of another one's container (`network_mode`, `pid` or `ipc: service:NAME`): when that ends, its
 * network is gone, or all its processes are killed.
 */
export function sharesNamespaceOf({ container }: Pick<ServiceSpec, 'container'>, name: string): boolean {
  if (container === null) return false;
  const mode = `service:${name}`;
  return container.networkMode === mode || container.pid === mode || container.ipc === mode;
}

/**
 * A service has been started: what lives in its namespaces was left in those of its last run, and starts again. Made anew where the
 * container is another one: the engine keeps the id of the container that is shared.
 */
export function restartSharers(draft: Draft, { spec, container: last }: ServiceEntry, container: string, policy: Policy, now: Ms): void {
  for (const id of activeDependantsOf(draft, spec)) {
    const sharer = draft.entry(id);
    if (!sharer || sharer.container === null || !sharesNamespaceOf(sharer.spec, spec.name)) continue;
    if (last !== container) {
      draft.patch(id, { recreateRequested: true });
      draft.intentChanged = true;
    }
    const { state } = sharer;
    if (!isWanted(sharer)) continue;
    if (state.kind === 'starting') draft.setState(id, { ...state, next: state.grant });
    if (state.kind !== 'running') continue;
    stopIt(draft, id, sharer, { kind: 'restart', grant: state.grant }, policy, now);
    draft.notice(sharer.spec, { kind: 'stopping', data: { reason: 'namespace-restarted', owner: spec.name } });
  }
}
