import { canSleep, whyAwake } from '../../../model/listeners.js';
import type { ServiceSpec } from '../../../model/spec.js';
import type { Problem } from '../../../shared/problem.js';
import type { ComposeService } from '../../compose/types.js';
import type { SettingOrigin } from './setting-origin.js';

/**
 * Warnings for a service that was asked to sleep: that it cannot, at each key that asks, and what to write instead; or which of its
 * ports do not wake it. `said`: where a key was written, null where it was not.
 */
export function awakeWarnings(spec: ServiceSpec, compose: ComposeService, said: (key: string) => SettingOrigin | null): readonly Problem[] {
  const why = whyAwake(spec);
  if (why !== null) return [...unheard('start', why, spec, said), ...unheard('idle', why, spec, said)];
  if (!canSleep(spec)) return [];
  const plain = compose.container.ports.filter(port => port.protocol === 'tcp' && port.host === null).map(port => port.container);
  if (plain.length === 0) return [];
  const message = `no fixed host port for ${plain.join(', ')}: the engine publishes a free one, and connecting there does not wake it`;
  const expected = `HOST:CONTAINER, as ${plain[0]}:${plain[0]}`;
  return [{ ...compose.position, key: `services.${spec.name}.ports`, message, expected, nearest: null }];
}

function unheard(key: 'start' | 'idle', why: string, spec: ServiceSpec, said: (key: string) => SettingOrigin | null): Problem[] {
  const asks = key === 'start' ? spec.start === 'on-demand' : spec.idle !== null || spec.activation.freezeAfter !== null;
  const place = asks ? said(key) : null;
  if (place === null) return [];
  const expected = key === 'start' ? 'eager or manual (it starts with its profile)' : 'never (it is not put to sleep)';
  return [{ ...place, message: why, expected, nearest: null }];
}
