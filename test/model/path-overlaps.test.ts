import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ContainerSpec, MountSpec, ProjectSpec } from '../../daemon/model/spec.js';
import { Overlaps, overlapPlacesOf } from '../../daemon/model/trust/path-overlaps.js';
import { trustText } from '../../daemon/model/trust/trust.js';
import { containerSpec, projectSpec, serviceSpec } from '../scheduler/specs.js';
import { sampled } from '../support/deep.js';

const overlap = (one: string, other: string) => `${one}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${one}/`) || one === '/' || other === '/'; // biome-ignore format: one thought

it('tells each path that is, holds or lies in those asked for, once', () => {
  const part = fc.constantFrom('a', 'b', 'a-', 'a.b', 'ab', '\u{1f600}', '\uffff');
  const path = fc.array(part, { maxLength: 5 }).map(parts => `/${parts.join('/')}`);
  fc.assert(
    fc.property(
      fc.uniqueArray(path, { minLength: 1, maxLength: 20 }),
      fc.array(fc.nat(), { minLength: 1, maxLength: 10 }),
      (paths, asked) => {
        const overlaps = new Overlaps(overlapPlacesOf(paths));
        const yielded = new Set<string>();
        for (const index of asked) {
          const path = paths[index % paths.length] ?? '/';
          const expected = paths.filter(other => overlap(path, other) && !yielded.has(other));
          const found = overlaps.untold(path);
          expect([...found].sort()).toEqual(expected.sort());
          for (const each of found) yielded.add(each);
        }
      },
    ),
  );
});

it('begins with the path itself, then those above it from the outermost, then those below', () => {
  const overlaps = new Overlaps(overlapPlacesOf(['/p/a/b', '/p', '/p/a/b/d', '/p/a-b', '/p/a', '/p/a/b/c']));
  expect(overlaps.untold('/p/a/b')).toEqual(['/p/a/b', '/p', '/p/a', '/p/a/b/c', '/p/a/b/d']);
  expect(overlaps.untold('/p')).toEqual(['/p/a-b']);
  expect(overlaps.untold('/elsewhere')).toEqual([]);
});

const ROOT = '/home/u/p';
const bind = (source: string): MountSpec => ({
  kind: 'bind',
  source,
  target: '/in',
  readOnly: false,
  createSource: true,
  propagation: null,
});
/** A service each, the first one with a power. */
const each = (count: number, of: (index: number) => Partial<ContainerSpec>): ProjectSpec =>
  projectSpec({
    root: ROOT,
    services: Array.from({ length: count }, (_, index) =>
      serviceSpec({ name: `s${index}`, container: containerSpec({ privileged: index === 0, ...of(index) }) }),
    ),
    volumes: Array.from({ length: count }, (_, index) => ({
      key: `v${index}`,
      name: `p_v${index}`,
      external: false,
      driver: null,
      options: {},
      labels: {},
    })),
  });
/** Each in all before it, and, however many they are, together as long as others: 4 KB is the longest path that a kernel takes (PATH_MAX). */
const nested = (index: number, count: number) => ROOT + `/${'d'.repeat(4_000 / count - 1)}`.repeat(index);

const HOSTILE: [string, (count: number) => ProjectSpec][] = [
  ['folders in one folder, a service each', count => each(count, index => ({ mounts: [bind(index === 0 ? ROOT : `${ROOT}/${index}`)] }))],
  ['folders in one another, a service each', count => each(count, index => ({ mounts: [bind(nested(index, count))] }))],
  [
    'folders in one another, all in one service',
    count => each(1, () => ({ mounts: Array.from({ length: count }, (_, index) => bind(nested(index, count))) })),
  ],
  [
    'folders in one another, that are built from',
    count =>
      each(count, index => ({
        build: { context: nested(index, count), dockerfile: `${ROOT}/Dockerfile`, dockerfileInline: null, target: null, args: {}, labels: {} },
        mounts: [bind(ROOT)],
      })),
  ],
  [
    'images built from one another',
    count =>
      each(count, index => ({
        image: `i${index}`,
        build: { context: ROOT, dockerfile: ROOT, dockerfileInline: `FROM i${index + 1}`, target: null, args: {}, labels: {} },
      })),
  ],
  [
    'volumes, two of them in each service',
    count =>
      each(count, index => ({
        mounts: [index, (index + 1) % count].map(at => ({ kind: 'volume', volume: `v${at}`, target: `/${at}`, readOnly: false, noCopy: false })),
      })),
  ],
  ['namespaces in a chain', count => each(count, index => ({ networkMode: `service:s${(index + 1) % count}` }))],
]; // biome-ignore format: a list

/** CPU time of this process, ms. */
function cost(spec: ProjectSpec): number {
  const before = process.cpuUsage();
  expect(trustText(spec)).not.toBe('');
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

/** The least of some counts, as the collector of garbage takes time too: of the longer, as many as it takes to tell. */
const TRIES = 4;
const MOST = 8;

/** Less than 20 ms is too quick to tell how it grows; what was a square took a second. */
it.each(sampled(HOSTILE))('costs in proportion to the number of %s', (_name, of) => {
  const [small, large] = [of(250), of(1_000)];
  const less = Math.min(...Array.from({ length: TRIES }, () => cost(small)));
  const bound = MOST * Math.max(less, 20);
  let more = cost(large);
  for (let tries = 1; more > bound && tries < TRIES; tries++) more = Math.min(more, cost(large));
  expect(more).toBeLessThanOrEqual(bound);
});
