import { type DetailsOf, type Failure, type FailureCode, FailureError, type FailureOf } from '../../daemon/shared/failure.js';
import type { RefusalHolder } from '../../daemon/shared/failure-details.js';

/** The details of a failure that has to have this code. */
export function detailsOf<Code extends FailureCode>(found: Failure, code: Code): DetailsOf<Code> {
  if (isOf(found, code)) return found.details;
  throw new FailureError(found);
}

function isOf<Code extends FailureCode>(found: { readonly code: FailureCode }, code: Code): found is FailureOf<Code> {
  return found.code === code;
}

/** Who holds memory, as a refusal of the budget names it. */
export function holder(change: Partial<RefusalHolder> = {}): RefusalHolder {
  return { ...HOLDER, ...change };
}

const HOLDER: RefusalHolder = {
  project: 'shop',
  service: 'db',
  state: 'running',
  standard: 1,
  maximum: 1,
  grant: 1,
  workingSet: null,
  idleFor: null,
  keptBecause: null,
};
