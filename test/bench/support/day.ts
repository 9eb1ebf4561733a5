/** Of the day and of the bench: how many minutes pass in a second. */
export const MINUTES_A_SECOND = 5;
/** 09:00 to 17:00, minutes. */
export const DAY = 480;

export type DayService = 'api' | 'postgres' | 'redis' | 'docs' | 'llm';

/** One request; `at`: minutes after nine. */
export interface Use {
  readonly at: number;
  readonly service: DayService;
}

/** When somebody programs; between are a meeting, lunch, a meeting, and the end of the day. Minutes after nine. */
const WORK: readonly (readonly [from: number, to: number])[] = [
  [5, 90],
  [130, 195],
  [255, 330],
  [390, 465],
];

/** What somebody does in one go: the next request goes out when the one before is answered, and its time has come. */
export type Session = readonly Use[];

/**
 * The requests of a developer's day, the same for the same seed. While programming: what was written is tried every 8 to 25 minutes,
 * with 8 to 30 requests to the API in 1 to 4 minutes, most with queries behind them; documentation is looked up now and then; four
 * times a day a language model is asked 3 to 8 questions.
 */
export function dayOf(seed: number): readonly Session[] {
  const random = mulberry32(seed);
  const between = (least: number, most: number): number => least + random() * (most - least);
  const sessions: Use[][] = [];
  for (const [from, to] of WORK) {
    for (let at = from + between(0, 10); at < to; at += between(8, 25)) {
      const span = between(1, 4);
      const count = Math.round(between(8, 30));
      sessions.push(Array.from({ length: count }, (_, index) => tried(at + (index / count) * span, random)).flat());
      if (random() < 0.3) sessions.push([{ at: at + between(0, 8), service: 'docs' }]);
    }
    const asked = between(from, to - 15);
    const questions = Math.round(between(3, 8));
    sessions.push(Array.from({ length: questions }, (_, index) => ({ at: asked + index * between(1, 2), service: 'llm' })));
  }
  return sessions;
}

function tried(at: number, random: () => number): Use[] {
  const uses: Use[] = [{ at, service: 'api' }];
  if (random() < 0.6) uses.push({ at, service: 'postgres' });
  if (random() < 0.4) uses.push({ at, service: 'redis' });
  return uses;
}

/** A small generator of good quality: same seed, same day. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
