import { cp, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ServiceView } from '../../daemon/api/views.js';
import { MiB } from '../../daemon/shared/bytes.js';
import { ENGINE } from '../on-engine/support/open-engine.js';
import { removeImage } from '../on-engine/support/tiny-image.js';
import { engine, inspect } from './support/engine.js';
import type { Home } from './support/home.js';
import { freePorts } from './support/ports.js';
import { type Done, idsOf, TINY, tinyHome, viewIn } from './support/tiny.js';
import { patience, until } from './support/until.js';

const NAMES = ['web', 'worker', 'migrate', 'database', 'cache'];
const IMAGES = fileURLToPath(new URL('../../compose/images', import.meta.url));

/** As somebody writes it who has never heard of laptop-dev. */
const COMPOSE = `# docker compose up --build
services:
  web:
    build: .
    restart: unless-stopped
    ports:
      - "127.0.0.1:\${WEB_PORT:-8000}:8000"
    env_file: app.env
    environment:
      GREETING: \${GREETING:-hello}
      DATABASE_URL: postgres://app:\${DB_PASSWORD:?set it in .env}@database:5432/app
    depends_on:
      migrate:
        condition: service_completed_successfully
      database:
        condition: service_healthy
      cache:
        condition: service_started
    healthcheck:
      test: ["CMD-SHELL", "wget -qO- http://127.0.0.1:8000/ || exit 1"]
      interval: 5s
      timeout: 3s
      retries: 5
    deploy:
      resources:
        limits: { memory: 64M }

  worker:
    build:
      context: ./worker
      args: { INTERVAL: 0.2 }
    restart: on-failure
    depends_on: [cache, web]
    volumes: ["./spool:/spool"]
    mem_limit: 32m

  migrate:
    build: ./postgres
    restart: "no"
    environment: { PGPASSWORD: "\${DB_PASSWORD}" }
    volumes: ["./migrations:/migrations:ro"]
    entrypoint: ["psql", "-h", "database", "-U", "app", "-v", "ON_ERROR_STOP=1"]
    command: ["-f", "/migrations/001.sql"]
    depends_on:
      database: { condition: service_healthy }
    mem_limit: 64m

  database:
    build: ./postgres
    restart: unless-stopped
    environment:
      POSTGRES_USER: app
      POSTGRES_DB: app
      POSTGRES_PASSWORD: \${DB_PASSWORD}
    volumes: ["database:/var/lib/postgresql/data"]
    healthcheck:
      test: ["CMD", "pg_isready", "-q", "-h", "127.0.0.1"]
      interval: 5s
    shm_size: 64m

  cache:
    build: ./redis
    restart: unless-stopped
    command: redis-server --save "" --appendonly no

volumes:
  database:
`;

const FILES = {
  'compose.yaml': COMPOSE,
  'app.env': '# of the web only\nTITLE="The shop"\n',
  Dockerfile: `FROM ${TINY}
COPY answer.sh /www/cgi-bin/index.cgi
RUN chmod 755 /www/cgi-bin/index.cgi && echo up > /www/index.html
EXPOSE 8000
CMD ["sh", "-c", "httpd -p 8000 -h /www; trap 'exit 0' TERM; sleep 100000 & wait $!"]
`,
  'answer.sh': '#!/bin/sh\nprintf "Content-Type: text/plain\\r\\n\\r\\n"\necho "$GREETING from $TITLE, $DATABASE_URL"\n',
  'worker/Dockerfile': `FROM ${TINY}
ARG INTERVAL=5
ENV INTERVAL=$INTERVAL
COPY work.sh /work.sh
CMD ["sh", "/work.sh"]
`,
  // The protocol of Redis by hand: one INCR at a time.
  'worker/work.sh': `trap 'exit 0' TERM
while :; do
  printf 'INCR ticks\\r\\n' | nc -w 1 cache 6379 | tr -d ':\\r' > /spool/ticks.new && mv /spool/ticks.new /spool/ticks
  sleep $INTERVAL & wait $!
done
`,
  'worker/.dockerignore': 'spool\n',
  'spool/.gitkeep': '',
  'migrations/001.sql': 'create table if not exists runs (at timestamptz default now());\ninsert into runs default values;\n',
};

