import type { WorkResult } from '../api/contract.js';
import type { Plan } from '../api/plan.js';
import type { Mutations } from '../client/client.js';
import { type Failure, FailureError, failure } from '../shared/failure.js';
import { type Cli, remark } from './cli.js';
import { displayFor } from './display.js';

/** The outcome of an action; `result` is null with --no-wait and --dry-run. */
export interface ActionOutcome {
  readonly plan: Plan;
  readonly result: (WorkResult & { readonly ok: true }) | null;
}

/** How long a service without a readiness check has to run to count as ready, ms: a wrong command or a missing variable ends it at once. */
const SETTLE = 500;

const GOALS = { up: 'up', start: 'up', restart: 'up', lease: 'up', pin: 'up', unpin: 'up', stop: 'down', down: 'gone' } as const;

/** Dry run, waiting and time limit, as the options set them. */
export function mannerOf({ options }: Cli): { dryRun: boolean; wait: boolean; settle: number; waitTimeout: number | null } {
  return { settle: SETTLE, dryRun: options.dryRun ?? false, wait: options.wait !== false, waitTimeout: options.waitTimeout ?? null };
}

/** Acts on a project and shows the progress. Throws the failure in which it ends, cancelled on ctrl-C. */
export async function act<Kind extends keyof Mutations>(
  cli: Cli,
  project: string,
  kind: Kind,
  body: Mutations[Kind],
): Promise<ActionOutcome> {
  const display = displayFor(cli);
  let plan: Plan | null = null;
  let result: WorkResult | null = null;
  try {
    for await (const line of cli.client.act(project, kind, body, cli.cancelled)) {
      if (line.type === 'result') result = line;
      else if (line.type === 'notice') display.notice(line.notice);
      else {
        plan = line.plan;
        remarkWarnings(cli, plan);
        if (body.wait && !body.dryRun) display.begin(line.plan, GOALS[kind], project);
      }
    }
  } catch (error) {
    throw cli.cancelled.aborted ? new FailureError(left(kind, project)) : error;
  } finally {
    display.end();
  }
  if (plan === null) throw new FailureError(failure('daemon-unavailable', 'The daemon stopped before it answered.'));
  if (result?.ok === false) throw new FailureError(result.error);
  return { plan, result };
}

function left(kind: keyof Mutations, project: string): Failure {
  const undo = GOALS[kind] === 'up' ? ['laptop-dev down stops it.'] : [];
  return failure('cancelled', `Stopped waiting; the ${kind} of ${project} continues in the background.`, { project }, [
    'laptop-dev ps shows its progress.',
    ...undo,
  ]);
}

/** Warnings about an action that was carried out. */
export function remarkWarnings(cli: Cli, plan: Plan): void {
  for (const { message, remedies } of plan.warnings ?? []) {
    remark(cli, `${cli.err.colours.yellow('warning:')} ${[message, ...remedies.map(remedy => `  ${remedy}`)].join('\n')}`);
  }
}
