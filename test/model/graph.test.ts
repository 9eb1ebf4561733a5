import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dependantsOf, dependenciesOf, findCycle, type GraphNode, startOrder } from '../../daemon/model/graph.js';

function graph(edges: Record<string, string[]>): GraphNode[] {
  return Object.entries(edges).map(([name, on]) => ({
    name,
    dependsOn: on.map(service => ({ service, condition: 'started' as const, required: true })),
  }));
}

const SHOP = graph({ web: ['api'], api: ['database', 'cache'], cache: [], database: [], tools: [] });

describe('graph', () => {
  it('starts dependencies first, and otherwise keeps the order of the file', () => {
    expect(startOrder(SHOP)).toEqual(['cache', 'database', 'tools', 'api', 'web']);
  });

  it('follows dependencies and dependants through others, nearest first', () => {
    expect(dependenciesOf(SHOP, 'web')).toEqual(['api', 'database', 'cache']);
    expect(dependantsOf(SHOP, 'cache')).toEqual(['api', 'web']);
    expect(dependenciesOf(SHOP, 'tools')).toEqual([]);
    expect(dependantsOf(SHOP, 'nobody')).toEqual([]);
  });

  it('passes over a dependency that is not part of the project', () => {
    const optional = graph({ api: ['tracing'] });
    expect(startOrder(optional)).toEqual(['api']);
    expect(dependenciesOf(optional, 'api')).toEqual([]);
  });

  it('names a cycle from the first name back to it', () => {
    expect(findCycle(SHOP)).toBeNull();
    expect(findCycle(graph({ a: ['a'] }))).toEqual(['a', 'a']);
    expect(findCycle(graph({ web: ['api'], api: ['db'], db: ['api'] }))).toEqual(['api', 'db', 'api']);
  });

  it('holds for any graph: an order exists for all services, or there is a cycle', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const anyGraph = fc.tuple(...names.map(() => fc.uniqueArray(fc.constantFrom(...names), { maxLength: 3 })));
    fc.assert(
      fc.property(anyGraph, on => {
        const nodes = graph(Object.fromEntries(names.map((name, i) => [name, on[i] ?? []])));
        const order = startOrder(nodes);
        for (const node of nodes.filter(candidate => order.includes(candidate.name))) {
          for (const { service } of node.dependsOn) expect(order.indexOf(service)).toBeLessThan(order.indexOf(node.name));
        }
        const cycle = findCycle(nodes);
        expect(cycle === null).toBe(order.length === names.length);
        for (const [i, from] of (cycle ?? []).slice(0, -1).entries()) {
          expect(nodes.find(node => node.name === from)?.dependsOn.map(d => d.service)).toContain(cycle?.[i + 1]);
        }
      }),
    );
  });

  it('takes a chain of 5,000 services', () => {
    const chain = graph(Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`s${i}`, i === 0 ? [] : [`s${i - 1}`]])));
    expect(startOrder(chain)).toHaveLength(5000);
    expect(dependenciesOf(chain, 's4999')).toHaveLength(4999);
  });
});
