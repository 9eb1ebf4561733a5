import { constants } from 'node:os';

/** The first real-time signal that glibc leaves to programs. */
const RTMIN = 34;
const RTMAX = 64;

/** `15`, `TERM`, `SIGTERM`, `SIGRTMIN+3`, as images and engines write it; null: it names none. */
export function signalNumber(text: string | undefined): number | null {
  if (text === undefined || text === '') return null;
  const number = Number(text);
  if (Number.isInteger(number)) return number;
  const name = text.toUpperCase().replace(/^SIG/, '');
  const realTime = /^RT(MIN|MAX)(?:([+-])(\d+))?$/.exec(name);
  if (realTime) return (realTime[1] === 'MIN' ? RTMIN : RTMAX) + (realTime[2] === '-' ? -1 : 1) * Number(realTime[3] ?? 0);
  return new Map(Object.entries(constants.signals)).get(`SIG${name}` as NodeJS.Signals) ?? null;
}
