import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { byGear, sampled, some } from '../support/deep.js';

const ROOT = join(import.meta.dirname, '../..');
const SCRIPT = join(ROOT, 'scripts/write-windows-packages.mjs');
const PROGRAM = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const URL_OF_ZIP = 'https://example.com/releases/laptop-dev-windows.zip';
const OPTIONS = { url: URL_OF_ZIP, homepage: 'https://example.com/', publisher: 'An Example' };

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ld-packages-'));
  expect(write('here').status).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(out: string, options: Readonly<Record<string, string>> = {}, env: Readonly<Record<string, string>> = {}) {
  const all = Object.entries({ ...OPTIONS, out: join(folder, out), ...options }).map(([name, value]) => `--${name}=${value}`);
  return spawnSync(process.execPath, [SCRIPT, ...all], { encoding: 'utf8', env: { ...process.env, ...env } });
}

const zipOf = (out: string) => readFileSync(join(folder, out, `laptop-dev-windows-${PROGRAM.version}.zip`));
type Manifest = Record<string, unknown>;
/** The four manifests by their kind. */
function manifests(): Record<Kind, Manifest> {
  const yaml = (end: string): Manifest => parse(readFileSync(join(folder, `here/winget/AnExample.laptop-dev${end}.yaml`), 'utf8'));
  return {
    version: yaml(''),
    installer: yaml('.installer'),
    defaultLocale: yaml('.locale.en-US'),
    scoop: JSON.parse(readFileSync(join(folder, 'here/scoop/laptop-dev.json'), 'utf8')),
  };
}

const KINDS = ['version', 'installer', 'defaultLocale', 'scoop'] as const;
type Kind = (typeof KINDS)[number];

const text = (rest: object = {}) => ({ type: 'string', ...rest });
const strict = (properties: object, optional: readonly string[] = []) => ({
  type: 'object',
  properties,
  required: Object.keys(properties).filter(name => !optional.includes(name)),
  additionalProperties: false,
});
/** Two to eight parts of a name, between dots. */
const IDENTIFIER = text({ pattern: '^[^.\\s\\\\/:*?"<>|]{1,32}(\\.[^.\\s\\\\/:*?"<>|]{1,32}){1,7}$', maxLength: 128 });
const ADDRESS = text({ pattern: '^https://[^$]+$', maxLength: 2048 });
const winget = (kind: string, properties: object) =>
  strict({
    PackageIdentifier: IDENTIFIER,
    PackageVersion: text({ pattern: '^[^\\\\/:*?"<>|]+$', maxLength: 128 }),
    ...properties,
    ManifestType: { const: kind },
    ManifestVersion: text({ pattern: '^\\d{1,5}\\.\\d{1,5}\\.\\d{1,5}$' }),
  });
/**
 * What the schemas ask of the keys that our manifests have, in words of our own, and no other keys: microsoft/winget-cli
 * `schemas/JSON/manifests/v1.10.0`, ScoopInstaller/Scoop `schema.json`. Theirs are asked too where LAPTOP_DEV_TEST_SCHEMAS says where they are.
 */
