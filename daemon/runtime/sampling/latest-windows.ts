import type { LiveHost, LiveWindows } from '../../api/live.js';
import type { Clock, Log } from '../../ports/ports.js';
import type { WindowsAnswer, WindowsMemory } from '../../ports/windows-memory.js';
import type { Ms } from '../../shared/span.js';

/** Asking costs Windows a PowerShell. */
const EVERY: Ms = 60_000;
/** A timer of the same minute may be early by so much. */
const EARLY: Ms = 20;
/** Unrenewed for longer, as after the last viewer has gone, it says nothing of now. */
const LASTS: Ms = 150_000;

export interface LatestWindowsOptions {
  readonly ask: WindowsMemory;
  /** Whether this is a machine of WSL's: elsewhere nothing is asked, and what asks is not even loaded. */
  readonly isWsl: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
  /** There is an answer, or there is none any more. */
  readonly changed: () => void;
}

/**
 * What Windows said last of its memory and WSL's machines. Asked while somebody watches, at most once a minute and never twice at once; nobody waits
 * for it. It has no timer of its own: the sampler's, which there is while somebody watches, brings it the time.
 */
export class LatestWindows {
  private askedAt: Ms = Number.NEGATIVE_INFINITY;
  private isAsking = false;
  private seen: { readonly moment: Ms; readonly windows: LiveWindows } | null = null;
  private fault: string | null = null;

  constructor(private readonly options: LatestWindowsOptions) {}

  /** Somebody watches at this moment. */
  watched(): void {
    const { clock, isWsl } = this.options;
    const now = clock.now();
    if (this.isAsking || now - this.askedAt < EVERY - EARLY || !isWsl()) return;
    this.askedAt = now;
    void this.ask();
  }

  /** For the snapshot: what is known now, else why it is not. */
  live(): Pick<LiveHost, 'windows' | 'windowsFault'> {
    if (this.fault !== null) return { windowsFault: this.fault };
    if (this.seen === null || this.options.clock.now() - this.seen.moment > LASTS) return {};
    return { windows: this.seen.windows };
  }

  private async ask(): Promise<void> {
    const { ask, clock, log, changed } = this.options;
    this.isAsking = true;
    const answer = await ask().catch((error): WindowsAnswer => ({ windows: null, fault: String(error) }));
    this.isAsking = false;
    const fault = answer?.fault ?? null;
    if (fault !== null && fault !== this.fault) log.info({ fault }, 'Windows could not be asked for its memory');
    this.fault = fault;
    this.seen = answer?.windows ? { moment: clock.now(), windows: { at: Math.round(clock.wall()), ...answer.windows } } : null;
    changed();
  }
}
