import type { ExecSession } from '../../ports/ports.js';

/** The session, counted as use of its service from now until its command has ended or it is closed. */
export function counted(session: ExecSession, count: (by: 1 | -1) => void): ExecSession {
  let open = true;
  const over = (): void => {
    if (open) count(-1);
    open = false;
  };
  count(1);
  return {
    write: data => session.write(data),
    end: () => session.end(),
    resize: (columns, rows) => session.resize(columns, rows),
    output: until(session.output, over),
    exitCode: () => session.exitCode(),
    close: () => {
      over();
      session.close();
    },
  };
}

async function* until<T>(source: AsyncIterable<T>, over: () => void): AsyncGenerator<T> {
  try {
    yield* source;
  } finally {
    over();
  }
}
