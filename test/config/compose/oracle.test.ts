import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadCompose } from '../../../daemon/config/compose/load.js';
import { reduceOurs, reduceRecorded } from './oracle.js';

const FIXTURES = join(import.meta.dirname, 'fixtures');
const FILES: Readonly<Record<string, readonly string[]>> = {
  merge: ['compose.yaml', 'compose.override.yaml'],
  reset: ['compose.yaml', 'over.yaml'],
};
/** The variables with which the answers were recorded. */
const ENVIRONMENT = {
  FROM_CALLER: 'the caller',
  SET: 'set',
  EMPTY: '',
  TAG: '1.2',
  CPUS: '0.5',
  FLAG: 'true',
  PORT: '8080',
  lower_case: 'low',
  HOME: '/home/user',
};

/**
 * To record anew: in each folder, with ENVIRONMENT and the same -f and --profile, `docker-compose config --format json` into
 * expected.json, the folder's path replaced by <dir> and its parent's by <up>.
 */
describe('the same answer as docker-compose 2.26.1 (recorded)', () => {
  for (const name of readdirSync(FIXTURES)) {
    it(name, async () => {
      const folder = join(FIXTURES, name);
      const files = (FILES[name] ?? ['compose.yaml']).map(file => join(folder, file));
      const result = await loadCompose({
        files,
        projectDirectory: folder,
        projectName: null,
        environment: ENVIRONMENT,
        envFiles: null,
        profiles: name === 'profiles' ? ['dev'] : [],
      });
      expect(result.problems).toEqual([]);
      // `config` writes every dollar sign twice, so that its answer can be read as a Compose file again;
      // in the replacement, too, '$$' means one.
      const recorded = readFileSync(join(folder, 'expected.json'), 'utf8')
        .replaceAll('$$', '$$')
        .replaceAll('<dir>', folder)
        .replaceAll('<up>', FIXTURES);
      expect(result.project && reduceOurs(result.project)).toEqual(reduceRecorded(JSON.parse(recorded)));
    });
  }
});
