import type { Restart } from '../../../model/spec.js';
import { type Cursor, quote } from '../tree/cursor.js';
import { warnUnsupported } from './unsupported.js';

/** Without `restart` a crash is repaired and an exit with 0 respected; see model/spec. */
const DEFAULT: Restart = { policy: 'on-failure', maxRetries: null };

/** The specification knows `any`; the other two are spellings of `restart` that Compose takes here as well. */
const ALWAYS: readonly string[] = ['any', 'always', 'unless-stopped', ''];

/** `restart`, or deploy.restart_policy where that is missing, as in Compose. */
export function restartOf(service: Cursor): Restart {
  const restart = service.get('restart');
  if (restart === null) return deployed(service.get('deploy')?.get('restart_policy') ?? null);
  const text = restart.text() ?? '';
  const match = /^(no|false|always|unless-stopped|on-failure)(?::(\d+))?$/.exec(text);
  if (!match || (match[2] !== undefined && match[1] !== 'on-failure')) {
    restart.error(`${quote(text)} is not a restart policy`, { expected: 'no, always, on-failure, on-failure:N or unless-stopped' });
    return DEFAULT;
  }
  if (match[1] === 'no' || match[1] === 'false') return { policy: 'no', maxRetries: null };
  if (match[1] === 'on-failure') return { policy: 'on-failure', maxRetries: match[2] === undefined ? null : Number(match[2]) };
  return { policy: 'always', maxRetries: null };
}

function deployed(policy: Cursor | null): Restart {
  if (policy === null) return DEFAULT;
  warnUnsupported(policy, ['condition', 'max_attempts']);
  const condition = policy.get('condition');
  const text = condition?.text() ?? 'any';
  const maxRetries = policy.get('max_attempts')?.integer(0) ?? null;
  if (text === 'none' || text === 'no') return { policy: 'no', maxRetries: null };
  if (text === 'on-failure') return { policy: 'on-failure', maxRetries };
  // Compose takes any other word for always.
  if (!ALWAYS.includes(text)) condition?.warn(`${quote(text)} is not a condition; always is taken, as in Compose`);
  return { policy: 'always', maxRetries };
}

/** Warns of keys of `deploy` that are not supported (they concern a cluster) and of more than one replica. */
export function checkDeploy(service: Cursor): void {
  const deploy = service.get('deploy');
  if (deploy !== null) {
    warnUnsupported(deploy, ['resources', 'replicas', 'restart_policy', 'labels']);
    const resources = deploy.get('resources');
    if (resources !== null) warnUnsupported(resources, ['limits', 'reservations']);
  }
  for (const at of [service.get('scale'), deploy?.get('replicas') ?? null]) {
    const count = at?.integer(0) ?? 1;
    if (count > 1) at?.warn(`laptop-dev runs one container of each service, not ${count}`);
  }
}

/** `scale: 0`, `deploy.replicas: 0`, or something else than a container provides it: the service is described, but does not run. */
export function hasNoContainers(service: Cursor): boolean {
  if (service.get('provider') !== null) return true;
  const replicas = service.get('deploy')?.get('replicas') ?? null;
  return (service.get('scale') ?? replicas)?.integer(0) === 0;
}
