import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { profileFilesIn } from '../../../daemon/config/profiles/files.js';
import { loadProfile } from '../../../daemon/config/profiles/load.js';
import { profileJsonSchema } from '../../../daemon/config/profiles/schema.js';
import { GiB, MiB } from '../../../daemon/shared/bytes.js';

const FOLDER = fileURLToPath(new URL('../../../profiles', import.meta.url));
const files = await profileFilesIn(FOLDER);
const load = async (name: string) => {
  const { profile, problems } = await loadProfile(`${FOLDER}/${name}.yaml`, { files: [], builtIn: FOLDER });
  expect(problems).toEqual([]);
  return profile;
};

describe('the profiles that come with laptop-dev', () => {
  it.each(files.map(file => basename(file, '.yaml')))('%s is valid', async name => {
    expect(await load(name)).toMatchObject({ name, compose: expect.arrayContaining([expect.stringMatching(/\/compose\/compose\.yaml$/)]) });
  });

  /** the dev container is `dev`. */
  it.each([
    ['api', 256 * MiB, 512 * MiB],
    ['orchestrator', 256 * MiB, 512 * MiB],
    ['binary-processor', 128 * MiB, 256 * MiB],
    ['postgres', 256 * MiB, 512 * MiB],
    ['redis', 128 * MiB, 256 * MiB],
    ['minio', 256 * MiB, 512 * MiB],
    ['llm-advisor', GiB, 2 * GiB],
    ['dev', 512 * MiB, GiB],
  ])('base gives %s its budget', async (service, standard, maximum) => {
    const base = await load('base');
    expect(base?.services.size).toBe(8);
    expect(base?.services.get(service)?.memory).toEqual({ standard, maximum });
  });

  it('minimal is the API with its stores', async () => {
    const minimal = await load('minimal');
    expect([...(minimal?.listed ?? [])]).toEqual(['api', 'postgres', 'redis']);
    expect(minimal?.services.get('api')?.start).toBe('eager');
    expect(minimal?.services.get('postgres')).toMatchObject({ start: 'on-demand', idle: { stopAfter: 600_000 }, protocol: 'postgres' });
  });

  it('llm is minimal with the advisor, started with it and asleep when it is not used', async () => {
    const llm = await load('llm');
    expect([...(llm?.listed ?? [])].sort()).toEqual(['api', 'llm-advisor', 'postgres', 'redis']);
    expect(llm?.services.get('llm-advisor')).toMatchObject({
      start: 'eager',
      idle: { stopAfter: 600_000 },
      ready: '/health',
      path: 'splice',
    });
  });

  it('full is everything', async () => expect((await load('full'))?.listed.size).toBe(8));
});

describe('profiles/schema.json', () => {
  it('is what the zod schema gives; npm run build && npm run schema writes it', () => {
    expect(readFileSync(`${FOLDER}/schema.json`, 'utf8')).toBe(profileJsonSchema());
  });

  const validate = new Ajv({ strict: false }).compile(JSON.parse(profileJsonSchema()) as object);
  it.each(files)('accepts %s', file => {
    expect(validate(parse(readFileSync(file, 'utf8'))), JSON.stringify(validate.errors)).toBe(true);
  });
  it.each([{ servces: {} }, { services: { api: { idle: 'soon' } } }, { services: { api: { memory: { maximum: '1X' } } } }])(
    'refuses %j',
    value => expect(validate(value)).toBe(false),
  );
});
