import { execFileSync } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BASES_LABEL, HASH_LABEL } from '../../daemon/images/build/fingerprint.js';
import { buildSpec } from '../images/support/build-spec.js';
import { folderWith } from '../images/support/folder.js';
import { some } from '../support/deep.js';
import { ENGINE, openEngine } from './support/open-engine.js';
import { type ImagesUnderTest, openImages } from './support/open-images.js';
import { removeImage, tinyImage } from './support/tiny-image.js';

const TINY = 'ldt-stack-tiny:1';
const engine = openEngine(ENGINE);
const used = new Set<string>([TINY]);
let images: ImagesUnderTest;

beforeAll(async () => {
  await tinyImage(ENGINE, TINY);
  images = await openImages();
});
afterAll(async () => {
  for (const reference of used) await removeImage(ENGINE, reference);
  images.remove();
});

function named(name: string): string {
  used.add(`ldt-stack/${name}`);
  return `ldt-stack/${name}`;
}
const idOf = async (reference: string): Promise<string> => (await engine.getImage(reference).inspect()).Id;

/** Runs a command in an image to its end and returns what it wrote. */
async function outputOf(reference: string, ...command: string[]): Promise<string> {
  const container = await engine.createContainer({ Image: reference, Cmd: command, Tty: true, HostConfig: { NetworkMode: 'none' } });
  try {
    const stream = await container.attach({ stream: true, stdout: true });
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    await container.start();
    await container.wait();
    return Buffer.concat(chunks).toString('utf8').replaceAll('\r\n', '\n').trim();
  } finally {
    await container.remove({ force: true });
  }
}

test('an unchanged image is known without a process being started', async () => {
  const reference = named('warm');
  const build = buildSpec(folderWith({ Dockerfile: `FROM ${TINY}\nCOPY a /a`, a: '' }));
  let started = 0;
  const count = (): void => {
    started += 1;
  };
  subscribe('child_process', count);
  try {
    await images.ensure({ reference, build });
    expect(started).toBeGreaterThan(0); // it was built
    started = 0;
    await images.ensure({ reference, build });
    expect(started).toBe(0);
  } finally {
    unsubscribe('child_process', count);
  }
});

const FAILING = [
  ['the classic builder', 'RUN echo first && echo "why it failed" && exit 3'],
  ['BuildKit', 'RUN --mount=type=tmpfs,target=/t echo first && echo "why it failed" && exit 3'],
] as const;
test.each(some(FAILING, 1))('a build that fails in %s gives its last lines', async (_, line) => {
  const failed = await images.failing({
    reference: named('failing'),
    build: buildSpec(folderWith({ Dockerfile: `FROM ${TINY}\n${line}` })),
  });
  expect(failed.code).toBe('image-build-failed');
  expect(failed.message).toContain('building failing failed: ');
  expect(failed.message).toMatch(/code: 3\b/);
  expect(failed.message.split('\n')).toContain('why it failed');
});

test('builds once, knows an unchanged context without a build, and builds again when a file changes', async () => {
  const reference = named('context');
  const folder = folderWith({
    Dockerfile: `FROM ${TINY}\nCOPY . /app/`,
    '.dockerignore': 'node_modules\n',
    a: 'one',
    'node_modules/x': '',
  });
  const build = buildSpec(folder);
  expect(await images.ensure({ reference, build })).toContain('building context 1/4');
  const first = await idOf(reference);
  expect(await outputOf(reference, 'ls', '-A', '/app')).toBe('.dockerignore  Dockerfile     a');

  expect(await images.ensure({ reference, build })).toEqual([]);
  writeFileSync(join(folder, 'node_modules/y'), '');
  expect(await images.ensure({ reference, build })).toEqual([]);
  // Another time, the same contents: compared, not built.
  writeFileSync(join(folder, 'a'), 'one');
  expect(await images.ensure({ reference, build })).toEqual([]);
  expect(await idOf(reference)).toBe(first);

  writeFileSync(join(folder, 'a'), 'two');
  await images.ensure({ reference, build });
  expect(await outputOf(reference, 'cat', '/app/a')).toBe('two');
  const { Config } = await engine.getImage(reference).inspect();
  expect(Config.Labels?.[HASH_LABEL]).toMatch(/^[0-9a-f]{64}$/);
  expect(Config.Labels?.[BASES_LABEL]).toBe(`${TINY}=${await idOf(TINY)}`);
});

test('an image that was removed, or replaced by another of its name, is built again', async () => {
  const reference = named('gone');
  const build = buildSpec(folderWith({ Dockerfile: `FROM ${TINY}\nRUN touch /mine` }));
  await images.ensure({ reference, build });
  await removeImage(ENGINE, reference);
  await images.ensure({ reference, build });
  const mine = await idOf(reference);
  await engine.getImage(TINY).tag({ repo: reference, tag: 'latest' });
  await images.ensure({ reference, build });
  expect(await idOf(reference)).toBe(mine);
});

test('another base makes another image; a base that is gone does not', async () => {
  const base = named('base-of-two');
  const reference = named('on-base');
  const baseBuild = (text: string) => ({
    reference: base,
    build: buildSpec(folderWith({ Dockerfile: `FROM ${TINY}\nRUN echo ${text} > /v` })),
  });
  const build = buildSpec(folderWith({ Dockerfile: `FROM ${base}` }));
  await images.ensure(baseBuild('one'));
  await images.ensure({ reference, build });
  await images.ensure(baseBuild('two'));
  await images.ensure({ reference, build });
  expect(await outputOf(reference, 'cat', '/v')).toBe('two');
  await removeImage(ENGINE, base);
  expect(await images.ensure({ reference, build })).toEqual([]);
});

