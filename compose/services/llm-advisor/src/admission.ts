import { ModelError } from './model-error.js';
import type { Answer } from './tier.js';

const MiB = 1024 * 1024;
/** What the runtime takes beside the model, and the margin over the library's estimate (docs/design/llm.md, "Estimate"). */
export const RUNTIME = 60 * MiB;
export const MARGIN = 1.1;
/** Contexts that are tried when the one asked for does not fit, in tokens. */
const STEPS = [4096, 2048, 1024];

/** What loading a model with this context takes. `measured`: by an earlier load; else it is estimated. */
export interface Need {
  readonly context: number;
  readonly bytes: number;
  readonly measured: boolean;
}

/** The whole process with the model loaded, from the library's estimate. */
export function needOf(estimate: number): number {
  return wholeMiB(estimate * MARGIN + RUNTIME);
}

/** The kernel rounds a limit down to pages: one that was raised to just the need would be below it. */
export function wholeMiB(bytes: number): number {
  return Math.ceil(bytes / MiB) * MiB;
}

/**
 * The contexts to try, the largest first: what was asked for, as far as the model was made for it, then the steps below. `died`: one that the process
 * did not survive; only shorter ones are tried then, or the shortest where there is none.
 */
export function contextsOf(asked: number, longest: number, died: number | null = null): readonly number[] {
  const first = Math.min(asked, longest > 0 ? longest : asked);
  const all = [first, ...STEPS.filter(step => step < first)];
  const shorter = all.filter(context => died === null || context < died);
  return shorter.length > 0 ? shorter : all.slice(-1);
}

export type Choice =
  /** Fits under the limit that holds. */
  | { readonly kind: 'load'; readonly need: Need }
  /** Fits only when the limit is raised to it. */
  | { readonly kind: 'ask'; readonly need: Need }
  | { readonly kind: 'refuse'; readonly need: Need };

/**
 * Which context a model is loaded with. `needs`: the largest context first; `limit`: what this process may use now; `maximum`: the most that it can ever be
 * granted. A larger context is worth asking for, but none that can never be had. Pure.
 */
export function choose(needs: readonly Need[], limit: number, maximum: number): Choice {
  const smallest = needs.at(-1);
  if (!smallest) throw new Error('no context was given');
  const possible = needs.find(({ bytes }) => bytes <= maximum);
  if (!possible) return { kind: 'refuse', need: smallest };
  return possible.bytes <= limit ? { kind: 'load', need: possible } : { kind: 'ask', need: possible };
}

/** The largest context that fits under a limit that was not raised; throws `no-room` when none does. */
export function settle(needs: readonly Need[], limit: number, answer: Answer): Need {
  const fits = needs.find(({ bytes }) => bytes <= limit);
  if (fits) return fits;
  const need = answer.need ?? needs.at(-1)?.bytes ?? 0;
  const free = answer.free ?? limit;
  throw new ModelError('no-room', answer.reason ?? `The model needs ${inMiB(need)} and ${inMiB(free)} can be used now.`, {
    need,
    free,
    holders: answer.holders,
    remedies: answer.remedies.length > 0 ? answer.remedies : ['Use a smaller model or a stronger quantisation.'],
  });
}

export function neverFits(need: Need, maximum: number): ModelError {
  return new ModelError(
    'never-fits',
    `The model needs ${inMiB(need.bytes)} with a context of ${need.context} tokens; the service may have ${inMiB(maximum)} at most.`,
    {
      need: need.bytes,
      maximum,
      context: need.context,
      remedies: ['Use a smaller model or a stronger quantisation.', "Raise the service's memory maximum in the profile."],
    },
  );
}

export function inMiB(bytes: number): string {
  return `${Math.round(bytes / MiB)} MiB`;
}
