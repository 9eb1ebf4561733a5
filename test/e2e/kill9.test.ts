import { afterAll, beforeAll, expect, test } from 'vitest';
import { MiB } from '../../daemon/core/bytes.js';
import { ENGINE } from '../engine/support/open-engine.js';
import { removeImage, tinyImage } from '../engine/support/tiny-image.js';
import { composeFile, loadVariants } from './kill9/project.js';
import { Random } from './kill9/random.js';
import { Rounds } from './kill9/rounds.js';
import { type Home, home } from './support/home.js';
import { patience } from './support/until.js';

/** ms from the start of a daemon's process until all is as wanted, for 95 of 100 (facts: reliability). */
const CONVERGES_IN = 5_000;
/** Has them all at standard, not all at their maximum. */
const BUDGET = 120;
const KILLS = Number(process.env['LAPTOP_DEV_KILLS'] ?? 100);
/** A failing run is had again with SEED=… (the moments of the kills are the same; what the engine does meanwhile need not be). */
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const IMAGE = 'ldt-kill-tiny:1';

let own: Home;
beforeAll(async () => {
  await tinyImage(ENGINE, IMAGE);
  own = await home();
});
afterAll(async () => {
  await own.close();
  await removeImage(ENGINE, IMAGE);
});

test(`${KILLS} kill -9 of the daemon lose, duplicate and orphan nothing (SEED=${SEED})`, { timeout: KILLS * 20_000 }, async () => {
  const folder = await own.project('kill', { 'compose.yaml': composeFile(IMAGE) });
  const specs = await loadVariants(folder);
  const env = { LAPTOP_DEV_BUDGET: `${BUDGET}MB`, LAPTOP_DEV_LOG_LEVEL: 'debug' };
  const rounds = await Rounds.begin({ home: own, project: specs.a.name, specs, budget: BUDGET * MiB, env, random: new Random(SEED) });
  for (let round = 1; round <= KILLS; round++) {
    try {
      await rounds.round();
    } catch (error) {
      await rounds.stop();
      throw new Error(`SEED=${SEED}, round ${round}: ${error instanceof Error ? error.message : error}\n${rounds.tell()}`);
    }
  }
  await rounds.end();
  expect(await own.leftovers()).toEqual([]);
  const sorted = rounds.times.sort((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);
  process.stdout.write(`${KILLS} kills, SEED=${SEED}: as wanted after ${at(0.5)} ms (p50), ${at(0.95)} ms (p95), ${at(1)} ms (most)\n`);
  expect(at(0.95)).toBeLessThan(patience(CONVERGES_IN));
});
