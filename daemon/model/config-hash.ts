import { canonical } from '../shared/canonical.js';
import { listenersOf } from './listeners.js';
import type { ServiceSpec } from './spec.js';

/**
 * What the config hash is taken over: a container made from one text is recreated when the text differs. Only what the
 * container is made from counts; priority, idle time and timeouts change without a restart. A service whose host ports
 * the daemon holds gets other ports than one that publishes them itself, so that counts too; the text of all others has
 * no such key and is what it was before the daemon had listeners. The keys stay as they are: another text would recreate every container
 * at the next `up`. config/project takes the hash of the text: this room is pure.
 */
export function configText(service: Omit<ServiceSpec, 'configHash'>): string {
  const { container, runtime } = service;
  // Whether a person wrote the figures says nothing about the container.
  const { standard, maximum } = service.memory;
  const memory = { standard, maximum };
  const listens = listenersOf(service).length > 0;
  return canonical({ container, memory, runtime, ...(listens ? { doors: true } : {}) });
}
