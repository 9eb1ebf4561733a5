import type { HostMemory } from '../../ports/ports.js';
import { budgetFor } from '../../scheduler/policy/policy.js';
import { type Bytes, formatBytes, MiB } from '../../shared/bytes.js';
import { type Failure, failure } from '../../shared/failure.js';

/** The least of the built-in services needs 128 MB: a budget below this runs nothing. */
const LEAST: Bytes = 64 * MiB;

/** Why this cannot be the budget of this machine; null: it can. */
export function budgetBeyond(
  bytes: Bytes | null,
  { host, budgetFixed }: { readonly host: HostMemory; readonly budgetFixed: boolean },
): Failure | null {
  if (budgetFixed) {
    const remedies = ['Start the daemon without LAPTOP_DEV_BUDGET, or with another one: laptop-dev daemon stop'];
    return failure('config-invalid', 'LAPTOP_DEV_BUDGET of the daemon sets the budget, and has the last word.', {}, remedies);
  }
  if (bytes === null) return null;
  const { total } = host.read();
  const most = budgetFor(total, null);
  if (bytes < LEAST)
    return failure('config-invalid', `${formatBytes(bytes)} are too little: at least ${formatBytes(LEAST)}.`, { bytes, least: LEAST });
  if (bytes <= most) return null;
  return failure(
    'config-invalid',
    `${formatBytes(bytes)} are more than this machine can give: ${formatBytes(most)} of its ${formatBytes(total)}.`,
    { bytes, most, total },
    [`laptop-dev budget set ${Math.floor(most / MiB)}MB is the most`],
  );
}
