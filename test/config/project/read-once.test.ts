import { expect, test } from 'vitest';
import { type ProfileReader, profileReader, readText } from '../../../daemon/config/profiles/reader.js';
import { listProfiles, splitWords } from '../../../daemon/config/project/discovery/choose.js';
import { loadProject } from '../../../daemon/config/project/load.js';
import { find, tree } from './tree.js';

const COMPOSE = 'services: { db: { image: postgres }, api: { image: node } }';

/** A reader that counts how often each text is taken. */
function counting(): { readonly read: ProfileReader; readonly counts: Map<string, number> } {
  const counts = new Map<string, number>();
  const read = profileReader(file => {
    counts.set(file, (counts.get(file) ?? 0) + 1);
    return readText(file);
  });
  return { read, counts };
}

test('an up reads and parses each profile file once: for its name, for the words, and for both loads', async () => {
  const root = tree({
    'compose.yaml': COMPOSE,
    'laptop-dev.yaml': 'name: mine\nextends: shared\nservices: { db: {} }',
    '.laptop-dev/shared.yaml': 'services: { db: { priority: 60 } }',
  });
  const { read, counts } = counting();
  const here = await find(root);
  const found = { ...here, sources: { ...here.sources, read } };
  const { profile, services } = await splitWords(found, ['mine', 'db']);
  const early = await loadProject(found, { profile, services, taken: {} });
  const again = await loadProject(found, { profile, services, taken: { [early.spec?.name ?? '']: '/elsewhere' } });
  expect(again.spec?.services.find(({ name }) => name === 'db')?.priority).toBe(60);
  expect(again.spec?.name).not.toBe(early.spec?.name);
  expect(await listProfiles(found)).toHaveLength(2);
  expect(Object.fromEntries(counts)).toEqual({ [`${root}/laptop-dev.yaml`]: 1, [`${root}/.laptop-dev/shared.yaml`]: 1 });
});

test('what is found has a reader that keeps what it has parsed', async () => {
  const root = tree({ 'compose.yaml': COMPOSE, 'laptop-dev.yaml': 'services: { db: {} }' });
  const { sources } = await find(root);
  const first = await sources.read(`${root}/laptop-dev.yaml`);
  expect(await sources.read(`${root}/laptop-dev.yaml`)).toBe(first);
});
