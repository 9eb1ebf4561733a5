import type { RestoredProject } from './event.js';
import type { Intent } from './intent.js';
import { type Draft, idOf, newEntry, type World } from './world.js';

/** Wants as the state file has them. What is, the engine tells next (`observed`). */
export function foldRestored(draft: Draft, projects: readonly RestoredProject[]): void {
  for (const { spec, up, leaving } of projects) {
    draft.projects.set(spec.name, { spec, leaving, clearing: false });
    for (const service of spec.services) {
      const want = leaving ? 'gone' : up.includes(service.name) ? 'up' : 'down';
      draft.services.set(idOf(service), { ...newEntry(service), want });
    }
  }
}

/** What the state file keeps: which projects there are, what is wanted of them, and nothing that the engine knows better. */
export function intentOf(world: World): Intent['projects'] {
  return [...world.projects.values()].map(({ spec, leaving }) => ({
    spec,
    up: spec.services.filter(service => world.services.get(idOf(service))?.want === 'up').map(service => service.name),
    leaving,
  }));
}
