import type { Protocol } from '../model/spec.js';
import type { Exec, HeldQuestion } from '../ports/redirects.js';

/**
 * Asks a service whether anything is under way, where the daemon has not seen the bytes itself. Null: nothing holds it, or its protocol has
 * nothing to ask (http, tcp). Else a sentence for `why`; also when it cannot be asked, since a transaction could be open.
 */
export async function heldBy(
  protocol: Protocol,
  exec: Exec,
  { port = null, holdBlocked = true }: HeldQuestion = {},
): Promise<string | null> {
  if (protocol === 'postgres') return ask('PostgreSQL', postgresQuestion(port), heldPostgres, exec);
  if (protocol === 'redis') return ask('Redis', redisQuestion(port), text => heldRedis(text, holdBlocked), exec);
  return null;
}

async function ask(name: string, script: string, read: (stdout: string) => string | null | undefined, exec: Exec): Promise<string | null> {
  const unknown = (why: string): string => `${name} could not be asked whether something is under way (${why})`;
  try {
    const { exitCode, stdout } = await exec(['sh', '-c', script]);
    const answer = exitCode === 0 ? read(stdout) : undefined;
    return answer === undefined ? unknown(stdout.trim().split('\n').at(-1)?.slice(0, 200) || `exit code ${exitCode}`) : answer;
  } catch (error) {
    return unknown(error instanceof Error ? error.message : String(error));
  }
}

/**
 * Sessions by state, without the one that asks; one that is not allowed to see a state counts as held. walsender: somebody streams changes.
 * PostgreSQL 10 or later. "done" tells an empty answer from none.
 */
const SESSIONS = `select coalesce(state, 'unknown'), count(*) from pg_stat_activity where pid <> pg_backend_pid() and backend_type in ('client backend', 'walsender') and state is distinct from 'idle' group by 1 union all select 'done', 0`;

/** With the variables of the official image. psql waits 5 s at most for the connection and the answer each. */
function postgresQuestion(port: number | null): string {
  return `exec 2>&1
if [ -z "$POSTGRES_PASSWORD" ] && [ -r "$POSTGRES_PASSWORD_FILE" ]; then POSTGRES_PASSWORD=$(cat "$POSTGRES_PASSWORD_FILE"); fi
if [ "$POSTGRES_PASSWORD" ]; then export PGPASSWORD="$POSTGRES_PASSWORD"; fi
user=$POSTGRES_USER
if [ -z "$user" ] && [ -r "$POSTGRES_USER_FILE" ]; then user=$(cat "$POSTGRES_USER_FILE"); fi
PGCONNECT_TIMEOUT=5 PGOPTIONS='-c statement_timeout=5000' exec psql -X -w -A -t -F '|' ${port === null ? '' : `-p ${port} `}-U "\${user:-postgres}" -d postgres -c "${SESSIONS}"`;
}

/** Reads psql's lines "state|count". Undefined: this is not an answer. Pure. */
export function heldPostgres(stdout: string): string | null | undefined {
  const rows = stdout
    .trim()
    .split('\n')
    .map(line => /^([a-z ()]+)\|(\d+)$/.exec(line));
  if (!rows.some(row => row?.[1] === 'done') || rows.includes(null)) return undefined;
  const held = rows.flatMap(row => (row && row[1] !== 'done' ? [`${row[2]} ${SESSION[row[1] ?? ''] ?? `in state ${row[1]}`}`] : []));
  return held.length > 0 ? `PostgreSQL has sessions: ${held.join(', ')}` : null;
}

/** pg_stat_activity.state in words. */
const SESSION: Readonly<Record<string, string>> = {
  active: 'with a query running',
  'idle in transaction': 'idle in a transaction',
  'idle in transaction (aborted)': 'idle in a failed transaction',
};

/** Valkey has the same under its own name. */
function redisQuestion(port: number | null): string {
  return `exec 2>&1
if [ -z "$REDISCLI_AUTH" ] && [ "$REDIS_PASSWORD" ]; then export REDISCLI_AUTH="$REDIS_PASSWORD"; fi
cli=$(command -v redis-cli || command -v valkey-cli) || { echo 'there is no redis-cli in its image'; exit 127; }
exec timeout 5 "$cli" ${port === null ? '' : `-p ${port} `}client list`;
}

/** Reads CLIENT LIST (redis.io/commands/client-list). Undefined: this is not an answer. The client that asks holds nothing. Pure. */
export function heldRedis(stdout: string, holdBlocked: boolean): string | null | undefined {
  const lines = stdout.trim().split('\n');
  if (!lines.every(line => /^id=\d+ .*\bflags=/.test(line))) return undefined;
  const clients = lines.map(line => new Map(line.split(' ').map(word => word.split(/=(.*)/s, 2) as [string, string])));
  const number = (client: ReadonlyMap<string, string>, key: string): number => Number(client.get(key) ?? 0);
  const hasFlag = (client: ReadonlyMap<string, string>, flag: string): boolean => (client.get('flags') ?? '').includes(flag);
  const kinds: readonly [string, (client: ReadonlyMap<string, string>) => boolean][] = [
    ['in MULTI', client => client.has('multi') && number(client, 'multi') >= 0],
    ['blocked', client => holdBlocked && hasFlag(client, 'b')],
    ['subscribed', client => holdBlocked && number(client, 'sub') + number(client, 'psub') + number(client, 'ssub') > 0],
    ['watching with MONITOR', client => holdBlocked && hasFlag(client, 'O')],
  ];
  const held = kinds.map(([what, is]) => [clients.filter(is).length, what] as const).filter(([count]) => count > 0);
  return held.length > 0 ? `Redis has clients: ${held.map(([count, what]) => `${count} ${what}`).join(', ')}` : null;
}
