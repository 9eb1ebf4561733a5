import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ExecOptions, ExecSession, LogLine, LogOptions } from '../../daemon/ports/ports.js';
import { patience } from '../e2e/support/until.js';
import { type Bench, openBench } from './support/bench-engine.js';

let bench: Bench;
let id: string;
beforeAll(async () => {
  bench = await openBench();
  id = await bench.run(bench.service('io'));
});
afterAll(() => bench.clear());

async function read(container: string, over: Partial<LogOptions> = {}, stopAt = Number.POSITIVE_INFINITY): Promise<LogLine[]> {
  const controller = new AbortController();
  const lines: LogLine[] = [];
  for await (const line of bench.containers.logs(container, {
    follow: false,
    since: null,
    tail: null,
    signal: controller.signal,
    ...over,
  })) {
    lines.push(line);
    if (lines.length >= stopAt) controller.abort();
  }
  return lines;
}
const texts = (lines: LogLine[]) => lines.map(line => `${line.stream}: ${line.text}`);

/** Runs a container to its end and resolves to its id. */
async function finished(name: string, script: string, tty = false): Promise<string> {
  const container = await bench.run(bench.service(name, { command: ['sh', '-c', script], init: false, tty }));
  await read(container, { follow: true });
  return container;
}

describe('logs', () => {
  test('both streams, in lines, with the engine’s time stamps', async () => {
    const container = await finished('streams', 'echo one; sleep 1.1; echo two >&2; sleep 0.1; echo three');
    const lines = await read(container);
    expect(texts(lines)).toEqual(['stdout: one', 'stderr: two', 'stdout: three']);
    const [one, two] = lines;
    expect((two?.at ?? 0) - (one?.at ?? 0)).toBeGreaterThanOrEqual(1000);
    expect(Math.abs(Date.now() - (one?.at ?? 0))).toBeLessThan(10_000);
    expect(texts(await read(container, { tail: 1 }))).toEqual(['stdout: three']);
    expect(texts(await read(container, { since: two?.at ?? 0 }))).toEqual(['stderr: two', 'stdout: three']);
  });

  test('a last line without a newline', async () => {
    expect(texts(await read(await finished('unended', 'printf "no newline"')))).toEqual(['stdout: no newline']);
  });

  test('followed while it is written, until the signal', async () => {
    const container = await bench.run(
      bench.service('ticker', { command: ['sh', '-c', 'i=0; while :; do echo $i; i=$((i+1)); sleep 0.05; done'] }),
    );
    expect(texts(await read(container, { follow: true }, 5))).toEqual([0, 1, 2, 3, 4].map(number => `stdout: ${number}`));
  });

  test('with a TTY', async () => {
    expect(texts(await read(await finished('teletype', 'echo hello; echo there >&2', true)))).toEqual(['stdout: hello', 'stdout: there']);
  });

  test('a line of 40,000 characters is one line', async () => {
    const [line, ...rest] = await read(await finished('long', 'head -c 40000 /dev/zero | tr "\\0" x; echo'));
    expect(rest).toEqual([]);
    expect(line?.text).toBe('x'.repeat(40_000));
  });

  test('of a container that is not there: not-found', async () => {
    await expect(read('absent')).rejects.toMatchObject({ failure: { code: 'not-found' } });
  });
});

const plain: ExecOptions = { command: [], tty: false, user: null, workingDir: null, environment: {} };
async function collect(session: ExecSession): Promise<{ stdout: string; stderr: string; code: number }> {
  const text = { stdout: '', stderr: '' };
  for await (const { stream, data } of session.output) text[stream] += Buffer.from(data).toString();
  return { ...text, code: await session.exitCode() };
}
const sh = (script: string, over: Partial<ExecOptions> = {}) =>
  bench.containers.exec(id, { ...plain, command: ['sh', '-c', script], ...over });

describe('exec', () => {
  test('streams apart, exit code, user, folder and environment', async () => {
    const session = await sh('echo "$WORD $(id -u) $PWD"; echo bad >&2; exit 3', {
      user: '1000',
      workingDir: '/tmp',
      environment: { WORD: 'hi' },
    });
    expect(await collect(session)).toEqual({ stdout: 'hi 1000 /tmp\n', stderr: 'bad\n', code: 3 });
  });

  test('standard input to its end', async () => {
    const session = await sh('cat; echo done');
    session.write(Buffer.from('in and out\n'));
    session.end();
    expect(await collect(session)).toMatchObject({ stdout: 'in and out\ndone\n', code: 0 });
  });

  test('a terminal that can be resized', async () => {
    const session = await sh('read _; stty size; tty', { tty: true });
    await session.resize(101, 33);
    session.write(Buffer.from('\n'));
    const { stdout, code } = await collect(session);
    expect(stdout).toContain('33 101');
    expect(stdout).toContain('/dev/pts/');
    expect(code).toBe(0);
  });

  test('a closed session hangs its command up', async () => {
    const session = await sh('trap "touch /tmp/hung-up; exit" HUP; touch /tmp/ready; while :; do sleep 0.02; done', { tty: true });
    expect(await bench.containers.probe(id, ['sh', '-c', 'until [ -e /tmp/ready ]; do sleep 0.02; done'], patience(5000))).toBe(0);
    session.close();
    expect(await bench.containers.probe(id, ['sh', '-c', 'until [ -e /tmp/hung-up ]; do sleep 0.02; done'], patience(5000))).toBe(0);
  });

  test('a command that does not exist', async () => {
    const run = async () => (await collect(await bench.containers.exec(id, { ...plain, command: ['absent-command'] }))).code;
    const outcome = await run().catch(error => error.failure.code);
    expect([126, 127, 'engine-error']).toContain(outcome);
  });

  test('in a container that does not run', async () => {
    const stopped = await bench.containers.create(bench.service('stopped'), bench.launch());
    await expect(bench.containers.exec(stopped, { ...plain, command: ['true'] })).rejects.toMatchObject({ failure: { code: 'exited' } });
  });
});

describe('probe', () => {
  test('exit codes', async () => {
    expect(await bench.containers.probe(id, ['true'], patience(5000))).toBe(0);
    expect(await bench.containers.probe(id, ['sh', '-c', 'exit 9'], patience(5000))).toBe(9);
  });

  test('past its time it counts as 124, and the command is gone', async () => {
    const before = performance.now();
    expect(await bench.containers.probe(id, ['sh', '-c', 'sleep 5432 & echo $! > /tmp/child; wait'], patience(500))).toBe(124);
    expect(performance.now() - before).toBeLessThan(patience(1500));
    const gone = 'until ! kill -0 $(cat /tmp/child) 2>/dev/null; do sleep 0.02; done';
    expect(await bench.containers.probe(id, ['sh', '-c', gone], patience(5000))).toBe(0);
  });

  test('any amount of output', async () => {
    expect(await bench.containers.probe(id, ['sh', '-c', 'head -c 20000000 /dev/zero'], patience(20_000))).toBe(0);
  });
});
