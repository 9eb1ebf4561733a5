import { describe, expect, test } from 'vitest';
import { type Cause, type Notice, type NoticeContent, type NoticeData, type NoticeKind, noticeOf } from '../../daemon/api/notice.js';
import { exitText, noticeText } from '../../daemon/api/notice-text.js';
import { GiB, MiB } from '../../daemon/shared/bytes.js';

/** What tells the sentences of a kind apart. A kind that has only one has the key `only`. */
type KeyOf<Data> = Data extends { readonly reason: infer Reason extends string }
  ? Reason
  : Data extends { readonly step: infer Step extends string }
    ? Step
    : 'only';
type RestOf<Data, Key> = Data extends { readonly reason: infer Reason }
  ? Key extends Reason
    ? Omit<Data, 'reason'>
    : never
  : Data extends { readonly step: infer Step }
    ? Key extends Step
      ? Omit<Data, 'step'>
      : never
    : Data;
type Row<Data> = readonly [data: Data, level: Notice['level'], sentence: string];
/** Every kind with every reason: one that is missing does not compile. */
type Sentences = { readonly [K in NoticeKind]: { readonly [Key in KeyOf<NoticeData[K]>]: readonly Row<RestOf<NoticeData[K], Key>>[] } };

const cause: Cause = { code: 'engine-error', message: 'the engine said no.' };
const measured = { available: 480 * MiB, total: 16 * GiB, psi: { some10: 12.4, full10: 33.6 } };
const soft = { ...measured, level: 'soft', signal: null, lasts: null } as const;
const hard = { ...measured, level: 'hard', signal: 'hardAvailable', lasts: 2_000 } as const;
const MEMORY = 'MemAvailable 3 % (480 MB of 16 GB)';
const SOFT = 'The host is short of memory: no further service starts, limits go back to what is used, idle services are stopped';
const exit = { code: 1, limit: null, model: null, isLoading: false };

