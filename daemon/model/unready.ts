import { type Failure, failure } from '../shared/failure.js';
import { oneLine, plainWords } from '../shared/printable.js';
import type { Ms } from '../shared/span.js';

/** The last run of a service's health check. */
export interface LastCheck {
  readonly command: readonly string[];
  /** null: it could not be run, or did not end. */
  readonly exit: number | null;
  /** What it printed. */
  readonly said: string;
}

/** Exit codes by which shells and engines tell that a program is not there, or cannot be executed (POSIX 2.8.2). */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;
/** As timeout(1) has it. */
const TIMED_OUT = 124;

const LINES = 5;

/** A service was not ready in time. With what its check said: its log need not say anything. */
export function unready(name: string, startTimeout: Ms, check: LastCheck | null): Failure {
  const lines =
    check === null
      ? []
      : plainWords(check.said)
          .split('\n')
          .map(line => oneLine(line.trimEnd()))
          .filter(Boolean)
          .slice(-LINES);
  const missing = check === null ? null : missingProgram(check);
  const details = {
    startTimeout,
    checkExit: check?.exit ?? null,
    ...(lines.length > 0 ? { lastLines: lines } : {}),
    ...(missing === null ? {} : { missing }),
  };
  const within = `${name} was not healthy within ${Math.round(startTimeout / 1000)} s`;
  if (missing !== null)
    return failure(
      'unhealthy',
      `${within}; its check cannot run: there is no ${missing} in its container (exit ${check?.exit}). It was stopped.`,
      details,
      [`Install ${missing} in the image, or let healthcheck.test use what the image has; disable: true switches the check off`],
    );
  const said =
    check === null || check.exit === null
      ? ''
      : check.exit === TIMED_OUT
        ? '; its check does not end in time'
        : `; its check exits with ${check.exit}`;
  return failure('unhealthy', `${within}${said}. It was stopped.`, details, [
    ...(lines.length > 0
      ? ['The lines above are what its check said; look at healthcheck.test, and at what the service should answer']
      : []),
    `laptop-dev logs ${name} shows what it wrote; raise start_timeout if it only needs longer`,
  ]);
}

/** By the words of shells and runtimes, else the first word of the command; null: it ran. */
function missingProgram({ command, exit, said }: LastCheck): string | null {
  if (exit !== NOT_FOUND && exit !== NOT_EXECUTABLE) return null;
  const words = plainWords(said);
  const found =
    // dash, bash, busybox: `sh: 1: curl: not found`, `bash: line 1: curl: command not found`.
    /(?:^|[:\s])([^\s:]{1,200}): (?:command )?not found/m.exec(words)?.[1] ??
    // runc, crun: exec: "curl": executable file not found in $PATH; executable file `curl` not found in $PATH.
    /exec(?:utable file)?:? ["'`]([^"'`\n]{1,200})["'`]:? (?:executable file )?(?:not found|no such file)/i.exec(words)?.[1] ??
    /["'`]([^"'`\n]{1,200})["'`]: (?:stat [^\n]{1,200}: )?no such file/i.exec(words)?.[1];
  if (found !== undefined) return oneLine(found);
  // 126 and 127 of a program of its own say nothing more.
  if (exit === NOT_EXECUTABLE) return null;
  const first = (command[0] === '/bin/sh' ? (command[2] ?? '') : (command[0] ?? '')).trim().split(/\s/, 1)[0] ?? '';
  return /^[\w./+-]{1,200}$/.test(first) ? first : null;
}
