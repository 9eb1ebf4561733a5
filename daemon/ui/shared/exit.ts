import { isatty } from 'node:tty';

/** Those of the three streams that were terminals when this process began. */
const TERMINALS = [0, 1, 2].filter(fd => isatty(fd));

/**
 * Ends the process. Node 20 gives terminals back the modes that it found at its start, and aborts (or faults) where one of them is gone,
 * closed with its window: then it ends as SIGHUP ends other programs.
 */
export function exitProcess(code: number): never {
  if (TERMINALS.every(fd => isatty(fd))) process.exit(code);
  process.removeAllListeners('SIGHUP');
  process.kill(process.pid, 'SIGHUP');
  // Ignored since it began, as under nohup.
  process.kill(process.pid, 'SIGKILL');
  throw new Error('a killed process goes on');
}