let own: Home;
let cwd: string;
let project: string;
let web: string;

beforeAll(async () => {
  own = await tinyHome();
  const [port] = await freePorts(1);
  web = `http://127.0.0.1:${port}`;
  cwd = await own.project('five', { ...FILES, '.env': `WEB_PORT=${port}\nDB_PASSWORD=secret\n` });
  project = basename(cwd);
  for (const name of ['postgres', 'redis']) await cp(join(IMAGES, name), join(cwd, name), { recursive: true });
});
/** Ids of the images that were built: one that a later build replaced has no name any more. */
const built = new Set<string>();
/** Volumes that images ask for: a `down` leaves them, and with their containers goes what leads to them. */
const unnamed = new Set<string>();
afterEach(async () => {
  for (const { Id, Mounts } of await own.containers()) {
    built.add((await inspect(Id)).Image);
    for (const { Name = '' } of Mounts) if (/^[0-9a-f]{64}$/.test(Name)) unnamed.add(Name);
  }
});
afterAll(async () => {
  await own?.close();
  await Promise.allSettled([...unnamed].map(name => engine('DELETE', `/volumes/${name}`)));
  for (const name of NAMES) await removeImage(ENGINE, `${project}-${name}:latest`);
  for (const image of built) if ((await tagsOf(image))?.length === 0) await engine('DELETE', `/images/${image}`);
});

/** Null: there is no such image. One that the built-in stack has as well keeps its names. */
async function tagsOf(image: string): Promise<readonly string[] | null> {
  return engine<{ RepoTags: readonly string[] | null }>('GET', `/images/${image}/json`).then(
    ({ RepoTags }) => RepoTags ?? [],
    () => null,
  );
}

const runs = async () => {
  const query = ['exec', 'database', 'psql', '-U', 'app', '-h', '127.0.0.1', '-Atc', 'select count(*) from runs'];
  return Number((await own.cli(query, { cwd, env: { PGPASSWORD: 'secret' } })).stdout.trim());
};

