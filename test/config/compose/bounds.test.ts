import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampled } from '../../support/deep.js';
import { brief, load } from './files.js';

const KiB256 = 256 * 1024;
/** Text that repeats `piece` up to the size limit of a file. */
const full = (piece: string, reserve = 100): string => piece.repeat(Math.floor((KiB256 - reserve) / piece.length));
const SERVICE = 'services: {web: {image: x}}\n';

function laughs(open: (index: number) => string, item: (index: number, place: number) => string, close: string): string {
  const line = (index: number) =>
    `a${index}: &a${index} ${open(index)}${Array.from({ length: 9 }, (_, place) => item(index, place)).join(', ')}${close}\n`;
  return Array.from({ length: 30 }, (_, index) => line(index)).join('');
}

/** Each is refused, with these words. */
const BOMBS: Readonly<Record<string, readonly [text: string, message: RegExp]>> = {
  'a billion laughs in lists': [
    laughs(
      () => '[',
      index => (index === 0 ? 'x' : `*a${index - 1}`),
      ']',
    ) + SERVICE,
    /more than 50000 values/,
  ],
  'a billion laughs in mappings': [
    laughs(
      () => '{',
      (index, place) => (index === 0 ? `k${place}: x` : `k${place}: *a${index - 1}`),
      '}',
    ) + SERVICE,
    /more than 50000 values/,
  ],
  'a billion laughs in merge keys': [
    `x0: &x0 {${Array.from({ length: 500 }, (_, index) => `k${index}: v`).join(', ')}}\n${Array.from({ length: 500 }, (_, index) => `y${index}: {<<: *x0}\n`).join('')}${SERVICE}`,
    /more than 50000 values/,
  ],
  'aliases without end': [`a: &a [1]\nb: [${full('*a,')}]\n`, /more than 10000 aliases/],
  'brackets in brackets': [full('['), /nested more than 64 levels/],
  'mappings in mappings': [full('{a: '), /nested more than 64 levels/],
  'lists in lists': [full('- '), /nested too deeply/],
  'documents without end': [full('--- {}\n'), /more than 100 documents/],
  commas: [`[${full(',')}`, /nothing stands between two commas/],
  'services without end': [
    `services:\n${Array.from({ length: 9000 }, (_, index) => ` a${index}: {image: x}\n`).join('')}`,
    /9000 services are defined; at most 500/,
  ],
  'ports without end': [
    `services:\n${Array.from({ length: 400 }, (_, index) => ` a${index}: {image: x, ports: ["1-900"]}\n`).join('')}`,
    /more than 5000 ports/,
  ],
};

/** Loads one file and says how long that took and what it needed. */
const CHILD = `
const { loadCompose } = require('./load.cjs');
// Time on the CPU: the clock would also measure what else this machine does.
const start = process.cpuUsage();
loadCompose({ files: [process.argv[2]], projectDirectory: __dirname, projectName: 'p', environment: {}, envFiles: [], profiles: [] }).then(result => {
  const { user, system } = process.cpuUsage(start);
  const { maxRSS } = process.resourceUsage();
  console.log(JSON.stringify({ ms: (user + system) / 1000, maxRSS: maxRSS * 1024, problems: result.problems, project: result.project }));
});`;

describe('a file that means harm is refused in two seconds of a busy core and 200 MB', () => {
  const folder = mkdtempSync(join(tmpdir(), 'laptop-dev-bounds-'));
  beforeAll(async () => {
    const entry = join(import.meta.dirname, '../../../daemon/config/compose/load.ts');
    await build({
      entryPoints: [entry],
      bundle: true,
      platform: 'node',
      format: 'cjs',
      outfile: join(folder, 'load.cjs'),
      logLevel: 'error',
    });
    writeFileSync(join(folder, 'child.cjs'), CHILD);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  for (const [name, [text, message]] of sampled(Object.entries(BOMBS))) {
    it(name, () => {
      expect(text.length).toBeLessThanOrEqual(KiB256);
      const file = join(folder, 'compose.yaml');
      writeFileSync(file, text);
      const child = spawnSync(process.execPath, ['--max-old-space-size=160', join(folder, 'child.cjs'), file], {
        encoding: 'utf8',
        timeout: 110_000,
      });
      expect(child.stderr).toBe('');
      const { ms, maxRSS, problems, project } = JSON.parse(child.stdout) as {
        ms: number;
        maxRSS: number;
        problems: { message: string }[];
        project: unknown;
      };
      expect(project).toBeNull();
      expect(problems.map(problem => problem.message).join('\n')).toMatch(message);
      // 0.6 s at most on an idle core; one that shares its units with another thread takes twice as long.
      expect(ms).toBeLessThan(2000);
      expect(maxRSS).toBeLessThan(200 * 1024 * 1024);
    }, 120_000);
  }
});

describe('bounds over several files', () => {
  it('refuses a file of more than 256 KiB unread', async () => {
    const { problems } = await load({ 'compose.yaml': `${SERVICE}#${'x'.repeat(KiB256)}` });
    expect(brief(problems)).toEqual([`0:0 : is ${SERVICE.length + 1 + KiB256} bytes long; at most ${KiB256} are read`]);
  });

  it('refuses what is no regular file, is not text or is not there', async () => {
    const { problems } = await load(
      {
        'compose.yaml': 'include: [folder, /dev/zero, missing.yaml, binary.yaml]\nservices: {web: {image: x}}',
        'folder/x': '',
        'binary.yaml': '',
      },
      {},
    );
    const said = brief(problems).join('\n');
    for (const words of ['folder: is a folder, not a file', '/dev/zero: is not a regular file', 'missing.yaml: does not exist'])
      expect(said).toContain(words);
  });

  it('ends when includes double with every step', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 30 }, (_, index) => [`${index}.yaml`, `include: [{path: ${index + 1}.yaml}, {path: ${index + 1}.yaml}]`]),
    );
    const { problems } = await load({ ...files, 'compose.yaml': 'include: [0.yaml]', '30.yaml': SERVICE });
    expect(brief(problems).join('\n')).toContain('more than 500 includes');
  });

  it('ends when variables make gigabytes', async () => {
    const { problems } = await load(
      { 'compose.yaml': `x-a: "${'$A'.repeat(1000)}"\n${SERVICE}` },
      { environment: { A: 'x'.repeat(100_000) } },
    );
    expect(brief(problems).join('\n')).toContain('characters once the variables are put in');
  });

  it('lists 100 mistakes, not all', async () => {
    const lines = Array.from({ length: 500 }, (_, index) => `    k${index}: 1\n`).join('');
    const { problems } = await load({ 'compose.yaml': `services:\n  web:\n    image: x\n${lines}` });
    expect(problems).toHaveLength(101);
    expect(problems.some(problem => problem.message.includes('the others are not listed'))).toBe(true);
  });
});
