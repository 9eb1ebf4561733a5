// Writes what winget and Scoop install on Windows: a zip of the scripts that call laptop-dev, and manifests with its SHA-256 and the version of package.json.
// Publishes nothing, and knows no address: the zip has to be where --url says, as it is here. docs/windows.md, "By Scoop or winget".
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { zipSync } from 'fflate';
import { stringify } from 'yaml';

const HELP = `write-windows-packages.mjs --url URL --homepage URL --publisher NAME --out FOLDER
Writes into FOLDER the zip that Scoop and winget install on Windows, and their manifests. Publishes nothing.
  --url        where the zip will be: https, ends in .zip
  --homepage   the page of the project
  --publisher  who publishes it; winget's identifier is made from it
  --out        folder to write into`;

/** Name in the zip → file of this repository. The .ps1 is not beside the .cmd: PowerShell would take it, and may not be allowed to run it. */
const FILES = {
  'laptop-dev.cmd': 'scripts/laptop-dev.cmd',
  'powershell/laptop-dev.ps1': 'scripts/laptop-dev.ps1',
  'windows-terminal.json': 'scripts/windows-terminal.json',
  LICENSE: 'LICENSE',
};

/** The first that knows all keys below: ArchiveBinariesDependOnPath came with 1.9.0. */
const WINGET_SCHEMA = '1.10.0';

const read = path => readFileSync(new URL(`../${path}`, import.meta.url));

function fail(sentence) {
  console.error(`write-windows-packages.mjs: ${sentence}`);
  process.exit(2);
}

function readOptions() {
  const options = {
    help: { type: 'boolean' },
    ...Object.fromEntries(['url', 'homepage', 'publisher', 'out'].map(name => [name, { type: 'string' }])),
  };
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    return fail(`${error.message}\n${HELP}`);
  }
}

/** An https address without what has no place in a manifest: credentials, so that a refused one is not repeated; and `$`, which Scoop would replace. */
function addressOf(name, text) {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '' || url.href.includes('$'))
    fail(`--${name} has to be an https address, without a user's name and without "$"`);
  return url;
}

/** The same bytes from the same files, whenever and wherever: stored, in the order above, with one date in local time, which is what a zip has. */
function makeZip() {
  const options = { level: 0, mtime: new Date(1980, 0, 1, 12) };
  return zipSync(Object.fromEntries(Object.entries(FILES).map(([name, path]) => [name, [read(path), options]])));
}

/** Scoop puts the folder on PATH; its notes replace $dir. */
function scoopManifest({ program, url, homepage, sha256 }) {
  return {
    version: program.version,
    description: program.description,
    homepage,
    license: program.license,
    notes: [
      'laptop-dev itself runs in a distribution of WSL: see docs/windows.md there.',
      'For PowerShell and words with quotes: $dir\\powershell\\laptop-dev.ps1. For Windows Terminal: $dir\\windows-terminal.json.',
    ],
    url,
    hash: sha256,
    env_add_path: '.',
  };
}

/**
 * The three files by their kind. winget links a portable program as NAME.exe, which a .cmd is not: ArchiveBinariesDependOnPath puts the folder
 * on PATH instead. `winget validate` and its community repository take no .cmd all the same (docs/design/wsl.md, "From Windows").
 */
function wingetManifests({ program, url, homepage, publisher, identifier, sha256 }) {
  const named = { PackageIdentifier: identifier, PackageVersion: program.version };
  const typed = kind => ({ ManifestType: kind, ManifestVersion: WINGET_SCHEMA });
  return {
    version: { ...named, DefaultLocale: 'en-US', ...typed('version') },
    installer: {
      ...named,
      InstallerType: 'zip',
      NestedInstallerType: 'portable',
      NestedInstallerFiles: [{ RelativeFilePath: 'laptop-dev.cmd' }],
      ArchiveBinariesDependOnPath: true,
      Commands: [program.name],
      Installers: [{ Architecture: 'neutral', InstallerUrl: url, InstallerSha256: sha256.toUpperCase() }],
      ...typed('installer'),
    },
    defaultLocale: {
      ...named,
      PackageLocale: 'en-US',
      Publisher: publisher,
      PackageName: program.name,
      PackageUrl: homepage,
      License: program.license,
      ShortDescription: program.description,
      ...typed('defaultLocale'),
    },
  };
}

function yamlOf(kind, manifest) {
  return `# yaml-language-server: $schema=https://aka.ms/winget-manifest.${kind}.${WINGET_SCHEMA}.schema.json\n${stringify(manifest, { lineWidth: 0 })}`;
}

const { url = '', homepage = '', publisher = '', out = '', help } = readOptions();
if (help) {
  console.log(HELP);
  process.exit(0);
}
for (const [name, value] of Object.entries({ url, homepage, publisher, out }))
  if (value.trim() === '') fail(`--${name} is needed\n${HELP}`);
if (!addressOf('url', url).pathname.endsWith('.zip')) fail(`--url has to end in .zip, by which Scoop knows what it is: ${url}`);
const part = publisher.replaceAll(/[^A-Za-z0-9-]/g, '');
if (part === '' || part.length > 32)
  fail(`--publisher gives winget's identifier its first part, of 1 to 32 letters, digits and "-": "${publisher}" has ${part.length}`);

const program = JSON.parse(read('package.json').toString('utf8'));
const zip = makeZip();
const sha256 = createHash('sha256').update(zip).digest('hex');
const identifier = `${part}.${program.name}`;
const facts = { program, url: addressOf('url', url).href, homepage: addressOf('homepage', homepage).href, publisher, identifier, sha256 };
const winget = wingetManifests(facts);
const files = {
  [`${program.name}-windows-${program.version}.zip`]: zip,
  [`scoop/${program.name}.json`]: `${JSON.stringify(scoopManifest(facts), null, 4)}\n`,
  [`winget/${identifier}.yaml`]: yamlOf('version', winget.version),
  [`winget/${identifier}.installer.yaml`]: yamlOf('installer', winget.installer),
  [`winget/${identifier}.locale.en-US.yaml`]: yamlOf('defaultLocale', winget.defaultLocale),
};
for (const [name, content] of Object.entries(files)) {
  const path = join(out, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  console.log(path);
}
console.log(`SHA-256 of the zip: ${sha256}`);
