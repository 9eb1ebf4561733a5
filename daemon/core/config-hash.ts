import { canonical } from './canonical.js';
import type { ServiceSpec } from './model.js';

/**
 * What the config hash is taken over: a container made from one text is recreated when the text differs. Only what the
 * container is made from counts; priority, idle time and timeouts change without a restart. Hashing happens outside core.
 */
export function configText(service: Pick<ServiceSpec, 'container' | 'memory' | 'runtime'>): string {
  return canonical({ container: service.container, memory: service.memory, runtime: service.runtime });
}
