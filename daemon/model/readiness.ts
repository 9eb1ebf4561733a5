import type { Protocol } from './spec.js';

/**
 * How it is known that a service is ready. checked: its health check passes. answered: its ports do, each in its protocol; `silent` are
 * ports of it at which nothing listens yet. unprobed: there is nothing to ask; it runs. unready: it runs, and its ports do not answer, which
 * nobody has said they must. adopted: it ran already when the daemon came.
 */
export type Readiness =
  | { readonly kind: 'checked' }
  | { readonly kind: 'answered'; readonly ports: readonly Answered[]; readonly silent: readonly number[] }
  | { readonly kind: 'unprobed'; readonly why: string }
  | { readonly kind: 'unready'; readonly why: string }
  | { readonly kind: 'adopted' };

/** A container port that was asked. `protocol`: what it was heard to speak; null: it accepts, and has said nothing. */
export interface Answered {
  readonly port: number;
  readonly protocol: Protocol | null;
}

export const CHECKED: Readiness = { kind: 'checked' };

/** As `ps --json` has it. */
export type ReadinessText = 'probed' | 'unprobed' | 'unready';

export function readyWord({ kind }: Readiness): ReadinessText {
  if (kind === 'checked' || kind === 'answered') return 'probed';
  return kind === 'unready' ? 'unready' : 'unprobed';
}

/** What its health is when it has become ready this way. */
export function healthOf(readiness: Readiness): 'healthy' | 'none' {
  return readyWord(readiness) === 'probed' ? 'healthy' : 'none';
}

/** For `why`; null: nothing to say beyond that it is healthy. */
export function readinessText(readiness: Readiness): string | null {
  switch (readiness.kind) {
    case 'checked':
      return 'its health check passes';
    case 'answered': {
      const asked = readiness.ports.map(({ port, protocol }) => `${port}${protocol === null ? '' : ` (${protocol})`}`).join(', ');
      const silent = readiness.silent.length === 0 ? '' : `; nothing listens on ${readiness.silent.join(', ')}`;
      return `port ${asked} answers${silent}`;
    }
    case 'unprobed':
      return `unprobed: ${readiness.why}`;
    case 'unready':
      return `not ready: ${readiness.why}`;
    case 'adopted':
      return 'unprobed: it ran already when laptop-dev began to watch it';
  }
}
