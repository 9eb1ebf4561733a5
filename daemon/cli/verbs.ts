import type { Run } from './cli.js';
import type { OptionName } from './option-table.js';

/** A verb of the command line. The table is all that help, completion, docs/cli.md and the parser know. */
export interface Verb {
  readonly name: string;
  readonly summary: string;
  /** In commander's notation: <one>, [maybe], [many...]. */
  readonly args: string;
  readonly options: readonly OptionName[];
  /** What completion offers for the arguments. */
  readonly completes?: 'services' | 'profiles-and-services';
  /** Everything after the first argument belongs to the command that is run. */
  readonly passThrough?: boolean;
  /** For completion scripts, not for people. */
  readonly hidden?: boolean;
  /** Only this verb's file is loaded. */
  readonly load?: () => Promise<{ readonly run: Run }>;
  readonly verbs?: readonly Verb[];
}

const PLACE = ['project', 'profiles', 'file', 'project-name', 'env-file'] as const;
const NAME = ['project', 'project-name', 'file'] as const;
const NAME_BESIDE_FOLLOW = ['project', 'project-name', 'file-long'] as const;
const ACT = ['dry-run', 'wait', 'no-wait', 'wait-timeout'] as const;
const OUTPUT = ['json', 'quiet'] as const;

export const VERBS: readonly Verb[] = [
  {
    name: 'init',
    summary: 'Write a laptop-dev.yaml for the Compose file found here',
    args: '',
    options: [...PLACE, 'dry-run', 'force', ...OUTPUT],
    load: () => import('./commands/init.js'),
  },
  {
    name: 'up',
    summary: 'Start a profile, or services and what they depend on; starts the daemon when it is not running',
    args: '[profile-or-service...]',
    options: [...PLACE, 'recreate', 'trust', 'engine', ...ACT, ...OUTPUT],
    completes: 'profiles-and-services',
    load: () => import('./commands/up.js'),
  },
  {
    name: 'down',
    summary: 'Stop and remove the containers and networks of a project',
    args: '',
    options: [...NAME, 'all', 'volumes', 'yes', ...ACT, ...OUTPUT],
    load: () => import('./commands/down.js'),
  },
  ...(['start', 'stop', 'restart'] as const).map(
    (kind): Verb => ({
      name: kind,
      summary: {
        start: 'Start services of a project that is known; none named: all',
        stop: 'Stop services; their containers stay',
        restart: 'Stop services and start them again',
      }[kind],
      args: '[service...]',
      options: [...NAME, ...ACT, ...OUTPUT],
      completes: 'services',
      load: async () => ({ run: (await import('./commands/services.js')).runFor(kind) }),
    }),
  ),
  {
    name: 'ps',
    summary: 'Show services, their states and their memory',
    args: '[service...]',
    options: [...NAME, 'all', ...OUTPUT],
    completes: 'services',
    load: () => import('./commands/ps.js'),
  },
  {
    name: 'logs',
    summary: 'Show what services have written',
    args: '[service...]',
    options: [...NAME_BESIDE_FOLLOW, 'follow', 'since', 'tail', ...OUTPUT],
    completes: 'services',
    load: () => import('./commands/logs.js'),
  },
  {
    name: 'exec',
    summary: 'Run a command in the container of a service',
    args: '<service> <command...>',
    options: [...NAME, 'no-tty', 'user', 'workdir', 'env', ...OUTPUT],
    completes: 'services',
    passThrough: true,
    load: () => import('./commands/exec.js'),
  },
  {
    name: 'shell',
    summary: 'Open a shell in the container of a service (bash, else sh)',
    args: '<service>',
    options: [...NAME, 'user', 'workdir', 'env', ...OUTPUT],
    completes: 'services',
    load: () => import('./commands/shell.js'),
  },
  {
    name: 'events',
    summary: 'Show what happened',
    args: '[service...]',
    options: [...NAME_BESIDE_FOLLOW, 'all', 'follow', ...OUTPUT],
    completes: 'services',
    load: () => import('./commands/events.js'),
  },
  {
    name: 'profiles',
    summary: 'List the profiles to choose from',
    args: '',
    options: [...PLACE, ...OUTPUT],
    load: () => import('./commands/profiles.js'),
  },
  {
    name: 'budget',
    summary: 'Show the memory budget and who holds it',
    args: '',
    options: OUTPUT,
    load: () => import('./commands/budget.js'),
    verbs: [
      {
        name: 'advice',
        summary: 'Say what the services here should have, by what they used in the last 8 days',
        args: '',
        options: [...PLACE, 'write', ...OUTPUT],
        load: () => import('./commands/budget-advice.js'),
      },
    ],
  },
  {
    name: 'why',
    summary: 'Say why a service is in its state',
    args: '<service>',
    options: [...NAME, ...OUTPUT],
    completes: 'services',
    load: () => import('./commands/why.js'),
  },
  {
    name: 'config',
    summary: 'Check or show the configuration',
    args: '',
    options: [],
    verbs: [
      {
        name: 'validate',
        summary: 'Check all files without starting anything; all mistakes at once',
        args: '[profile]',
        options: [...PLACE, ...OUTPUT],
        completes: 'profiles-and-services',
        load: () => import('./commands/config-validate.js'),
      },
      {
        name: 'show',
        summary: 'Show the project as it would be run',
        args: '[profile]',
        options: [...PLACE, 'show-values', ...OUTPUT],
        completes: 'profiles-and-services',
        load: () => import('./commands/config-show.js'),
      },
    ],
  },
  {
    name: 'clean',
    summary: 'Remove containers and networks of a project that nothing needs any more',
    args: '',
    options: [...NAME, 'volumes', 'yes', 'dry-run', ...OUTPUT],
    load: () => import('./commands/clean.js'),
  },
  {
    name: 'completion',
    summary: 'Print a completion script: bash, zsh or fish',
    args: '<shell>',
    options: [],
    load: () => import('./commands/completion.js'),
  },
  {
    name: 'daemon',
    summary: 'Start, stop or look at the daemon',
    args: '',
    options: [],
    verbs: [
      {
        name: 'start',
        summary: 'Start the daemon in the background',
        args: '',
        options: ['engine', ...OUTPUT],
        load: async () => ({ run: (await import('./commands/daemon.js')).start }),
      },
      {
        name: 'stop',
        summary: 'End the daemon; services keep running',
        args: '',
        options: OUTPUT,
        load: async () => ({ run: (await import('./commands/daemon.js')).stop }),
      },
      {
        name: 'status',
        summary: 'Say whether the daemon runs, and with which engine',
        args: '',
        options: OUTPUT,
        load: async () => ({ run: (await import('./commands/daemon.js')).status }),
      },
      {
        name: 'logs',
        summary: "Show the daemon's own log",
        args: '',
        options: ['follow', 'tail', ...OUTPUT],
        load: async () => ({ run: (await import('./commands/daemon-logs.js')).run }),
      },
      {
        name: 'run',
        summary: 'Be the daemon, in the foreground',
        args: '',
        options: ['engine'],
        load: async () => ({ run: (await import('./commands/daemon-run.js')).run }),
      },
      {
        name: 'install-unit',
        summary: 'Write a systemd user unit, so that the daemon starts with the session',
        args: '',
        options: ['dry-run', 'force', ...OUTPUT],
        load: async () => ({ run: (await import('./commands/install-unit.js')).run }),
      },
    ],
  },
  {
    name: 'version',
    summary: 'Show the versions of laptop-dev, the daemon and the engine',
    args: '',
    options: OUTPUT,
    load: () => import('./commands/version.js'),
  },
  {
    name: '__complete',
    summary: 'Names that completion offers: services, or profiles-and-services',
    args: '<what>',
    options: NAME,
    hidden: true,
    load: () => import('./commands/complete-names.js'),
  },
];