test('target, arguments, an inline Dockerfile and one outside the context', async () => {
  const dockerfileInline = `FROM ${TINY} AS one\nARG WORD=none\nRUN echo "one $WORD" > /v\nFROM one AS two\nRUN echo two > /v\nCOPY . /app/`;
  const folder = folderWith({ 'context/a': 'x', 'other.Dockerfile': dockerfileInline });
  const context = join(folder, 'context');
  const one = named('target');
  await images.ensure({ reference: one, build: buildSpec(context, { dockerfileInline, target: 'one', args: { WORD: 'given' } }) });
  expect(await outputOf(one, 'cat', '/v')).toBe('one given');
  const two = named('outside');
  await images.ensure({ reference: two, build: buildSpec(context, { dockerfile: join(folder, 'other.Dockerfile') }) });
  expect(await outputOf(two, 'sh', '-c', 'cat /v; ls -A /app')).toBe('two\na');
});

test('what only BuildKit knows is built with it', async () => {
  const reference = named('buildkit');
  await images.ensure({
    reference,
    build: buildSpec(folderWith({ Dockerfile: `FROM ${TINY}\nRUN --mount=type=tmpfs,target=/t echo kit > /v` })),
  });
  expect(await outputOf(reference, 'cat', '/v')).toBe('kit');
});

test('two requests for one image share one build', async () => {
  const reference = named('shared');
  const build = buildSpec(folderWith({ Dockerfile: `FROM ${TINY}\nRUN cat /proc/sys/kernel/random/uuid > /v` }));
  const [first, second] = await Promise.all([images.ensure({ reference, build }), images.ensure({ reference, build })]);
  expect(second).toEqual(first);
  expect(first.filter(text => text === 'building shared 1/4')).toHaveLength(1);
});

test('a context of thousands of files is looked through outside the daemon, with the same result', async () => {
  const reference = named('big');
  const files = Object.fromEntries(Array.from({ length: 2_010 }, (_, index) => [`files/${index}`, String(index)]));
  const folder = folderWith({ ...files, Dockerfile: `FROM ${TINY}\nCOPY files /files` });
  await images.ensure({ reference, build: buildSpec(folder) });
  expect(await images.ensure({ reference, build: buildSpec(folder) })).toEqual([]);
  rmSync(join(folder, 'files/7'));
  expect(await images.ensure({ reference, build: buildSpec(folder) })).not.toEqual([]);
  expect(await outputOf(reference, 'sh', '-c', 'ls /files | wc -l')).toBe('2009');
});

test('an image that another service builds is built for both; services with one definition get one image', async () => {
  const folder = folderWith({ Dockerfile: `FROM ${TINY}\nRUN cat /proc/sys/kernel/random/uuid > /v` });
  const [one, two, plain] = [named('one-of-two'), named('two-of-two'), named('without-build')];
  const build = buildSpec(folder);
  const project = [{ reference: `docker.io/${plain}:latest`, build, platform: null }];
  await Promise.all([
    images.ensure({ reference: one, build, project }),
    images.ensure({ reference: two, build, project }),
    images.ensure({ reference: plain, project }),
  ]);
  expect(new Set(await Promise.all([one, two, plain].map(idOf))).size).toBe(1);
});

test('an image is built after the one of the project that it starts from, and again when that changes', async () => {
  const [base, on] = [named('first'), named('second')];
  const folder = folderWith({ Dockerfile: `FROM ${TINY}\nCOPY v /v`, v: 'one' });
  const build = buildSpec(folderWith({ Dockerfile: `FROM ${TINY}\nCOPY --from=${base} /v /v` }));
  const project = [
    { reference: base, build: buildSpec(folder), platform: null },
    { reference: on, build, platform: null },
  ];
  await images.ensure({ reference: on, build, project });
  writeFileSync(join(folder, 'v'), 'two');
  await images.ensure({ reference: on, build, project });
  expect(await outputOf(on, 'cat', '/v')).toBe('two');
  const circle = buildSpec(folderWith({ Dockerfile: `FROM ${on}` }));
  const failed = await images.failing({
    reference: base,
    build: circle,
    project: [{ reference: base, build: circle, platform: null }, ...project.slice(1)],
  });
  expect(failed.message).toContain('in a circle');
});

test('a link is sent as a link, a pipe not at all, and an ignore file that is a link in the context holds', async () => {
  const reference = named('links');
  const folder = folderWith({ Dockerfile: `FROM ${TINY}\nCOPY . /ctx`, '.gitignore': 'skipped', skipped: '' });
  symlinkSync('/etc/passwd', join(folder, 'link'));
  symlinkSync('.gitignore', join(folder, '.dockerignore'));
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  await images.ensure({ reference, build: buildSpec(folder) });
  expect(await outputOf(reference, 'sh', '-c', 'readlink /ctx/link; ls -A /ctx')).toBe(
    '/etc/passwd\n.dockerignore  .gitignore     Dockerfile     link',
  );
});
