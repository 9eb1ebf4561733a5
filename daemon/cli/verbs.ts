import { budgetVerb } from './commands/budget/budget.js';
import { daemonVerb } from './commands/daemon/daemon.js';
import { dashboardVerb } from './commands/dashboard/dashboard.js';
import { bugReportVerb } from './commands/diagnose/bug-report.js';
import { doctorVerb } from './commands/diagnose/doctor.js';
import { llmVerb } from './commands/llm/llm.js';
import { completeNamesVerb } from './commands/program/complete-names.js';
import { completionVerb } from './commands/program/completion.js';
import { versionVerb } from './commands/program/version.js';
import { configVerb } from './commands/project/config.js';
import { initVerb } from './commands/project/init.js';
import { profilesVerb } from './commands/project/profiles.js';
import { cleanVerb } from './commands/services/clean.js';
import { downVerb } from './commands/services/down.js';
import { eventsVerb } from './commands/services/events.js';
import { execVerb } from './commands/services/exec.js';
import { logsVerb } from './commands/services/logs.js';
import { pinVerb } from './commands/services/pin.js';
import { psVerb } from './commands/services/ps.js';
import { runVerb } from './commands/services/run.js';
import { shellVerb } from './commands/services/shell.js';
import { restartVerb, startVerb, stopVerb } from './commands/services/start-stop-restart.js';
import { statsVerb } from './commands/services/stats.js';
import { unpinVerb } from './commands/services/unpin.js';
import { upVerb } from './commands/services/up.js';
import { whyVerb } from './commands/services/why.js';
import { wslVerb } from './commands/wsl/wsl.js';
import type { Verb } from './verb.js';

/** All verbs, in the order in which help shows them. */
export const VERBS: readonly Verb[] = [
  initVerb,
  upVerb,
  downVerb,
  startVerb,
  stopVerb,
  restartVerb,
  pinVerb,
  unpinVerb,
  runVerb,
  psVerb,
  statsVerb,
  logsVerb,
  execVerb,
  shellVerb,
  eventsVerb,
  dashboardVerb,
  profilesVerb,
  budgetVerb,
  whyVerb,
  configVerb,
  cleanVerb,
  completionVerb,
  daemonVerb,
  llmVerb,
  wslVerb,
  doctorVerb,
  bugReportVerb,
  versionVerb,
  completeNamesVerb,
];
