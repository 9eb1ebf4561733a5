import { expect, test } from 'vitest';
import { rounds, SEED } from '../support/deep.js';
import { duels } from './support/duels.js';

const TRACES = rounds(250);

test(`duels, leases and a host that runs short, told by MemAvailable, PSI or refaults: the rules hold in ${TRACES} traces`, () => {
  const total = { duels: 0, kept: 0, leased: 0, soft: 0, hard: 0, victims: 0, byPsi: 0 };
  for (let seed = SEED; seed < SEED + TRACES; seed++)
    for (const [what, count] of Object.entries(duels(seed))) total[what as keyof typeof total] += count;
  // Traces in which nothing of this happens would prove nothing. Duels are the rarest: 12 to 36 in 25 traces.
  for (const [what, count] of Object.entries(total)) expect(count, what).toBeGreaterThan(TRACES / 10);
}, 120_000);
