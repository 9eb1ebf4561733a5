import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Home, home } from './support/home.js';

let own: Home;
beforeAll(async () => {
  own = await home();
});
afterAll(() => own?.close());

interface Status {
  readonly pid: number;
  readonly engine: { readonly kind: 'docker' | 'podman' };
}

it('what needs a daemon says so while there is none, with exit code 4', async () => {
  const { code, stderr } = await own.cli(['ps']);
  expect(code).toBe(4);
  expect(stderr).toContain('laptop-dev daemon start');
});

it('start, status, logs: its socket is for its owner alone', async () => {
  await own.ask(['daemon', 'start']);
  const { pid } = await own.ask<Status>(['daemon', 'status']);
  expect(process.kill(pid, 0)).toBe(true);
  expect(statSync(own.socket).mode & 0o777).toBe(0o600);
  expect(statSync(dirname(own.socket)).mode & 0o777).toBe(0o700);
  expect((await own.cli(['daemon', 'logs'])).stdout).toContain('the daemon is up');
});

it('start again is no error; the other engine than its own is refused, with what to do', async () => {
  const before = await own.ask<Status>(['daemon', 'status']);
  await own.ask(['daemon', 'start']);
  const other = before.engine.kind === 'docker' ? 'podman' : 'docker';
  const { code, stderr } = await own.cli(['up', 'minimal', '--engine', other]);
  expect(code).toBe(4);
  expect(stderr).toContain(`${other} was asked for`);
  expect(stderr).toContain('laptop-dev down --all');
  expect((await own.ask<Status>(['daemon', 'status'])).pid).toBe(before.pid);
});

it('one that hangs: what asks it says so and names its PID, doctor finds it; when it goes on nothing was lost', async () => {
  const { pid } = await own.ask<Status>(['daemon', 'status']);
  process.kill(pid, 'SIGSTOP');
  try {
    const [status, doctor] = await Promise.all([own.cli(['daemon', 'status']), own.cli(['doctor', '--json'])]);
    expect(status.code).toBe(4);
    expect(status.stderr).toMatch(new RegExp(`did not answer within 10 s[\\s\\S]*kill -9 ${pid} ends it`));
    const { findings } = JSON.parse(doctor.stdout).data as { findings: readonly { code: string; evidence: string }[] };
    expect(findings.filter(({ code }) => code === 'daemon-hung').map(({ evidence }) => evidence)).toEqual([
      `PID ${pid} took the connection and has not answered within 3 s`,
    ]);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  expect((await own.ask<Status>(['daemon', 'status'])).pid).toBe(pid);
});

it('stop ends it, and leaves no socket', async () => {
  const { pid } = await own.ask<Status>(['daemon', 'status']);
  await own.ask(['daemon', 'stop']);
  expect(() => process.kill(pid, 0)).toThrow();
  expect(() => statSync(own.socket)).toThrow();
});
