import { stripVTControlCharacters } from 'node:util';
import type { ReportProgress } from '../context.js';
import type { EngineLine } from '../engine.js';

/** How many last lines a failed build shows, and how long each may be. */
const LINES = 20;
const LENGTH = 300;

/** What a build says: steps become progress, the last lines are kept for a failure. */
export class BuildOutput {
  readonly #name: string;
  readonly #report: ReportProgress;
  #lines: string[] = [];
  #open = '';
  #step = '';

  constructor(name: string, report: ReportProgress) {
    this.#name = name;
    this.#report = report;
  }

  hear(line: EngineLine): void {
    const pieces = (this.#open + decode(line.stream ?? (line.status ? `${line.status}\n` : ''))).split('\n');
    this.#open = pieces.pop() ?? '';
    for (const piece of pieces) this.#take(stripVTControlCharacters(piece).trimEnd());
  }

  lastLines(): readonly string[] {
    return [...this.#lines, this.#open].filter(line => line.trim() !== '').slice(-LINES);
  }

  #take(text: string): void {
    if (text.trim() === '' || /^ ---> (?!\[Warning)|^Removing intermediate container/.test(text)) return;
    this.#lines = [...this.#lines, text.slice(0, LENGTH)].slice(-LINES);
    // "Step 4/9 : RUN …" of the classic builder, "[build 2/5] RUN …" of BuildKit, "STEP 4/9: RUN …" of Podman
    const step = /^step (\d+\/\d+)/i.exec(text)?.[1] ?? /^\[[0-9a-z:]+\] \[(?:[\w.-]+ )?(\d+\/\d+)\]/.exec(text)?.[1];
    if (step === undefined || step === this.#step) return;
    this.#step = step;
    this.#report({ step: 'build', image: this.#name, at: step });
  }
}

/**
 * dockerode 5.0 passes the output of BuildKit's commands on as base64; its own lines and the classic builder's are plain. Only a
 * text that survives the way there and back, and is printable, is taken for base64.
 */
function decode(text: string): string {
  const body = text.trim();
  if (body.length < 8 || !/^[A-Za-z0-9+/]+={0,2}$/.test(body) || body.length % 4 !== 0) return text;
  const plain = Buffer.from(body, 'base64').toString('utf8');
  const printable = !plain.includes('\uFFFD') && !/[^\P{Cc}\s]/u.test(stripVTControlCharacters(plain));
  return printable ? `${plain.trimEnd()}\n` : text;
}
