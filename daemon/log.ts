import { basename, dirname } from 'node:path';
import { type Logger, pino } from 'pino';
import { createStream } from 'rotating-file-stream';
import { mayKeep } from './files/read-kept.js';
import { shown } from './shared/printable.js';
import { withoutSecrets } from './shared/redact.js';

/** Size of a log file and how many older ones are kept: 3 × 5 MB at most. */
const SIZE = '5M';
const OLDER = 2;

/** Fields that may hold environment values, tokens or credentials; a definition is never logged whole, this is the second fence. */
const SECRET = ['environment', 'env', 'spec', 'password', 'token', 'authorization', 'secret'];

/**
 * The daemon's log: JSON lines into a file that rotates, and to stdout as well in the foreground. LAPTOP_DEV_LOG_LEVEL sets the
 * level (info). URLs lose their credentials. Throws file-refused when something other than a log of this user's is in its place.
 */
export function openLog(file: string, level: string, foreground: boolean): Logger {
  mayKeep(file);
  const rotating = createStream(basename(file), { path: dirname(file), size: SIZE, maxFiles: OLDER, mode: 0o600, teeToStdout: foreground });
  rotating.on('error', () => undefined); // a full disk must not end the daemon
  return pino(
    {
      level: pino.levels.values[level] === undefined ? 'info' : level,
      redact: { paths: SECRET.flatMap(name => [name, `*.${name}`, `*.*.${name}`]), censor: '[redacted]' },
      serializers: { err: error => pino.stdSerializers.err(error) },
      // JSON leaves what terminals obey beyond ASCII as it is; in the foreground this is a terminal.
      hooks: { streamWrite: line => shown(withoutSecrets(line)) },
    },
    rotating,
  );
}
