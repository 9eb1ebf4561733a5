import type { Printable } from '../../shared/own.js';
import type { Size } from '../cells.js';

/** The terminal as the program needs it: taken while the dashboard is shown, given back while another program has it. */
export interface Terminal {
  size(): Size;
  write(text: Printable): void;
  /** Raw input and the alternate screen; nothing when it is taken already. */
  take(): void;
  /** As it was before. Works in any state, and at the end of the process too. */
  give(): void;
  /** Gives it back and stops this process, as ctrl-z does to others; resolves, with it taken again, when the process goes on. */
  suspend(): Promise<void>;
  /** Called with what is typed, and when there is no more to come. Only while it is taken. */
  onInput(listener: (chunk: Uint8Array) => void, ended: () => void): void;
  onResize(listener: () => void): void;
  /** Something else than a key asks it to stop (SIGTSTP); the listener calls `suspend`. */
  onStop(listener: () => void): void;
  /** Another program stopped and continued this one: what is on the screen is unknown. */
  onContinue(listener: () => void): void;
}
