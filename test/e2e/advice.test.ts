import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AdviceView } from '../../daemon/api/views.js';
import { MiB } from '../../daemon/shared/bytes.js';
import { engine } from './support/engine.js';
import type { Home } from './support/home.js';
import { type Done, idsOf, stays, TINY, tinyHome } from './support/tiny.js';

let own: Home;
beforeAll(async () => {
  own = await tinyHome();
});
afterAll(() => own?.close());

const MINUTE = 60_000;
const PROFILE = '# ours\nservices:\n  it:\n    memory: { standard: 96MB, maximum: 128MB } # guessed\n';

/** As the daemon writes them: two hours up to now, 20 MB used, 30 at the most. */
function remember(id: string): void {
  const folder = join(own.stateDir, 'history');
  mkdirSync(folder, { recursive: true });
  const now = Math.floor(Date.now() / MINUTE) * MINUTE;
  for (let at = now - 120 * MINUTE; at < now; at += MINUTE) {
    const line = JSON.stringify({ at, id, p: 20 * MiB, peak: 30 * MiB, cpu: 1 });
    appendFileSync(join(folder, `${new Date(at).toISOString().slice(0, 10)}.jsonl`), `${line}\n`);
  }
}

it('advice from the history of a daemon before, written into the profile, is what up applies', async () => {
  const cwd = await own.project('advised', {
    'compose.yaml': `services:\n  it:\n    image: ${TINY}\n    command: ${stays()}\n`,
    'laptop-dev.yaml': PROFILE,
  });
  await own.ask(['up'], { cwd });
  expect(await own.ask(['budget', 'advice'], { cwd })).toMatchObject({ services: [{ service: 'it', enough: false }] });
  process.kill(await own.daemonPid(), 'SIGKILL');
  remember(`${basename(cwd)}/it`);
  await own.ask(['daemon', 'start'], { cwd });

  const { services } = await own.ask<{ services: readonly AdviceView[] }>(['budget', 'advice'], { cwd });
  const advised = { standard: 32 * MiB, maximum: 48 * MiB };
  expect(services).toMatchObject([{ service: 'it', current: { standard: 96 * MiB }, ...advised, enough: true }]);
  expect(readFileSync(join(cwd, 'laptop-dev.yaml'), 'utf8')).toBe(PROFILE);
  const { stdout } = await own.cli(['budget', 'advice', '--write'], { cwd });
  expect(stdout).toContain('96 MB → 32 MB');
  expect(stdout).toContain('  4 + memory: { standard: 32MB, maximum: 48MB } # guessed');
  expect(readFileSync(join(cwd, 'laptop-dev.yaml'), 'utf8')).toBe(PROFILE.replace('96MB', '32MB').replace('128MB', '48MB'));

  expect((await own.ask<Done>(['up'], { cwd })).services).toMatchObject([{ state: 'running', memory: advised }]);
  const { it: id = '' } = await idsOf(own, basename(cwd));
  const { HostConfig } = await engine<{ HostConfig: { Memory: number } }>('GET', `/containers/${id}/json`);
  expect(HostConfig.Memory).toBe(48 * MiB);
});
