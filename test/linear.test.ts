import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { logParts, oneLine, plainWords, shown } from '../daemon/shared/printable.js';
import { redactor } from '../daemon/shared/redact.js';
import { BODIES, cost, pumps, textOf } from './hostile-text.js';
import { type Literal, literalsIn, literalsOf } from './regex-literals.js';
import { byGear, sampled, some } from './support/deep.js';

/**
 * Text of strangers — files, logs, answers — must not be able to keep an expression busy: each takes time in proportion to its length. Told by
 * the growth from one length to four times it, in CPU time of this thread, so that a busy machine tells nothing else; and by the figure itself.
 */
const LITERALS = literalsOf(join(import.meta.dirname, '../daemon'));

/** A quadratic search of the larger one takes 30 ms and more, a linear one a tenth of one. */
const SMALL = 2 * 1024;
const LARGE = 4 * SMALL;

const run = ({ source, flags }: Literal) => {
  const expression = new RegExp(source, [...new Set(`${flags.replace('y', '')}g`)].join(''));
  return (text: string) => void text.replace(expression, '');
};

/** Of the expressions and texts a fast run takes so few. */
const RARE = 12;

/** Cold code and garbage collection add time of their own: the least of up to so many tries counts. */
const TRIES = 8;

/**
 * How the time of `work` grows when its text is `step` times as long. Tries again while the factor is `bound` or more, or the longer text takes `enough` ms
 * or more. null: too quick to tell, which is linear.
 */
function growth(
  work: (text: string) => void,
  pump: string,
  { quick, large, step, bound, enough = Infinity }: { quick: number; large: number; step: number; bound: number; enough?: number },
): { readonly factor: number; readonly ms: number } | null {
  const [less, more] = [textOf(pump, large / step), textOf(pump, large)];
  let [small, ms, factor] = [Infinity, Infinity, Infinity];
  for (let tries = 0; tries < TRIES && (tries < 3 || factor >= bound || ms >= enough); tries++) {
    ms = Math.min(ms, cost(work, more));
    if (ms < quick) return null;
    small = Math.min(small, cost(work, less));
    factor = ms / Math.max(0.05, small);
  }
  return { factor, ms };
}

/** 8 KB in 3 ms would be 256 KB in 100, were it linear. On a busy machine it may take longer, but then not more than in proportion. */
function slow(name: string, work: (text: string) => void, bodies: readonly string[]): string[] {
  return bodies.flatMap(pump => {
    const found = pump === '' ? null : growth(work, pump, { quick: 3, large: LARGE, step: 4, bound: 8, enough: 12 });
    return found === null || (found.ms < 12 && found.factor < 8)
      ? []
      : [`${name} with ${JSON.stringify(pump).slice(0, 40)}: ${found.ms.toFixed(1)} ms, × ${found.factor.toFixed(1)}`];
  });
}

describe('expressions', () => {
  it('are found in code, and nowhere else', () => {
    const text =
      "const a = /x[/]+/g; // no /y/\nconst b = c / d / e; const f = `${g.replace(/z/, '')} /no/ ${1 / 2}`; h('/no/'); return /\\//u;";
    expect(literalsIn(text, 'x').map(({ source, flags }) => [source, flags])).toEqual([
      ['x[/]+', 'g'],
      ['z', ''],
      ['\\/', 'u'],
    ]);
    expect(LITERALS.length).toBeGreaterThan(200);
  });

  it('take time in proportion to the text, each of them in daemon/', () => {
    expect(sampled(LITERALS, RARE).flatMap(literal => slow(`${literal.place} /${literal.source}/`, run(literal), pumps(literal)))).toEqual(
      [],
    );
  }, 60_000);

  it('that do not are seen', () => {
    const bad = (source: string): Literal => ({ place: 'x', source, flags: '' });
    const sources = ['[\\w.+-]+@[\\w-]+\\.com', '\\s+$', '(\\w:\\/\\/)[^\\s]*@'];
    for (const source of some(sources, byGear({ deep: 3, usual: 3, fast: 1 })))
      expect([source, pumps(bad(source)).some(pump => slow('x', run(bad(source)), [pump]).length > 0)]).toEqual([source, true]);
  }, 60_000);
});

describe('what runs over foreign text as a whole', () => {
  const redact = redactor({ secrets: ['hunter2 and more', 'another'], homes: ['/home/jane'], users: ['jane'], hosts: ['box7'] });

  it('is the redactor: linear, whatever it is given', () => {
    expect(
      sampled(BODIES, RARE).flatMap(pump => {
        const found = growth(redact, pump, { quick: 20, large: 64 * 1024, step: 16, bound: 60 });
        return found === null || found.factor < 60 ? [] : [`${pump}: × ${found.factor.toFixed(1)}`];
      }),
    ).toEqual([]);
  }, 60_000);

  it('is what cleans text for a terminal', () => {
    const escapes = [
      '\u001b',
      '\u001b[',
      '\u001b]',
      '\u001b]0;',
      '\u0090',
      '\u009d',
      '\u001b[1;',
      '\u001b[38;5;',
      '\u001b[31m',
      '\r',
      '\ufdd0',
      '\u202e',
      '\ud800',
    ];
    for (const [name, work] of Object.entries({ shown, oneLine, logParts, plainWords }))
      expect(slow(name, text => void work(text), sampled([...BODIES, ...escapes], RARE))).toEqual([]);
  }, 60_000);
});
