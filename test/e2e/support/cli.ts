import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Failure } from '../../../daemon/shared/failure.js';
import { patience } from './until.js';

export const BIN = fileURLToPath(new URL('../../../dist/cli/bin.js', import.meta.url));

export interface CliOptions {
  readonly cwd: string;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Longest run in ms on a laptop; past it the command is killed and the test fails. */
  readonly timeout?: number;
}

export interface CliResult {
  /** Exit code; 128 + 9 after a kill. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** From start to end, for information. */
  readonly ms: number;
  /** `data` of the JSON envelope on stdout; throws with everything that was said when the command failed. */
  data<T>(): T;
  /** `error` of the JSON envelope; throws when there is none. */
  error(): Failure;
}

/** Runs the real command line to its end. An exit code other than 0 is a result, not an error. */
export async function runCli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  const start = performance.now();
  const { cwd, env, input = '', timeout = 240_000 } = options;
  const child = spawn(process.execPath, [BIN, ...args], { cwd, env, stdio: 'pipe', timeout: patience(timeout), killSignal: 'SIGKILL' });
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  child.stdin.on('error', () => undefined); // a command that does not read its input may be gone already
  child.stdin.end(input);
  const [stdout, stderr, { code, signal }] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  const transcript = `laptop-dev ${args.join(' ')} → ${signal ?? code}\n${stdout}\n${stderr}`;
  if (signal !== null) throw new Error(`killed after ${patience(timeout)} ms: ${transcript}`);
  return { code: code ?? 137, stdout, stderr, ms: performance.now() - start, ...readers(stdout, transcript) };
}

function readers(stdout: string, transcript: string): Pick<CliResult, 'data' | 'error'> {
  const envelope = (): { ok: boolean; data?: unknown; error?: Failure } => {
    try {
      return JSON.parse(stdout);
    } catch {
      throw new Error(`stdout is not one JSON envelope: ${transcript}`);
    }
  };
  return {
    data<T>() {
      const { ok, data } = envelope();
      if (!ok) throw new Error(transcript);
      return data as T;
    },
    error() {
      const { error } = envelope();
      if (!error) throw new Error(`expected a failure: ${transcript}`);
      return error;
    },
  };
}
