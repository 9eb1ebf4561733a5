import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { ListedProject } from './fetch-project.js';

const projects: readonly ListedProject[] = JSON.parse(readFileSync(join(import.meta.dirname, 'projects.json'), 'utf8'));

it('at least 45 well-known projects are compared, each at a commit', () => {
  expect(new Set(projects.map(({ repository }) => repository)).size).toBe(projects.length);
  expect(projects.length).toBeGreaterThanOrEqual(45);
  expect(projects.filter(({ commit }) => !/^[0-9a-f]{40}$/.test(commit))).toEqual([]);
});

it('at least 45 of them come to the same, and whatever does not has its reason', () => {
  const same = projects.filter(({ sets }) => sets.every(({ outcome }) => outcome === 'same'));
  expect(same.length).toBeGreaterThanOrEqual(45);
  const others = projects.flatMap(({ sets }) => sets.filter(({ outcome, reason }) => outcome !== 'same' && reason === undefined));
  expect(others).toEqual([]);
});
