import type { Notice } from '../api/notice.js';
import type { Clock } from '../ports/ports.js';
import { type Decision, decide, nextDeadline } from '../scheduler/decide.js';
import type { Policy } from '../scheduler/policy/policy.js';
import type { Action, Answer, Event } from '../scheduler/state/event.js';
import type { Step } from '../scheduler/state/step.js';
import { EMPTY_WORLD, type World } from '../scheduler/state/world.js';
import type { Ms } from '../shared/span.js';

export interface LoopOptions {
  readonly policy: Policy;
  readonly clock: Clock;
}

/** Where a decision goes. */
export interface LoopOutlets {
  /** Starts a step's effect; its result comes back as an event. Must not throw. */
  readonly execute: (step: Step) => void;
  readonly onNotices: (notices: readonly Notice[]) => void;
  /** Called after each decision with the world that it left. */
  readonly onWorld: (world: World) => void;
}

/** A timer that is late by more, or a wall clock that ran ahead of the monotonic one by more: the machine or this process stood still. */
const AWAY: Ms = 10_000;

interface Letter {
  readonly event: Event;
  readonly answer: ((answer: Answer) => void) | null;
}

/**
 * The one mailbox. INVARIANTS: events are decided one at a time, in the order in which they came; the world is replaced only
 * here; steps are given out in the order decided, after the world that they follow from is in place; an event that an effect
 * posts while it is being started waits its turn; nothing is decided before `start`. One timer at most, for the next deadline: at rest nothing ticks.
 */
export class Loop {
  private current: World = EMPTY_WORLD;
  private readonly mailbox: Letter[] = [];
  private outlets: LoopOutlets | null = null;
  private deciding = false;
  private timer: NodeJS.Timeout | null = null;
  /** Both clocks at the last event. */
  private last: { readonly now: Ms; readonly wall: Ms } | null = null;
  private closed = false;

  constructor(private readonly options: LoopOptions) {}

  /** From now on events are decided, in the order in which they came: everything that carries out steps is there. Once. */
  start(outlets: LoopOutlets): void {
    this.outlets = outlets;
    this.drain();
  }

  get world(): World {
    return this.current;
  }

  post(event: Event): void {
    this.mailbox.push({ event, answer: null });
    this.drain();
  }

  /** Answers when the action's turn has come: at once, unless asked from inside an effect that is being started. */
  ask(action: Action): Promise<Answer> {
    return new Promise(resolve => {
      this.mailbox.push({ event: { kind: 'action', action }, answer: resolve });
      this.drain();
    });
  }

  /** What would be decided; nothing is changed. */
  rehearse(action: Action): Answer | null {
    return this.decide({ kind: 'action', action }).answer;
  }

  /** Nothing is decided any more; effects under way end by themselves. */
  close(): void {
    this.closed = true;
    if (this.timer) clearTimeout(this.timer);
  }

  private decide(event: Event): Decision {
    return decide(this.current, event, this.options.policy, this.options.clock.now());
  }

  private drain(): void {
    const { outlets } = this;
    if (outlets === null || this.deciding || this.closed) return;
    this.deciding = true;
    try {
      for (let letter = this.mailbox.shift(); letter; letter = this.mailbox.shift()) this.take(letter, outlets);
    } finally {
      this.deciding = false;
    }
  }

  private take(letter: Letter, outlets: LoopOutlets): void {
    if (this.wasAway()) this.settle({ event: { kind: 'resumed' }, answer: null }, outlets);
    this.settle(letter, outlets);
  }

  /**
   * Linux holds the monotonic clock while a laptop sleeps (docs/design/reliability.md, "Suspend and clocks"), so that the wall clock is ahead afterwards. One that somebody sets forward
   * looks the same and does no harm: idle times begin anew. One that is set back is no sign of anything.
   */
  private wasAway(): boolean {
    const { last } = this;
    const [now, wall] = [this.options.clock.now(), this.options.clock.wall()];
    this.last = { now, wall };
    return last !== null && wall - last.wall - (now - last.now) > AWAY;
  }

  private settle({ event, answer }: Letter, { execute, onNotices, onWorld }: LoopOutlets): void {
    const decision = this.decide(event);
    this.current = decision.world;
    onNotices(decision.notices);
    for (const step of decision.steps) execute(step);
    onWorld(this.current);
    this.arm();
    if (decision.answer) answer?.(decision.answer);
  }

  private arm(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    const due = this.closed ? null : nextDeadline(this.current, this.options.policy);
    if (due === null) return;
    const wait = Math.max(1, due - this.options.clock.now());
    this.timer = setTimeout(() => {
      // Where the monotonic clock runs on meanwhile, the deadline is long over.
      if (this.options.clock.now() - due > AWAY) this.post({ kind: 'resumed' });
      this.post({ kind: 'tick' });
    }, wait);
  }
}
