import { spawn } from 'node:child_process';

/** What a script has come to. */
export interface ScriptResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a POSIX shell script that needs `nft` and a writable /proc/sys/net, as root in this machine's network namespace. Rejects when it
 * cannot be run at all.
 */
export type ScriptRunner = (script: string) => Promise<ScriptResult>;

/** Where nft is, for users too. */
const PATH = `${process.env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`;
/** A transaction takes milliseconds; a kernel that loads modules for the first one may take longer, ms. */
const TIMEOUT = 15_000;

/** Runs it here, with what privileges this process has. */
export const localShell: ScriptRunner = script =>
  new Promise((resolve, reject) => {
    const child = spawn('sh', ['-s'], { env: { PATH, LC_ALL: 'C' }, timeout: TIMEOUT, stdio: 'pipe' });
    const [stdout, stderr]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', chunk => stdout.push(chunk));
    child.stderr.on('data', chunk => stderr.push(chunk));
    child.stdin.on('error', () => undefined); // a shell that has ended already says why with its status
    child.once('error', reject);
    child.once('close', code => resolve({ exitCode: code ?? 124, stdout: textOf(stdout), stderr: textOf(stderr) }));
    child.stdin.end(script);
  });

function textOf(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8');
}
