import { expect, test } from 'vitest';
import type { Exec } from '../../daemon/ports/redirects.js';
import { heldBy, heldPostgres, heldRedis } from '../../daemon/redirects/in-flight.js';

test.each([
  ['nobody but silent sessions', 'done|0\n', null],
  ['a transaction', 'idle in transaction|2\ndone|0\n', 'PostgreSQL has sessions: 2 idle in a transaction'],
  [
    'a query and a failed transaction',
    'active|1\nidle in transaction (aborted)|1\ndone|0\n',
    'PostgreSQL has sessions: 1 with a query running, 1 idle in a failed transaction',
  ],
  ['states that this user may not see', 'unknown|3\ndone|0\n', 'PostgreSQL has sessions: 3 in state unknown'],
  ['an error', 'psql: error: connection to server failed\n', undefined],
  ['a warning before it', 'WARNING: collation\ndone|0\n', undefined],
  ['nothing', '', undefined],
])('postgres: %s', (_name, stdout, expected) => {
  expect(heldPostgres(stdout)).toBe(expected);
});

/** A line of Redis 8; `with` changes fields. */
const client = (id: number, fields: Readonly<Record<string, string>> = {}): string => {
  const all = {
    flags: 'N',
    db: '0',
    sub: '0',
    psub: '0',
    ssub: '0',
    multi: '-1',
    watch: '0',
    events: 'r',
    cmd: 'get',
    user: 'default',
    ...fields,
  };
  const words = Object.entries(all).map(([key, value]) => `${key}=${value}`);
  return `id=${id} addr=127.0.0.1:59766 laddr=127.0.0.1:6379 fd=11 name= age=0 idle=0 ${words.join(' ')} redir=-1 resp=2 lib-name= io-thread=0\n`;
};
const self = client(9, { cmd: 'client|list' });

test.each([
  ['only who asks', self, null],
  ['a silent pool', client(1) + client(2, { cmd: 'NULL' }) + self, null],
  ['MULTI just opened', client(1, { flags: 'x', multi: '0' }) + self, 'Redis has clients: 1 in MULTI'],
  ['MULTI with a command queued', client(1, { flags: 'x', multi: '3' }) + self, 'Redis has clients: 1 in MULTI'],
  ['BLPOP', client(1, { flags: 'b', cmd: 'blpop' }) + self, 'Redis has clients: 1 blocked'],
  [
    'subscriptions of each kind',
    client(1, { flags: 'P', sub: '1' }) + client(2, { flags: 'P', psub: '1' }) + client(3, { flags: 'P', ssub: '2' }) + self,
    'Redis has clients: 3 subscribed',
  ],
  ['MONITOR', client(1, { flags: 'O', cmd: 'monitor' }) + self, 'Redis has clients: 1 watching with MONITOR'],
  ['a replica: bytes alone count', client(1, { flags: 'S', cmd: 'replconf' }) + self, null],
  ['Redis 5 knows fewer fields', 'id=1 addr=127.0.0.1:1 fd=8 name= age=0 idle=0 flags=N db=0 sub=0 psub=0 multi=-1 cmd=client\n', null],
  ['a refusal', 'NOAUTH Authentication required.\n', undefined],
  ['a warning before it', `Warning: AUTH failed\n${self}`, undefined],
  ['nothing', '', undefined],
])('redis: %s', (_name, stdout, expected) => {
  expect(heldRedis(stdout, true)).toBe(expected);
});

test('redis: blocked clients do not hold where the setting says so, an open MULTI does', () => {
  const blocked = client(1, { flags: 'b' }) + client(2, { flags: 'P', sub: '1' }) + client(3, { flags: 'O' });
  expect(heldRedis(blocked + self, false)).toBeNull();
  expect(heldRedis(blocked + client(4, { multi: '0' }) + self, false)).toBe('Redis has clients: 1 in MULTI');
});

const answers =
  (exitCode: number, stdout: string): Exec =>
  async () => ({ exitCode, stdout });

test('what cannot be asked is held, with the reason', async () => {
  const sentence = (name: string, why: string): string => `${name} could not be asked whether something is under way (${why})`;
  expect(await heldBy('postgres', answers(127, 'sh: 1: psql: not found\n'))).toBe(sentence('PostgreSQL', 'sh: 1: psql: not found'));
  expect(await heldBy('postgres', answers(2, ''))).toBe(sentence('PostgreSQL', 'exit code 2'));
  expect(await heldBy('redis', answers(0, 'NOAUTH Authentication required.'))).toBe(sentence('Redis', 'NOAUTH Authentication required.'));
  expect(await heldBy('redis', () => Promise.reject(new Error('no such container')))).toBe(sentence('Redis', 'no such container'));
});

test('the port is asked for where it is known; http and tcp are not asked', async () => {
  const asked: (readonly string[])[] = [];
  const exec: Exec = async command => {
    asked.push(command);
    return { exitCode: 0, stdout: command[2]?.includes('psql') ? 'done|0\n' : self };
  };
  expect(await heldBy('postgres', exec, { port: 5433 })).toBeNull();
  expect(await heldBy('redis', exec, { port: 6380 })).toBeNull();
  expect(asked.map(command => /-p \d+/.exec(command[2] ?? '')?.[0])).toEqual(['-p 5433', '-p 6380']);
  expect([await heldBy('http', exec), await heldBy('tcp', exec)]).toEqual([null, null]);
  expect(asked).toHaveLength(2);
});