const RULES: Readonly<Record<Kind, object>> = {
  version: winget('version', { DefaultLocale: { const: 'en-US' } }),
  installer: winget('installer', {
    InstallerType: { const: 'zip' },
    NestedInstallerType: { enum: ['exe', 'inno', 'msi', 'msix', 'nullsoft', 'portable', 'wix'] },
    NestedInstallerFiles: { type: 'array', minItems: 1, items: strict({ RelativeFilePath: text({ minLength: 1, maxLength: 512 }) }) },
    ArchiveBinariesDependOnPath: { type: 'boolean' },
    Commands: { type: 'array', maxItems: 16, uniqueItems: true, items: text({ minLength: 1, maxLength: 40 }) },
    Installers: {
      type: 'array',
      minItems: 1,
      items: strict({
        Architecture: { enum: ['x86', 'x64', 'arm', 'arm64', 'neutral'] },
        InstallerUrl: ADDRESS,
        InstallerSha256: text({ pattern: '^[0-9A-Fa-f]{64}$' }),
      }),
    },
  }),
  defaultLocale: winget('defaultLocale', {
    PackageLocale: { const: 'en-US' },
    Publisher: text({ minLength: 2, maxLength: 256 }),
    PackageName: text({ minLength: 2, maxLength: 256 }),
    PackageUrl: ADDRESS,
    License: text({ minLength: 3, maxLength: 512 }),
    ShortDescription: text({ minLength: 3, maxLength: 256 }),
  }),
  scoop: strict({
    version: text({ pattern: '^[\\w.+-]+$' }),
    description: text(),
    homepage: ADDRESS,
    license: text({ minLength: 1 }),
    notes: { type: 'array', minItems: 1, items: text() },
    url: ADDRESS,
    hash: text({ pattern: '^[0-9a-f]{64}$' }),
    env_add_path: text({ minLength: 1 }),
  }),
};

const ajv = new Ajv({ strict: false, logger: false });
ajv.addFormat('uri', value => URL.canParse(value));
ajv.addFormat('regex', () => true);
/** Clones of winget-cli and Scoop in one folder. */
const CLONES = process.env['LAPTOP_DEV_TEST_SCHEMAS'];
const clonedSchema = (kind: Kind): object => {
  const path = kind === 'scoop' ? 'Scoop/schema.json' : `winget-cli/schemas/JSON/manifests/v1.10.0/manifest.${kind}.1.10.0.json`;
  return JSON.parse(readFileSync(join(CLONES ?? '', path), 'utf8').replace(/^\ufeff/, ''));
};
const VALIDATORS = KINDS.flatMap(kind => [
  { kind, whose: 'our rules', validate: ajv.compile(RULES[kind]) },
  ...(CLONES === undefined ? [] : [{ kind, whose: 'the schema of its makers', validate: ajv.compile(clonedSchema(kind)) }]),
]);

const INSTALLER = { Architecture: 'neutral', InstallerUrl: URL_OF_ZIP, InstallerSha256: 'AB'.repeat(32) };
/** What makes a manifest wrong, by kind; undefined takes a key away. Our rules refuse each, and so do the schemas of the makers. */
const BROKEN: readonly (readonly [Kind, string, Manifest])[] = [
  ['version', 'without a version', { PackageVersion: undefined }],
  ['version', 'with an identifier of one part', { PackageIdentifier: 'laptop-dev' }],
  ['version', 'of another kind', { ManifestType: 'installer' }],
  ['installer', 'with a hash that is too short', { Installers: [{ ...INSTALLER, InstallerSha256: 'AB' }] }],
  ['installer', 'without a hash', { Installers: [{ ...INSTALLER, InstallerSha256: undefined }] }],
  ['installer', 'without an address', { Installers: [{ ...INSTALLER, InstallerUrl: 'laptop-dev.zip' }] }],
  ['installer', 'for a processor that there is not', { Installers: [{ ...INSTALLER, Architecture: 'any' }] }],
  ['installer', 'with a nested type that there is not', { NestedInstallerType: 'script' }],
  ['defaultLocale', 'without a license', { License: undefined }],
  ['defaultLocale', 'with a description of one letter', { ShortDescription: 'x' }],
  ['scoop', 'with a key that there is not', { binary: 'laptop-dev.cmd' }],
  ['scoop', 'with a hash of no known length', { hash: 'abc' }],
  ['scoop', 'without an address', { url: undefined }],
];

