import { spawn } from 'node:child_process';
import type { Ms } from '../../shared/span.js';

/** The host that is examined. A test passes another root, and programs that it answers for. */
export interface Host {
  /** Prefix of /proc, /sys, /etc, /run and /mnt. */
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What starts its programs; without one they are processes. */
  readonly start?: StartProgram | undefined;
  /** What lets time pass between two looks at it; without one a timer. */
  readonly wait?: ((span: Ms) => Promise<void>) | undefined;
}

/** What came of a program: what it printed until it ended, the code with which it could not be started, or that it had not ended at the limit. */
export type Outcome =
  | { readonly kind: 'ended'; readonly stdout: Buffer; readonly code: number | null; readonly signal: NodeJS.Signals | null }
  | { readonly kind: 'not-started'; readonly code: string }
  | { readonly kind: 'late' };

/** Never rejects. `env` is all of its environment. */
export type StartProgram = (program: string, args: readonly string[], env: Host['env'], limit: Ms) => Promise<Outcome>;

export type Ran = { readonly text: string; readonly fault: null } | { readonly text: null; readonly fault: string };

/** More than any of these programs prints: the rules of a machine with hundreds of networks are the longest. */
const LONGEST = 8 * 1024 * 1024;

/** Runs a program and returns its stdout, or a fault in words when it is missing, fails or has not ended after `limit`. Never rejects. */
export async function run({ env, start = startProcess }: Host, program: string, args: readonly string[], limit: Ms): Promise<Ran> {
  // WSL_UTF8 is obeyed by wsl.exe since 0.64, and only variables that WSLENV names cross over; others print UTF-16.
  const passed = { ...env, WSL_UTF8: '1', WSLENV: [env['WSLENV'], 'WSL_UTF8'].filter(Boolean).join(':') };
  const outcome = await start(program, args, passed, limit);
  if (outcome.kind === 'late') return { text: null, fault: `${program} gave no answer within ${limit / 1000} s` };
  if (outcome.kind === 'ended')
    return outcome.code === 0
      ? { text: textOf(outcome.stdout), fault: null }
      : { text: null, fault: `${program} failed (${outcome.code ?? outcome.signal})` };
  return {
    text: null,
    fault: outcome.code === 'ENOENT' ? `there is no ${program}` : `${program} cannot be run (${outcome.code})`,
  };
}

const startProcess: StartProgram = (program, args, env, limit) =>
  new Promise(resolve => {
    // A group of its own: a shell's child would outlive it and hold the pipe.
    const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'ignore'], detached: true });
    // Not /dev/null: with NUL for stdin `wslc system session run` fails with ERROR_INVALID_HANDLE (docs/design/wsl.md, "Detection").
    child.stdin.on('error', () => undefined).end();
    const chunks: Buffer[] = [];
    let length = 0;
    const end = (outcome: Outcome) => {
      clearTimeout(timer);
      child.stdin.destroy();
      child.stdout.destroy();
      resolve(outcome);
    };
    const kill = () => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    };
    const timer = setTimeout(() => {
      kill();
      end({ kind: 'late' });
    }, limit);
    child.stdout.on('data', (chunk: Buffer) => {
      if (length < LONGEST) chunks.push(chunk);
      length += chunk.length;
    });
    child.on('error', (error: NodeJS.ErrnoException) => end({ kind: 'not-started', code: error.code ?? error.message }));
    child.on('close', (code, signal) => end({ kind: 'ended', stdout: Buffer.concat(chunks), code, signal }));
  });

/** UTF-16LE with or without its mark, as wsl.exe prints it, else UTF-8; line ends become LF. */
export function textOf(bytes: Buffer): string {
  const marked = bytes[0] === 0xff && bytes[1] === 0xfe;
  const wide = marked || (bytes.length >= 2 && bytes.subarray(0, 512).includes(0));
  const text = bytes.toString(wide ? 'utf16le' : 'utf8').replace(/^\ufeff/, '');
  return text.replaceAll('\r\n', '\n');
}
