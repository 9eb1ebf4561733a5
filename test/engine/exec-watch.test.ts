import { describe, expect, it } from 'vitest';
import type { EngineConnection } from '../../daemon/engine/client/connection.js';
import { signalNumber } from '../../daemon/engine/mapping/signal-number.js';
import { checkOf, ExecWatch, execEventOf } from '../../daemon/engine/streams/exec-watch.js';

/** As Docker 20.10 writes them. */
const raw = (Action: string, execID: string) => ({ Type: 'container', Action, Actor: { ID: 'c1', Attributes: { execID } }, timeNano: 5e6 });
const CHECK = '/bin/sh -c test 1 -eq 1';

function watch(Healthcheck: { Test: string[] } | null) {
  const asked: string[] = [];
  const call = async (what: string) => {
    asked.push(what);
    return { Id: 'c1', Config: { Healthcheck } };
  };
  const connection = { execs: new Set<string>(), call } as unknown as EngineConnection;
  const watching = new ExecWatch(connection);
  return {
    asked,
    connection,
    watching,
    tell: async (action: string, exec: string) => {
      const event = execEventOf(raw(action, exec));
      return event && (await watching.engineEventOf(event))?.kind;
    },
  };
}

describe('commands that run in a container', () => {
  it('of people are told of; health checks apart, and asked of the engine once', async () => {
    const { tell, asked } = watch({ Test: ['CMD-SHELL', 'test 1 -eq 1'] });
    expect(await tell(`exec_start: ${CHECK}`, 'a')).toBe('checkStarted');
    expect(await tell('exec_start: psql -U postgres', 'b')).toBe('execStarted');
    expect(await tell('exec_die', 'a')).toBe('checkEnded');
    expect(await tell('exec_die', 'b')).toBe('execEnded');
    expect(await tell(`exec_start: ${CHECK} `, 'c')).toBe('execStarted');
    expect(asked).toHaveLength(1);
  });

  it('of the daemon itself are not told of', async () => {
    const { tell, connection } = watch(null);
    connection.execs.add('a');
    expect(await tell('exec_start: sh -c true', 'a')).toBeUndefined();
    expect(await tell('exec_die', 'a')).toBeUndefined();
    expect([...connection.execs]).toEqual([]);
  });

  it('that were created and never start are nothing, nor are other events', () => {
    for (const action of ['exec_create: sh', 'start', 'exec_detach', 'execute']) expect(execEventOf(raw(action, 'a'))).toBeNull();
    expect(execEventOf(raw('exec_start: sh -c "a\nb"', 'a'))).toMatchObject({ command: 'sh -c "a\nb"' });
  });

  it('their end counts though their start was missed', async () => {
    expect(await watch(null).tell('exec_die', 'x')).toBe('execEnded');
  });
});

it.each([
  [{ Healthcheck: { Test: ['CMD', 'pg_isready', '-U', 'me'] } }, 'pg_isready -U me'],
  [{ Healthcheck: { Test: ['CMD-SHELL', 'curl -f x || exit 1'] } }, '/bin/sh -c curl -f x || exit 1'],
  [{ Healthcheck: { Test: ['CMD-SHELL', 'x'] }, Shell: ['/bin/bash', '-ec'] }, '/bin/bash -ec x'],
  [{ Healthcheck: { Test: ['NONE'] } }, null],
  [{ Healthcheck: null }, null],
  [undefined, null],
])('the check of %j is %j', (config, check) => {
  expect(checkOf(config)).toBe(check);
});

it.each([
  ['15', 15],
  ['TERM', 15],
  ['SIGQUIT', 3],
  ['sigwinch', 28],
  ['SIGRTMIN+3', 37],
  ['RTMAX-2', 62],
  ['', null],
  [undefined, null],
  ['BANG', null],
])('signal %j is %j', (text, number) => {
  expect(signalNumber(text)).toBe(number);
});
