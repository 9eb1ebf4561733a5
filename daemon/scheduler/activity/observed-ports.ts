import { canSleep, innerPorts } from '../../model/listeners.js';
import { speechOf } from '../../model/protocols.js';
import type { Protocol } from '../../model/spec.js';
import type { Draft } from '../state/draft.js';
import type { Event } from '../state/event.js';
import { liveContainer } from '../state/service-state.js';
import { idOf, type ServiceEntry } from '../state/world.js';

/** Most ports of one service that are known without being named in its file. */
const MOST = 64;

export function foldSpoke(draft: Draft, { id, port, protocol }: Extract<Event, { kind: 'spoke' }>): void {
  const entry = draft.entry(id);
  if (entry) protocolObserved(draft, entry, port, protocol);
}

/** Remembers what a port was heard to speak, and says so where it was taken for something else. */
export function protocolObserved(draft: Draft, { spec }: ServiceEntry, port: number, protocol: Protocol): void {
  const id = idOf(spec);
  const entry = draft.entry(id);
  if (!entry || entry.spoken[port] === protocol) return;
  const before = speechOf(spec, port, entry.spoken[port] ?? null);
  draft.patch(id, { spoken: { ...entry.spoken, [port]: protocol } });
  const after = speechOf(spec, port, protocol);
  if (after.protocol !== before.protocol)
    draft.notice(spec, { kind: 'heard', data: { port, protocol: after.protocol, inferred: before.protocol } });
}

export function foldListens(draft: Draft, { id, container, ports }: Extract<Event, { kind: 'listens' }>): void {
  const entry = draft.entry(id);
  if (entry && (container === null || liveContainer(entry.state) === container)) portsObserved(draft, entry, ports);
}

/** Ports beyond those of its file at which others in its networks may reach it. What was once known stays known: it wakes there too. */
export function portsObserved(draft: Draft, entry: ServiceEntry, ports: readonly number[]): void {
  const named = new Set(innerPorts(entry.spec));
  const listens = [...new Set([...entry.listens, ...ports])].filter(port => !named.has(port)).slice(0, MOST);
  if (listens.length === entry.listens.length) return;
  draft.patch(idOf(entry.spec), { listens });
  const project = draft.projects.get(entry.spec.project);
  // Only a gateway of ours can bring a connection of another container.
  if (canSleep(entry.spec) && project?.listeners.kind === 'open' && project.listeners.gateways.length > 0)
    draft.setListeners(entry.spec.project, { kind: 'due' });
}
