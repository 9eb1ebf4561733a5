import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { some } from '../support/deep.js';
import type { Home } from './support/home.js';
import { stays, TINY, tinyHome } from './support/tiny.js';

/** What must never be seen again: a variable's value, a secret's content, a credential in a URL. */
const CANARIES = ['canary-value-7f3a', 'canary-secret-91bc', 'canary-password-55de'] as const;
const [VALUE, SECRET, PASSWORD] = CANARIES;

const FILE = `services:
  good:
    image: ${TINY}
    command: ${stays()}
    environment: { TOKEN: "\${TOKEN}", DATABASE_URL: "postgres://user:${PASSWORD}@db/app" }
    secrets: [key]
    mem_limit: 32m
  bad:
    image: ${TINY}
    command: ["no-such-program"]
    restart: "no"
    environment: { TOKEN: "\${TOKEN}" }
    mem_limit: 32m
  unbuildable:
    image: nowhere.invalid/${PASSWORD.slice(0, 3)}/missing
    restart: "no"
    environment: { DATABASE_URL: "postgres://user:${PASSWORD}@db/app" }
    mem_limit: 32m
secrets: { key: { environment: SECRET_KEY } }
`;

let own: Home;
beforeAll(async () => {
  own = await tinyHome();
});
afterAll(() => own?.close());

it('no value of an environment, no secret and no credential is in any log, answer or error', async () => {
  const cwd = await own.project('canary', { 'compose.yaml': FILE });
  const env = { TOKEN: VALUE, SECRET_KEY: SECRET, LAPTOP_DEV_LOG_LEVEL: 'trace' };
  const seen: string[] = [];
  const note = async (...args: string[]) => {
    const { stdout, stderr } = await own.cli(args, { cwd, env });
    seen.push(`${args.join(' ')}\n${stdout}\n${stderr}`);
  };
  await note('up', 'good');
  await note('up');
  await note('up', 'bad', '--json');
  // For people and for programs; which verbs, the seed says.
  for (const form of [[], ['--json']])
    for (const verb of some(
      ['ps', 'events', 'budget', 'why good', 'why bad', 'why unbuildable', 'config show', 'profiles', 'daemon status'],
      5,
    ))
      await note(...verb.split(' '), ...form);
  expect(seen[0]).toContain('good');
  const logs = (await readdir(own.stateDir)).filter(file => file.includes('.log'));
  expect(logs).toContain('daemon.log');
  for (const file of logs) seen.push(`${file}\n${await readFile(join(own.stateDir, file), 'utf8')}`);
  for (const text of seen) for (const canary of CANARIES) expect(text).not.toContain(canary);
});

it('the container itself has them, so the search could have found something', async () => {
  const cwd = join(own.root, `${own.name}-canary`);
  const { stdout } = await own.cli(['exec', 'good', 'sh', '-c', 'echo $TOKEN; cat /run/secrets/key; echo $DATABASE_URL'], { cwd });
  for (const canary of CANARIES) expect(stdout).toContain(canary);
});