describe('scripts/write-windows-packages.mjs', () => {
  it.each(VALIDATORS)('writes for $kind what $whose allow', ({ kind, validate }) => {
    expect([validate(manifests()[kind]), validate.errors]).toEqual([true, null]);
  });

  it.each(sampled(BROKEN))('%s %s is refused', (kind, _what, wrong) => {
    for (const { whose, validate } of VALIDATORS.filter(each => each.kind === kind))
      expect([whose, validate({ ...manifests()[kind], ...wrong })]).toEqual([whose, false]);
  });

  it('is not refused with an installer that only looks unlike ours', () => {
    for (const { whose, validate } of VALIDATORS.filter(({ kind }) => kind === 'installer'))
      expect([whose, validate({ ...manifests().installer, Installers: [INSTALLER] })]).toEqual([whose, true]);
  });

  it('names the zip, its SHA-256, and the version of this program', () => {
    const sha256 = createHash('sha256').update(zipOf('here')).digest('hex');
    const { version, installer, defaultLocale, scoop } = manifests();
    expect(installer['Installers']).toEqual([{ ...INSTALLER, InstallerSha256: sha256.toUpperCase() }]);
    expect(scoop).toMatchObject({ version: PROGRAM.version, url: URL_OF_ZIP, hash: sha256, license: PROGRAM.license });
    for (const each of [version, installer, defaultLocale])
      expect(each).toMatchObject({ PackageIdentifier: 'AnExample.laptop-dev', PackageVersion: PROGRAM.version });
    expect(readdirSync(join(folder, 'here/winget')).sort()).toEqual(
      ['.installer', '.locale.en-US', ''].map(end => `AnExample.laptop-dev${end}.yaml`).sort(),
    );
  });

  it('has the scripts in the zip as they are here, and what the manifests put on PATH', () => {
    const entries = Object.entries(unzipSync(zipOf('here')));
    const own = { LICENSE: 'LICENSE', 'laptop-dev.cmd': 'scripts/laptop-dev.cmd', 'powershell/laptop-dev.ps1': 'scripts/laptop-dev.ps1' };
    const expected = Object.entries({ ...own, 'windows-terminal.json': 'scripts/windows-terminal.json' });
    const asText = entries.map(([name, bytes]) => [name, Buffer.from(bytes).toString('utf8')]);
    expect(asText.sort()).toEqual(expected.map(([name, path]) => [name, readFileSync(join(ROOT, path), 'utf8')]).sort());
    const { installer, scoop } = manifests();
    expect(installer['NestedInstallerFiles']).toEqual([{ RelativeFilePath: 'laptop-dev.cmd' }]);
    expect([installer['ArchiveBinariesDependOnPath'], scoop['env_add_path']]).toEqual([true, '.']);
    // What the notes of Scoop name is there.
    for (const [, path = ''] of String(scoop['notes']).matchAll(/\$dir\\([\w\\.-]+\w)/g))
      expect(entries.map(([name]) => name)).toContain(path.replaceAll('\\', '/'));
  });

  it('makes the same zip at another time and in another place', () => {
    const places = [
      ['east', 'Pacific/Auckland'],
      ['west', 'Pacific/Honolulu'],
    ] as const;
    for (const [out, zone] of some(places, byGear({ deep: 2, usual: 2, fast: 1 }))) {
      expect(write(out, {}, { TZ: zone }).status).toBe(0);
      expect(zipOf(out).equals(zipOf('here'))).toBe(true);
    }
  });

  it.each(
    sampled<readonly [string, Parameters<typeof write>[1], RegExp]>([
      ['no address', { url: '' }, /--url is needed/],
      ['an address without https', { url: 'http://example.com/a.zip' }, /--url has to be an https address/],
      ['an address with a password', { url: 'https://me:secret@example.com/a.zip' }, /--url has to be an https address/],
      ['something else than a zip', { url: 'https://example.com/a.tar' }, /--url has to end in \.zip/],
      ['a page that is no address', { homepage: 'example.com' }, /--homepage has to be an https address/],
      ['a publisher without a letter', { publisher: '...' }, /--publisher gives winget's identifier its first part/],
      ['an option that there is not', { version: '9' }, /--version/],
    ]),
  )('refuses %s, and writes nothing', (_what, options, sentence) => {
    const { status, stderr, stdout } = write('refused', options);
    expect([status, stdout, stderr]).toEqual([2, '', expect.stringMatching(sentence)]);
    expect(existsSync(join(folder, 'refused'))).toBe(false);
  });
});