describe.sequential('a plain compose.yaml of five services', () => {
  it('init writes budgets for all of them, and leaves the file alone', async () => {
    await own.ask(['init'], { cwd });
    const text = await readFile(join(cwd, 'laptop-dev.yaml'), 'utf8');
    for (const name of NAMES) expect(text).toMatch(new RegExp(`^  ${name}:$`, 'm'));
    expect(await readFile(join(cwd, 'compose.yaml'), 'utf8')).toBe(COMPOSE);
  });

  it('up runs it without an edit, in its order', { timeout: patience(600_000) }, async () => {
    const { plan, services } = await own.ask<Done>(['up'], { cwd, timeout: 600_000 });
    expect(plan.starts).toHaveLength(5);
    expect(services.map(({ name, state, health }) => `${name} ${state} ${health}`).sort()).toEqual([
      'cache running none',
      'database running healthy',
      'migrate stopped none',
      'web running healthy',
      'worker running none',
    ]);
    const at = async (name: string) => Date.parse((await inspect(`${project}-${name}-1`)).State.StartedAt);
    const [database, cache, migrate, page, worker] = await Promise.all(['database', 'cache', 'migrate', 'web', 'worker'].map(at));
    expect(database).toBeLessThan(migrate ?? 0);
    expect(migrate).toBeLessThan(page ?? 0);
    expect(cache).toBeLessThan(page ?? 0);
    expect(page).toBeLessThan(worker ?? 0);
  });

  it('does its work: the page answers with what env_file and variables say, the worker counts, the migration has run', async () => {
    const page = await fetch(`${web}/cgi-bin/index.cgi`);
    expect((await page.text()).trim()).toBe('hello from The shop, postgres://app:secret@database:5432/app');
    await until('the worker has counted to three', async () => Number(await readFile(join(cwd, 'spool/ticks'), 'utf8')) >= 3);
    expect(await runs()).toBe(1);
  });

  it('has the limits of the file, and the usual ones where it has none', async () => {
    const { services } = await own.ask<{ services: ServiceView[] }>(['ps'], { cwd });
    const maxima = Object.fromEntries(services.map(({ name, memory }) => [name, memory.maximum / MiB]));
    expect(maxima).toEqual({ web: 64, worker: 32, migrate: 64, database: 512, cache: 512 });
    for (const { name, container, memory } of services.filter(({ state }) => state === 'running')) {
      expect([name, (await inspect(container ?? '')).HostConfig.Memory]).toEqual([name, memory.grant]);
    }
  });

  it('up again reuses every container, and does not run the migration twice', async () => {
    const before = await idsOf(own, project);
    expect((await own.ask<Done>(['up'], { cwd })).plan).toMatchObject({ starts: [], stops: [] });
    expect(await idsOf(own, project)).toEqual(before);
    expect(await runs()).toBe(1);
  });

  it('a changed definition makes that service anew, and no other', async () => {
    const before = await idsOf(own, project);
    const { plan } = await own.ask<Done>(['up'], { cwd, env: { GREETING: 'good day' } });
    expect(plan.starts.map(({ id }) => id)).toEqual([`${project}/web`]);
    const { web: made, ...others } = await idsOf(own, project);
    const { web: old, ...same } = before;
    expect(others).toEqual(same);
    expect(made).not.toBe(old);
    expect(await (await fetch(`${web}/cgi-bin/index.cgi`)).text()).toMatch(/^good day from/);
  });

  it('a changed file of a build makes a new image and that container anew', async () => {
    const before = await idsOf(own, project);
    await writeFile(join(cwd, 'answer.sh'), FILES['answer.sh'].replace('from', 'says'));
    await own.ask<Done>(['up', '--recreate', 'web'], { cwd });
    expect((await idsOf(own, project))['worker']).toBe(before['worker']);
    expect(await (await fetch(`${web}/cgi-bin/index.cgi`)).text()).toMatch(/^hello says/);
  });

  it('a service that is stopped and started again runs the image as it is then', async () => {
    const { web: before } = await idsOf(own, project);
    await own.ask(['stop', 'web'], { cwd });
    await own.ask(['up', 'web'], { cwd });
    expect((await idsOf(own, project))['web'], 'unchanged: the same container').toBe(before);
    await own.ask(['stop', 'web'], { cwd });
    await writeFile(join(cwd, 'answer.sh'), FILES['answer.sh'].replace('from', 'thinks'));
    await own.ask(['up', 'web'], { cwd });
    expect((await idsOf(own, project))['web'], 'changed: made anew').not.toBe(before);
    expect(await (await fetch(`${web}/cgi-bin/index.cgi`)).text()).toMatch(/^hello thinks/);
  });

  it('stop and start keep the container', async () => {
    const before = await idsOf(own, project);
    await own.ask(['stop', 'worker'], { cwd });
    expect((await viewIn(own, cwd, 'worker')).state).toBe('stopped');
    await own.ask(['start', 'worker'], { cwd });
    expect(await idsOf(own, project)).toEqual(before);
  });

  it('down and up keep the data, and the migration runs once more', { timeout: patience(300_000) }, async () => {
    await own.ask(['down'], { cwd });
    expect(await own.leftovers()).toEqual([]);
    await own.ask(['up'], { cwd });
    expect(await runs()).toBe(2);
  });

  it('down --volumes asks first, then takes the data too', async () => {
    expect((await own.cli(['down', '--volumes'], { cwd })).code).toBe(2);
    await own.ask(['down', '--volumes', '--yes'], { cwd });
    expect(await own.leftovers({ volumes: true })).toEqual([]);
  });
});
