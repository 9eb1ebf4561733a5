import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Intent } from '../../daemon/scheduler/state/intent.js';
import { wrongIntent } from '../../daemon/server/wrong-intent.js';
import { createStateFile } from '../../daemon/state-file/state-file.js';
import { project } from '../scheduler/support/specs.js';
import { rounds } from '../support/deep.js';

const INTENT: Intent = {
  version: 1,
  projects: [
    {
      spec: project('shop', { api: { dependsOn: ['db'] }, db: { container: null } }),
      up: ['api'],
      restart: [],
      recreate: [],
      leaving: null,
    },
    {
      spec: project('office', { api: {}, db: {} }),
      up: ['db'],
      restart: [],
      recreate: [],
      leaving: null,
      hours: { due: 'up', closing: ['db'], closed: ['api'] },
    },
  ],
  trusted: ['abc'],
};

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ld-state-'));
  file = join(folder, 'deep/state.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

const store = () => createStateFile(file, wrongIntent);

test('what is saved is loaded, by nobody but its owner', () => {
  expect(store().save(INTENT)).toBeNull();
  expect(store().load()).toEqual({ intent: INTENT, warning: null });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(existsSync(`${file}.tmp`)).toBe(false);
});

test('no file is no intent', () => {
  expect(store().load()).toEqual({ intent: { version: 1, projects: [], trusted: [] }, warning: null });
});

test('a truncated file is set aside, said, and read as empty', () => {
  store().save(INTENT);
  truncateSync(file, 40);
  const { intent, warning } = store().load();
  expect(intent.projects).toEqual([]);
  expect(warning).toContain(`${file}.corrupt`);
  expect(existsSync(file)).toBe(false);
  expect(existsSync(`${file}.corrupt`)).toBe(true);
});

test('a folder that cannot be written to is a failure that keeps the old state', () => {
  store().save(INTENT);
  writeFileSync(join(folder, 'plain'), '');
  const broken = createStateFile(join(folder, 'plain/state.json'), wrongIntent);
  expect(broken.save(INTENT)).toMatchObject({ code: 'internal', details: { file: join(folder, 'plain/state.json'), cause: 'EEXIST' } });
  expect(store().load().intent).toEqual(INTENT);
});

test('10,000 corrupt files: none crashes it, none is taken for an intent that it is not', () => {
  store().save(INTENT);
  const good = readFileSync(file, 'utf8');
  const damaged = fc.tuple(fc.nat(good.length - 1), fc.string({ maxLength: 3 }), fc.nat(12)).map(([at, text, cut]) => {
    return good.slice(0, at) + text + good.slice(at + cut);
  });
  fc.assert(
    fc.property(fc.oneof(damaged, fc.string(), fc.json()), text => {
      writeFileSync(file, text);
      const { intent, warning } = store().load();
      expect(wrongIntent(intent)).toBeNull();
      if (warning !== null) expect(intent.projects).toEqual([]);
    }),
    { numRuns: rounds(10_000) },
  );
}, 120_000);
