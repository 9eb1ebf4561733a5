import type { Ms } from '../../shared/span.js';

/** Bytes that came together. */
export interface Burst {
  readonly at: Ms;
  readonly until: Ms;
  readonly bytes: number;
  /** Of the container; null: not known. */
  readonly port: number | null;
}

/** What flows again and again. */
export interface Rhythm {
  /** A time. */
  readonly bytes: number;
  /** From one to the next. */
  readonly every: Ms;
  /** Of the container; null: several, or not known. */
  readonly port: number | null;
  /** About as much, at about the same pace: what a pool or a driver sends by itself, not a request. */
  readonly isBeat: boolean;
}

/** Bytes this close to each other are one burst. */
const TOGETHER: Ms = 500;
const KEPT = 6;
const FEWEST = 4;

/** With the bytes that flowed just now. */
export function withBytes(bursts: readonly Burst[], at: Ms, bytes: number, port: number | null): readonly Burst[] {
  const last = bursts.at(-1);
  if (last === undefined || at - last.until > TOGETHER) return [...bursts, { at, until: at, bytes, port }].slice(-KEPT);
  return [...bursts.slice(0, -1), { ...last, until: at, bytes: last.bytes + bytes, port: last.port === port ? port : null }];
}

/** Null: too little has flowed to tell. */
export function rhythmOf(bursts: readonly Burst[]): Rhythm | null {
  if (bursts.length < FEWEST) return null;
  const pauses = bursts.slice(1).map((burst, index) => burst.at - (bursts[index]?.at ?? burst.at));
  const sizes = bursts.map(({ bytes }) => bytes);
  const ports = new Set(bursts.map(({ port }) => port));
  return {
    bytes: Math.round(sum(sizes) / sizes.length),
    every: sum(pauses) / pauses.length,
    port: ports.size === 1 ? (bursts[0]?.port ?? null) : null,
    isBeat: isEven(pauses, 1.5) && isEven(sizes, 3) && Math.max(...sizes) <= LARGEST_BEAT,
  };
}

/** A longer exchange is no heartbeat, however regular; MongoDB's answer to a hello is about 1 KB. */
const LARGEST_BEAT = 4096;

function isEven(values: readonly number[], factor: number): boolean {
  return Math.max(...values) <= factor * Math.min(...values);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
