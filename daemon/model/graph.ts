import type { Dependency } from './spec.js';

/** A service as far as order goes. */
export interface GraphNode {
  readonly name: string;
  readonly dependsOn: readonly Dependency[];
}

/** Direct dependencies that are among `nodes`: an optional dependency may name a service that is not part of the project. */
function edges(nodes: readonly GraphNode[]): Map<string, readonly string[]> {
  const names = new Set(nodes.map(node => node.name));
  return new Map(nodes.map(node => [node.name, node.dependsOn.map(on => on.service).filter(name => names.has(name))]));
}

/** Everything reachable from `from`, nearest first, without `from` itself. */
function reach(from: string, next: (name: string) => readonly string[]): string[] {
  const seen = new Set([from]);
  const queue = [from];
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    for (const other of next(name)) {
      if (seen.has(other)) continue;
      seen.add(other);
      queue.push(other);
    }
  }
  seen.delete(from);
  return [...seen];
}

/** What `name` needs, directly or through others, nearest first. */
export function dependenciesOf(nodes: readonly GraphNode[], name: string): string[] {
  const on = edges(nodes);
  return reach(name, at => on.get(at) ?? []);
}

/** What needs `name`, directly or through others, nearest first. */
export function dependantsOf(nodes: readonly GraphNode[], name: string): string[] {
  const back = new Map<string, string[]>(nodes.map(node => [node.name, []]));
  for (const [from, others] of edges(nodes)) for (const other of others) back.get(other)?.push(from);
  return reach(name, at => back.get(at) ?? []);
}

/**
 * Names so that each comes after what it depends on; otherwise in the order given. Members of a cycle, and what
 * depends on them, are left out: find those with findCycle.
 */
export function startOrder(nodes: readonly GraphNode[]): string[] {
  const waiting = edges(nodes);
  const placed = new Set<string>();
  for (let before = -1; before !== placed.size; ) {
    before = placed.size;
    for (const [name, on] of waiting) {
      if (!on.every(other => placed.has(other))) continue;
      placed.add(name);
      waiting.delete(name);
    }
  }
  return [...placed];
}

/** One cycle as it reads, the first name again at the end: ['a', 'b', 'a']; null when there is none. */
export function findCycle(nodes: readonly GraphNode[]): string[] | null {
  const placed = new Set(startOrder(nodes));
  const stuck = nodes.filter(node => !placed.has(node.name));
  const on = edges(stuck);
  const path: string[] = [];
  // Each node that is stuck waits for another one that is stuck, so the walk must come back to where it has been.
  for (let name = stuck[0]?.name; name !== undefined; name = on.get(name)?.[0]) {
    const start = path.indexOf(name);
    path.push(name);
    if (start >= 0) return path.slice(start);
  }
  return null;
}
