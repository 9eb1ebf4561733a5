import type { CliVerb } from './verb.js';

const OUTPUT = ['json', 'quiet'] as const;

/** `laptop-dev daemon`. */
export const DAEMON: CliVerb = {
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
};
