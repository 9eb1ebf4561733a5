import type { Verb } from '../../verb.js';
import { installUnitVerb } from './install-unit.js';
import { daemonLogsVerb } from './logs.js';
import { daemonRunVerb } from './run.js';
import { daemonStartVerb } from './start.js';
import { daemonStatusVerb } from './status.js';
import { daemonStopVerb } from './stop.js';

export const daemonVerb = {
  name: 'daemon',
  summary: 'Start, stop or look at the daemon',
  args: '',
  options: [],
  verbs: [daemonStartVerb, daemonStopVerb, daemonStatusVerb, daemonLogsVerb, daemonRunVerb, installUnitVerb],
} satisfies Verb;
