import { availableParallelism, loadavg } from 'node:os';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MiB } from '../../daemon/shared/bytes.js';
import { ENGINE } from '../on-engine/support/open-engine.js';
import { removeImage, tinyImage } from '../on-engine/support/tiny-image.js';
import { byGear, DEEP, SEED } from '../support/deep.js';
import { BUILT, composeFile, loadVariants } from './kill9/project.js';
import { Random } from './kill9/random.js';
import { Rounds } from './kill9/rounds.js';
import { engine } from './support/engine.js';
import { type Home, home } from './support/home.js';
import { patience } from './support/until.js';

/** ms from the start of a daemon's process until all is as wanted, for 95 of 100 on a machine that has nothing else to do. */
const CONVERGES_IN = 5_000;
/** Has them all at standard, not all at their maximum. */
const BUDGET = 120;
const KILLS = byGear({ deep: 300, usual: 4, fast: 2 });
/** Daemons at once, each with a project and a state folder of its own: a round mostly waits. */
const LANES = 2;
const IMAGE = `ldt-kill-tiny:${process.pid}`;

const homes: Home[] = [];
beforeAll(() => tinyImage(ENGINE, IMAGE));
afterAll(async () => {
  for (const own of homes) await own.close();
  await engine(
    'POST',
    `/images/prune?filters=${encodeURIComponent(JSON.stringify({ dangling: ['false'], label: [`${BUILT}=${process.pid}`] }))}`,
  );
  await removeImage(ENGINE, IMAGE);
});

test(`${KILLS} kill -9 of the daemon lose, duplicate and orphan nothing (SEED=${SEED})`, { timeout: 60_000 + KILLS * 20_000 }, async () => {
  const started = performance.now();
  const lanes = Array.from({ length: LANES }, (_, lane) => run(SEED + lane, Math.floor((KILLS + lane) / LANES)));
  const times = (await allOf(lanes)).flat().sort((a, b) => a - b);
  const at = (share: number) => Math.round(times[Math.floor((times.length - 1) * share)] ?? 0);
  const seconds = Math.round((performance.now() - started) / 1_000);
  process.stdout.write(
    `${times.length} kills in ${seconds} s, SEED=${SEED}: as wanted after ${at(0.5)} ms (p50), ${at(0.95)} ms (p95), ${at(1)} ms (most)\n`,
  );
  expect(times).toHaveLength(KILLS);
  // Of a few, one round in which an image and three containers are made is the 95th of 100. Each has 30 s in any case (rounds.ts).
  const crowding = Math.max(1, (loadavg()[0] ?? 0) / availableParallelism());
  if (DEEP) expect(at(0.95)).toBeLessThan(patience(CONVERGES_IN) * crowding);
});

/** As Promise.all, but a lane that fails lets the others end. */
async function allOf<T>(lanes: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(lanes);
  return Promise.all(lanes);
}

/** Resolves to the times that the daemons took. */
async function run(seed: number, kills: number): Promise<readonly number[]> {
  const own = await home();
  homes.push(own);
  const folder = await own.project('kill', { 'compose.yaml': composeFile(IMAGE) });
  const specs = await loadVariants(folder);
  const env = { LAPTOP_DEV_BUDGET: `${BUDGET}MB`, LAPTOP_DEV_LOG_LEVEL: 'debug' };
  const trial = await Rounds.begin({ home: own, project: specs.a.name, specs, budget: BUDGET * MiB, env, random: new Random(seed) });
  for (let round = 1; round <= kills; round++) {
    try {
      await trial.round();
    } catch (error) {
      await trial.stop();
      throw new Error(`SEED=${SEED}, round ${round}: ${error instanceof Error ? error.message : error}\n${trial.tell()}`);
    }
  }
  await trial.end();
  expect(await own.leftovers()).toEqual([]);
  return trial.times;
}
