import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Command {
  readonly name: string;
  readonly args: readonly string[];
  /** Added to this process's own. */
  readonly env?: Readonly<Record<string, string>>;
}

/** How many last lines describe a failure. */
const KEPT = 8;

/** Runs a command and hears its output, both streams, line by line. Resolves to null when it ends with 0, else to its last lines. */
export function lines({ name, args, env = {} }: Command, hear: (line: string) => void): Promise<string | null> {
  return new Promise(resolve => {
    const child = spawn(name, [...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    let last: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', line => {
        last = [...last, line].slice(-KEPT);
        hear(line);
      });
    }
    child.on('error', error => resolve(error.message));
    child.on('close', (code, signal) => resolve(code === 0 ? null : `${name} ended with ${signal ?? code}: ${last.join('\n')}`));
  });
}
