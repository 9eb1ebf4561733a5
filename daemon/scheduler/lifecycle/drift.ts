import type { ObservedContainer } from '../../model/observed.js';
import { sameLimit } from '../../model/observed.js';
import type { ServiceId } from '../../model/spec.js';
import type { Bytes } from '../../shared/bytes.js';
import { roomFor } from '../memory/samples.js';
import type { Policy } from '../policy/policy.js';
import type { Draft } from '../state/draft.js';
import { type Address, addressOf } from '../state/wiring.js';
import type { ServiceEntry } from '../state/world.js';

/**
 * A running container that is looked at again: where it is reached, whether it is paused, and its limit, which another program may have changed past
 * us (docker update). That is put back: the budget rests on grants, and a service's memory is what its profile says. A changed name is
 * nothing: containers are known by id and label.
 */
export function foldDrift(draft: Draft, id: ServiceId, entry: ServiceEntry, seen: ObservedContainer, policy: Policy): void {
  const { state } = entry;
  if (state.kind !== 'running') return;
  const frozen = seen.status === 'paused';
  const address = addressOf(seen);
  if (frozen !== state.frozen || !isSame(address, entry.address)) draft.patch(id, { address, state: { ...state, frozen } });
  if (state.resizing === null && !sameLimit(seen.limit, state.grant)) restoreLimit(draft, id, seen, state.grant, policy);
}

/** One that is adopted with its present definition, and with a limit outside what that allows: no grant of ours. */
export function foldStrangeLimit(draft: Draft, id: ServiceId, entry: ServiceEntry, seen: ObservedContainer, policy: Policy): void {
  const { standard, maximum } = entry.spec.memory;
  const allowed = Math.min(maximum, Math.max(standard, seen.limit));
  if (seen.configHash === entry.spec.configHash && !sameLimit(seen.limit, allowed)) restoreLimit(draft, id, seen, allowed, policy);
}

/** What it holds until then counts. More than it holds by our count is given only where the budget has room. */
function restoreLimit(draft: Draft, id: ServiceId, seen: ObservedContainer, to: Bytes, policy: Policy): void {
  const entry = draft.entry(id);
  if (entry?.state.kind !== 'running' || draft.engine !== 'up') return;
  const { state, spec } = entry;
  if (to > state.grant && to - state.grant > roomFor(draft, policy)) return;
  draft.setState(id, { ...state, grant: Math.max(seen.limit, to), resizing: to });
  draft.steps.push({ kind: 'resize', id, container: seen.id, from: seen.limit, to, floor: to });
  draft.notice(spec, { kind: 'resized', data: { reason: 'changed-by-hand', found: seen.limit, restored: to } });
}

function isSame(a: Address, b: Address | null): boolean {
  return b !== null && a.ip === b.ip && a.pid === b.pid && JSON.stringify(a.ports) === JSON.stringify(b.ports);
}
