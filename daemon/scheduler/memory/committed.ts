import type { Bytes } from '../../shared/bytes.js';
import { held } from '../state/service-state.js';
import { isWanted, type ServiceEntry } from '../state/world.js';

/** What an entry is committed to hold once everything that is decided has been done. */
export function committed(entry: ServiceEntry): Bytes {
  return isWanted(entry) ? lasting(entry) : 0;
}

/** The same of one that is to be stopped, were it kept after all. */
export function lasting(entry: ServiceEntry): Bytes {
  const { state } = entry;
  if (state.kind === 'running') return Math.min(state.grant, state.resizing ?? state.grant);
  if (state.kind === 'queued') return state.grant;
  if (state.kind === 'starting') return state.next ?? state.grant;
  if (state.kind === 'stopping') return state.after.kind === 'restart' ? state.after.grant : 0;
  return held(state);
}
