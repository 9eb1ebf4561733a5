import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { knownShape } from '../../../daemon/config/compose/generated/schema.js';
import { SERVICE_KEYS } from '../../../daemon/config/compose/normalise/service.js';

it('the compiled schema is what the installed docker-compose package gives', () => {
  const script = join(import.meta.dirname, '../../../scripts/write-compose-validator.mjs');
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

it('every key that is read is one that the schema knows', () => {
  const known = knownShape.in?.['services']?.any?.keys ?? [];
  expect(SERVICE_KEYS.filter(key => !known.includes(key))).toEqual([]);
});
