// Plants bugs one at a time in a copy of the sources, as they lie in the work tree, and says which test of `npm run check:fast` sees each:
//   node scripts/plant-bugs.mjs [WORD…]
// WORD: only those whose file has it in its path. The tests of the bug's room run first; all unit tests only where those see nothing.
// Exits with 1 when one is seen by no test, when its source text is gone, or when a room's tests fail without any bug.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** File below daemon/, its text, what it becomes. The text must be there exactly once. */
const BUGS = [
  ['scheduler/eviction/pressure', 'at - run.since >= policy.risingFor', 'at - run.since >= 0'],
  ['scheduler/eviction/victims', 'sum >= need', 'sum > need'],
  ['scheduler/eviction/preemption', 'now - holding.since < policy.minUptime', 'now - holding.since >= policy.minUptime'],
  ['scheduler/reconcile', 'if (total + grant > policy.budget) continue;', 'if (total + grant > policy.budget + 1) continue;'],
  ['scheduler/admission/wake-requests', 'now < wakeRequest.until', 'now <= wakeRequest.until'],
  ['scheduler/lifecycle/exits', 'code === KILLED ||', 'code !== KILLED ||'],
  ['scheduler/activity/idle', 'quiet >= entry.spec.idle', 'quiet > 2 * entry.spec.idle'],
  ['activation/protocols/redis', 'this.#subscriptions > 0', 'this.#subscriptions > 1'],
  ['activation/protocols/postgres', "const QUERY = byte('Q')", "const QUERY = byte('q')"],
  ['activation/connection', 'MOST_KEPT = 16 * 1024', 'MOST_KEPT = 1 * 1024'],
  ['activation/traffic', 'holders === 0', 'holders === 1'],
  ['engine/mapping/limits', 'wanted === undefined || wanted === null', 'wanted !== undefined'],
  ['engine/mapping/host-config', 'cpu < available', 'cpu <= available'],
  ['engine/mapping/map-inspect', 'oomKilled: raw.State?.OOMKilled ?? false', 'oomKilled: false'],
  ['engine/mapping/map-event', "attributes['exitCode']", "attributes['exitcode']"],
  ['config/compose/loading/merge', "isNull(base) && rule === 'sequence'", "isNull(base) && rule === 'key-values'"],
  ['config/compose/interpolation/interpolate', "value !== '' ||", "value === '' ||"],
  ['config/compose/normalise/ports', "protocol = 'tcp', ...more", "protocol = 'udp', ...more"],
  ['files/write-whole', 'written < bytes.length;', 'written < bytes.length - 1;'],
  ['files/read-kept', 'found.uid !== us && found.uid !== 0', 'found.gid !== us && found.gid !== 0'],
];

const { values, positionals } = parseArgs({ options: { help: { type: 'boolean' } }, allowPositionals: true });
if (values.help) {
  console.log('usage: node scripts/plant-bugs.mjs [WORD…]\nPlants bugs one at a time in a copy, and says which unit test sees each.');
  process.exit(0);
}
const bugs = BUGS.filter(([module]) => positionals.length === 0 || positionals.some(word => module.includes(word)));

const root = fileURLToPath(new URL('..', import.meta.url));
const copy = mkdtempSync(join(tmpdir(), 'laptop-dev-bugs-'));
process.on('exit', () => rmSync(copy, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));

const listed = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root, encoding: 'utf8' });
for (const file of listed.stdout.split('\0').filter(name => name !== '' && name !== 'node_modules' && existsSync(join(root, name))))
  cpSync(join(root, file), join(copy, file), { verbatimSymlinks: true });
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));

/** How long tests may take, s. */
const LIMIT = 1_800;

/** The folder of test/ that is the module's room. */
function roomOf(module) {
  let folder = dirname(module);
  while (!existsSync(join(copy, 'test', folder))) folder = dirname(folder);
  return `test/${folder}/`;
}

/** The first test that fails, of those below `folder`; null: none does. A busy machine is no reason to fail. */
function firstFailure(folder) {
  const report = join(copy, 'report.json');
  rmSync(report, { force: true });
  const reporters = ['--reporter=json', `--outputFile=${report}`];
  const args = [
    'node_modules/.bin/vitest',
    'run',
    '--experimental.fsModuleCache',
    '--project',
    'unit',
    '--bail=1',
    '--testTimeout=300000',
    ...reporters,
  ];
  const env = { ...process.env, LAPTOP_DEV_TEST_FAST: '1', LAPTOP_DEV_TEST_SEED: process.env.LAPTOP_DEV_TEST_SEED ?? '1' };
  // timeout(1) ends the workers too: a bug may make a loop that no test's own limit ends.
  const { status, stderr } = spawnSync('timeout', ['-k', '10', String(LIMIT), ...args, folder], { cwd: copy, env, encoding: 'utf8' });
  if (status === 124 || status === 137) return `${folder}: the tests do not end`;
  if (status === 0) return null;
  const files = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')).testResults : [];
  for (const { name, message, assertionResults } of files) {
    const failed = assertionResults.find(each => each.status === 'failed');
    if (failed || message) return `${name.slice(copy.length + 1)}: ${failed?.fullName ?? message}`;
  }
  return stderr.trim() || `vitest ended with ${status}`;
}

let missed = 0;
const fine = new Set();
for (const [module, text, bug] of bugs) {
  const file = join(copy, 'daemon', `${module}.ts`);
  const source = readFileSync(file, 'utf8');
  const room = roomOf(module);
  let outcome;
  if (source.split(text).length !== 2) outcome = `NOT PLANTED: its text is not there once: ${text}`;
  else {
    const without = fine.has(room) ? null : firstFailure(room);
    if (without === null) {
      fine.add(room);
      writeFileSync(
        file,
        source.replace(text, () => bug),
      );
      const seen = firstFailure(room) ?? firstFailure('test/');
      writeFileSync(file, source);
      outcome = seen ?? 'MISSED';
      if (seen !== null) {
        console.log(`seen by ${seen}\n  ${module}: ${bug}`);
        continue;
      }
    } else outcome = `FAILS WITHOUT IT: ${without}`;
  }
  missed++;
  console.log(`${outcome}\n  ${module}: ${bug}`);
}
console.log(`${bugs.length - missed} of ${bugs.length} are seen`);
process.exitCode = missed === 0 ? 0 : 1;
