import { redactor } from '../../daemon/shared/redact.js';
import { BODIES, cost, pumps, textOf } from '../hostile-text.js';
import { quantile, table, verdict } from './support/figures.js';

const KB = 1024;
/** CPU time in ms; four times the text may take four times as long. */
const GOAL = 100;
const SMALL = 256 * KB;
const LARGE = 4 * SMALL;

interface Options {
  /** The slowest so many are shown. */
  readonly shown?: string;
}

interface Figures {
  readonly source: string;
  readonly worst: number;
  readonly median: number;
  /** With four times the text of the worst kind. */
  readonly large: number;
  readonly body: string;
}

/** What the redactor takes for 256 KB and 1 MB of hostile text: each of its expressions alone, and all of it. No engine, no daemon. */
export async function run({ shown = '15' }: Options): Promise<void> {
  const redact = redactor({ secrets: ['hunter2 and more'], homes: ['/home/jane'], users: ['jane'], hosts: ['box7'] });
  const expressions = expressionsOf(redact);
  const measured = expressions.map(expression =>
    measure(expression.source, text => passes(expression, text), [...BODIES, ...pumps(expression)]),
  );
  const whole = measure('the redactor', text => void redact(text), BODIES);
  measured.sort((a, b) => b.worst - a.worst);
  const head = ['expression', 'worst', 'median', '1 MB', '×', 'worst with'];
  const row = ({ source, worst, median, large, body }: Figures) => [short(source), worst, median, large, large / worst, short(body)];
  console.log(`${expressions.length} expressions, 256 KB of hostile text of ${BODIES.length} kinds and more; CPU time in ms\n`);
  console.log(table(head, [whole, ...measured.slice(0, Number(shown))].map(row)));
  console.log(verdict('the slowest expression with 256 KB', measured[0]?.worst ?? 0, GOAL, 'ms'));
  console.log(verdict('the slowest expression with 1 MB', Math.max(...measured.map(({ large }) => large)), 4 * GOAL, 'ms'));
}

const LONG = 1_000;

/** All its matches, one after the other; what is made of them is not measured. */
function passes(expression: RegExp, text: string): void {
  expression.lastIndex = 0;
  for (let last = -1; expression.test(text); last = expression.lastIndex) if (expression.lastIndex === last) expression.lastIndex += 1;
}

/** The expressions that a text has to pass, told by what is called while one does that has everything in it. */
function expressionsOf(redact: (text: string) => string): readonly RegExp[] {
  const found = new Map<string, RegExp>();
  const { exec } = RegExp.prototype;
  RegExp.prototype.exec = function noted(text) {
    // Names and values that were found are short; what runs over the text as a whole is meant.
    if (text.length >= LONG)
      found.set(`${this.source}/${this.flags}`, new RegExp(this.source, [...new Set(`${this.flags.replace('y', '')}g`)].join('')));
    return exec.call(this, text);
  };
  try {
    redact(
      `${'a '.repeat(LONG)}${BODIES.join('\n')}\nDB_PASSWORD="x y" a://b:c@d -----BEGIN A-----\n-----END A-----\n"A=b" curl -u a:b mysql -pA1 <password>x</password>\n`,
    );
  } finally {
    RegExp.prototype.exec = exec;
  }
  return [...found.values()];
}

function measure(source: string, work: (text: string) => void, bodies: readonly string[]): Figures {
  const all = bodies.filter(body => body !== '').map(body => ({ body, ms: least(work, textOf(body, SMALL)) }));
  const worst = all.reduce((one, other) => (other.ms > one.ms ? other : one));
  const times = all.map(({ ms }) => ms);
  return { source, worst: worst.ms, median: quantile(times, 0.5), large: least(work, textOf(worst.body, LARGE)), body: worst.body };
}

/** Of three, where one is not quick. */
function least(work: (text: string) => void, text: string): number {
  const first = cost(work, text);
  return first < 2 ? first : Math.min(first, cost(work, text), cost(work, text));
}

function short(text: string): string {
  return JSON.stringify(text).slice(1, -1).replaceAll('|', '¦').slice(0, 48);
}
