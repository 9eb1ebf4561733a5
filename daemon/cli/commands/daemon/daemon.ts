import type { Verb } from '../../verb.js';

export const daemonVerb = {
  name: 'daemon',
  summary: 'Start, stop or look at the daemon',
  args: '',
  options: [],
  verbs: {
    start: async () => (await import('./start.js')).daemonStartVerb,
    stop: async () => (await import('./stop.js')).daemonStopVerb,
    status: async () => (await import('./status.js')).daemonStatusVerb,
    logs: async () => (await import('./logs.js')).daemonLogsVerb,
    run: async () => (await import('./run.js')).daemonRunVerb,
    'install-unit': async () => (await import('./install-unit.js')).installUnitVerb,
  },
} satisfies Verb;
