import { expect, it } from 'vitest';
import { editDistance, nearestName } from '../../daemon/shared/nearest.js';
import { formatProblem, type Problem } from '../../daemon/shared/problem.js';

const PROBLEM: Problem = {
  file: '/p/compose.yaml',
  line: 3,
  column: 5,
  key: 'services.web.imagee',
  message: 'is not a known key',
  expected: null,
  nearest: null,
};

it.each<[Partial<Problem>, string]>([
  [{}, '/p/compose.yaml:3:5: services.web.imagee: is not a known key'],
  [{ nearest: 'image' }, '/p/compose.yaml:3:5: services.web.imagee: is not a known key; did you mean image?'],
  [{ expected: 'a size', nearest: 'b' }, '/p/compose.yaml:3:5: services.web.imagee: is not a known key; expected a size; did you mean b?'],
  [{ line: 0, column: 0, key: '' }, '/p/compose.yaml: is not a known key'],
])('a problem is written with what is known of it %#', (change, text) => {
  expect(formatProblem({ ...PROBLEM, ...change })).toBe(text);
});

it.each<[string, readonly string[], string | null]>([
  ['imagee', ['build', 'image'], 'image'],
  ['databse', ['database', 'data'], 'database'],
  ['IMAGE', ['image'], 'image'],
  ['protrs', ['ports', 'expose'], 'ports'],
  ['web', ['db', 'wob', 'web2'], 'wob'],
  ['completely', ['different'], null],
  ['a', ['b'], 'b'],
  ['image', ['image'], null],
  ['x', [], null],
])('nearest to %s of %j', (word, candidates, expected) => {
  expect(nearestName(word, candidates)).toBe(expected);
});

it.each([
  ['', '', 0],
  ['abc', 'abc', 0],
  ['abc', '', 3],
  ['kitten', 'sitting', 3],
  ['ports', 'porst', 1],
])('distance of %j and %j', (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
  expect(editDistance(b, a)).toBe(distance);
});