const SENTENCES: Sentences = {
  planned: {
    start: [[{ limit: 64 * MiB }, 'info', 'will start with a limit of 64 MB']],
    'hours-begin': [[{}, 'info', 'comes up: its running hours begin']],
  },
  image: {
    pull: [
      [{ reference: 'redis:7', layers: null }, 'info', 'pulling redis:7'],
      [{ reference: 'redis:7', layers: { done: 3, of: 5 } }, 'info', 'pulling redis:7 3/5'],
    ],
    'pull-base': [[{ reference: 'debian:trixie', image: 'api' }, 'info', 'pulling debian:trixie for api']],
    build: [[{ image: 'api', at: '4/9' }, 'info', 'building api 4/9']],
    'base-waits': [[{}, 'info', 'waiting for another laptop-dev that builds the base image']],
    'base-begins': [
      [{ why: 'no registry answers' }, 'info', "no registry answers; building the base image from Debian's packages (about a minute)"],
    ],
    'base-packages': [[{ phase: 'unpacking' }, 'info', 'building the base image: unpacking packages']],
    'base-installs-debootstrap': [[{}, 'info', 'installing debootstrap']],
  },
  starting: { only: [[{}, 'info', 'starts']] },
  started: {
    launched: [[{ limit: 64 * MiB }, 'info', 'runs with a limit of 64 MB']],
    'by-hand': [[{}, 'info', 'was started through the engine: laptop-dev keeps it up from now on']],
    'restarted-by-hand': [[{}, 'info', 'was restarted through the engine']],
  },
  running: {
    only: [
      [{ after: 1_200, readiness: { kind: 'unprobed', why: 'it has no ports' } }, 'info', 'runs after 1.2 s; unprobed: it has no ports'],
      [
        { after: 30_000, readiness: { kind: 'unready', why: 'port 80 is silent' } },
        'warn',
        'runs after 30 s; not ready: port 80 is silent',
      ],
    ],
  },
  heard: { only: [[{ port: 4000, protocol: 'tcp', inferred: 'http' }, 'info', 'port 4000 speaks tcp, not http as guessed']] },
  ready: {
    probed: [
      [{ after: 2_900, silent: [] }, 'info', 'is ready after 2.9 s'],
      [{ after: 2_900, silent: [81, 82] }, 'info', 'is ready after 2.9 s; nothing listens on 81, 82 yet'],
    ],
    'healthy-again': [[{}, 'info', 'its health check passes again']],
  },
  woken: { only: [[{}, 'info', 'is woken: a client connects']] },
  frozen: {
    idle: [[{ unused: 300_000 }, 'info', 'is paused: unused for 5 m']],
    'pause-failed': [[{ cause }, 'warn', 'could not be paused: the engine said no.']],
    'resume-failed': [[{ cause }, 'warn', 'could not be resumed: the engine said no.']],
  },
  resized: {
    'needs-more': [[{ from: 64 * MiB, to: GiB }, 'info', 'its limit is raised from 64 MB to 1 GB: it needs more']],
    'others-need-it': [[{ from: GiB, to: 64 * MiB }, 'info', 'its limit is lowered from 1 GB to 64 MB: others need the memory']],
    'not-applied': [[{ limit: GiB, why: 'more is in use' }, 'warn', 'its limit stays at 1 GB: more is in use']],
    'changed-by-hand': [
      [
        { found: 512 * MiB, restored: 200 * MiB },
        'warn',
        'its limit was changed to 512 MB through the engine and is set back to 200 MB; memory in its profile changes it for good',
      ],
    ],
  },
  pressure: {
    only: [
      [{ evidence: { ...soft, level: 'none' } }, 'info', `The host has memory again (${MEMORY}).`],
      [{ evidence: soft }, 'warn', `${SOFT} (${MEMORY}, not enough to spare yet).`],
      [{ evidence: { ...soft, lasts: 3_000 } }, 'warn', `${SOFT} (${MEMORY}, without pressure for 3 s).`],
      [{ evidence: { ...soft, signal: 'softAvailable', lasts: 10_000 } }, 'warn', `${SOFT} (${MEMORY} for 10 s).`],
      [{ evidence: { ...soft, signal: 'softSome', lasts: 10_000 } }, 'warn', `${SOFT} (PSI some avg10 12 % for 10 s).`],
      [{ evidence: { ...soft, signal: 'swapIn', lasts: 10_000 } }, 'warn', `${SOFT} (pages come back from swap for 10 s).`],
      [
        { evidence: { ...soft, signal: 'refaults', lasts: 10_000 } },
        'warn',
        `${SOFT} (file pages that were dropped are read again for 10 s).`,
      ],
      [{ evidence: hard }, 'warn', `The host is about to stall: services are stopped, one at a time (${MEMORY} for 2 s).`],
      [
        { evidence: { ...hard, signal: 'hardFull' } },
        'warn',
        'The host is about to stall: services are stopped, one at a time (PSI full avg10 34 % for 2 s).',
      ],
      [{ evidence: null }, 'info', 'The host has memory again (not measured yet).'],
    ],
  },
  reclaimed: {
    cache: [
      [
        { bytes: 210 * MiB, to: 'host', freeBefore: 1_000 * MiB, freeAfter: 1_229 * MiB },
        'info',
        'Gave 210 MB of file cache back to the host (MemFree was 1000 MB, is 1.2 GB).',
      ],
      [
        { bytes: 210 * MiB, to: 'windows', freeBefore: 1_000 * MiB, freeAfter: 1_229 * MiB },
        'info',
        'Gave 210 MB of file cache back to Windows (MemFree was 1000 MB, is 1.2 GB).',
      ],
    ],
    incomplete: [[{ why: 'needs root' }, 'warn', 'Not all file cache could be reclaimed: needs root.']],
  },
  unhealthy: { only: [[{}, 'warn', 'its health check fails']] },
  stopping: {
    idle: [[{ unused: 600_000 }, 'info', 'falls asleep: unused for 10 m']],
    preempted: [[{ by: ['shop/api', 'shop/web'] }, 'info', 'falls asleep: makes room for shop/api, shop/web']],
    'host-pressure': [[{ evidence: hard }, 'info', `falls asleep: the host is short of memory: ${MEMORY} for 2 s`]],
    'not-wanted': [[{}, 'info', 'stops']],
    restart: [[{}, 'info', 'stops in order to restart']],
    'definition-changed': [[{}, 'info', 'stops in order to restart with its new definition']],
    'namespace-restarted': [[{ owner: 'vpn' }, 'info', 'stops in order to restart: it shares the network or the processes of vpn']],
    'no-room': [[{}, 'warn', 'was started through the engine, and is stopped again: there is no room for it']],
    'hours-end': [[{}, 'info', 'goes down: its running hours are over; services that are held or in use follow later']],
    'stop-failed': [[{ cause }, 'error', 'could not be stopped; laptop-dev tries again: the engine said no.']],
    'removal-failed': [[{ cause }, 'warn', 'its container could not be removed; laptop-dev tries again: the engine said no.']],
  },
  stopped: {
    stopped: [[{ frees: 64 * MiB }, 'info', 'has stopped and frees 64 MB']],
    'by-hand': [[{}, 'info', 'was stopped through the engine; it stays stopped until it is started again']],
  },
  completed: { only: [[{}, 'info', 'has finished (exit 0)']] },
  crashed: { only: [[{ exit, restartsIn: 500 }, 'warn', 'db exited with 1. Starts again in 0.5 s.']] },
  oom: {
    exited: [
      [
        { exit: { ...exit, code: 137, limit: 64 * MiB }, restartsIn: 1_000 },
        'warn',
        'db was killed at its 64 MB limit (exit 137). Starts again in 1 s.',
      ],
    ],
    'process-killed': [
      [
        { limit: 64 * MiB, maximum: GiB },
        'warn',
        'one of its processes was killed at the 64 MB limit; its limit is raised while the budget has room',
      ],
      [
        { limit: GiB, maximum: GiB },
        'warn',
        'one of its processes was killed at the 1 GB limit; raise memory.maximum (1 GB) or reduce what it needs',
      ],
    ],
    'limit-inferred': [
      [{ limit: 200 * MiB, next: 400 * MiB }, 'warn', 'was killed at 200 MB, a limit that nobody set: it starts again with 400 MB'],
    ],
  },
  failed: {
    failure: [[{ cause }, 'error', 'the engine said no.']],
    'log-tail': [[{ line: 'boom' }, 'error', 'its last log line: boom']],
  },
  adopted: {
    running: [[{ limit: 64 * MiB }, 'info', 'is already running, with a limit of 64 MB']],
    'folder-moved': [
      [{ from: '/old', to: '/new' }, 'info', 'the folder of the project was /old and is /new now; its name, volumes and pins stay'],
    ],
  },
  removed: {
    container: [[{}, 'info', 'its container is removed']],
    'volume-lost': [
      [
        { volume: 'shop_data' },
        'error',
        'its volume shop_data was removed through the engine (docker volume prune?), and its data is lost; an empty one was created',
      ],
    ],
    refused: [[{ cause }, 'warn', 'its container could not be removed; laptop-dev clean removes it: the engine said no.']],
    'project-not-cleared': [[{ cause }, 'warn', 'the engine said no.']],
  },
  refused: {
    wake: [[{ cause }, 'warn', 'the engine said no.']],
    'memory-request': [[{ cause }, 'warn', 'the engine said no.']],
    'running-hours': [[{ cause }, 'warn', 'was not brought up by its running hours: the engine said no.']],
  },
  engine: {
    'not-reachable': [
      [
        { why: 'its network has no gateway' },
        'warn',
        'other containers cannot wake it: its network has no gateway. It starts, and stays up, with the services that depend on it (depends_on)',
      ],
    ],
  },
};

describe('the sentence and the level of each notice', () => {
  for (const [kind, reasons] of Object.entries(SENTENCES)) {
    for (const [key, rows] of Object.entries<readonly Row<object>[]>(reasons)) {
      test(key === 'only' ? kind : `${kind}: ${key}`, () => {
        const name = key === 'only' ? {} : { [kind === 'image' ? 'step' : 'reason']: key };
        for (const [rest, level, sentence] of rows) {
          const notice = noticeOf('shop', 'db', { kind, data: { ...name, ...rest } } as NoticeContent);
          expect(noticeText(notice)).toBe(sentence);
          expect(notice.level).toBe(level);
        }
      });
    }
  }
});

test('an exit names the model that a service had loaded, or was loading', () => {
  expect(exitText('llm', { ...exit, code: 134, model: 'big' })).toBe('llm exited with 134 with the model big loaded.');
  expect(exitText('llm', { code: 137, limit: GiB, model: 'big', isLoading: true })).toBe(
    'llm was killed at its 1 GB limit while it loaded the model big (exit 137).',
  );
});
