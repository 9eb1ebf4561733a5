import type { Report } from '../tree/report.js';
import { dependencies, keyValues, names, withContext } from '../tree/short-forms.js';
import { child, isNull, list, type MapTree, map, scalar, settleTree, type Tree, type TreeEntry } from '../tree/tree.js';
import { LIST_KEYS } from './list-keys.js';

/** How a value of a later file is merged with an earlier one. Without a rule maps are merged by key, lists joined, scalars replaced. */
type Rule = 'replace' | 'key-values' | 'names' | 'dependencies' | 'sequence' | 'hosts' | 'build' | 'logging' | 'subnets';

/** After compose-go's override/merge.go (v2.4.8). */
const RULES: Readonly<Record<string, Rule>> = {
  'networks.*.ipam.config': 'subnets',
  'networks.*.labels': 'key-values',
  'volumes.*.labels': 'key-values',
  'services.*.annotations': 'key-values',
  'services.*.build': 'build',
  'services.*.build.args': 'key-values',
  'services.*.build.additional_contexts': 'key-values',
  'services.*.build.labels': 'key-values',
  'services.*.build.extra_hosts': 'hosts',
  'services.*.command': 'replace',
  'services.*.depends_on': 'dependencies',
  'services.*.deploy.labels': 'key-values',
  'services.*.dns': 'sequence',
  'services.*.dns_opt': 'sequence',
  'services.*.dns_search': 'sequence',
  'services.*.entrypoint': 'replace',
  'services.*.env_file': 'sequence',
  'services.*.environment': 'key-values',
  'services.*.extra_hosts': 'hosts',
  'services.*.healthcheck.test': 'replace',
  'services.*.label_file': 'sequence',
  'services.*.labels': 'key-values',
  'services.*.logging': 'logging',
  'services.*.models': 'names',
  'services.*.networks': 'names',
  'services.*.sysctls': 'key-values',
  'services.*.tmpfs': 'sequence',
  'services.*.ulimits.*': 'replace',
};

/** `over` laid on `base`, as Compose lays a later file on an earlier one. What cannot be merged is reported. */
export function mergeTrees(base: Tree, over: Tree, path: readonly string[], report: Report): Tree {
  return new Merge(report).merge(base, over, path);
}

class Merge {
  constructor(readonly report: Report) {}

  merge(base: Tree, over: Tree, path: readonly string[]): Tree {
    if (over.tag !== null || base.tag === 'reset') return over;
    const pattern = patternOf(path);
    // `own`: a key may be called `constructor`.
    const rule = Object.hasOwn(RULES, pattern) ? RULES[pattern] : undefined;
    if (rule === 'replace') return over;
    // Without a value on both sides, these keys count as not set; all other keys stay empty, which is a mistake.
    if (isNull(over) && isNull(base) && rule === 'key-values') return map(over.location, new Map(), base.tag);
    if (isNull(over) && isNull(base) && rule === 'sequence') return list(over.location, [], base.tag);
    if (isNull(over)) return base;
    if (isNull(base)) return over;
    if (rule !== undefined) return this.#byRule(rule, base, over, path, pattern);
    if (base.kind === 'map' && over.kind === 'map') return this.#maps(base, over, path);
    if (base.kind === 'list' && over.kind === 'list') return joined(base, over, pattern);
    if (base.kind === 'scalar') return over;
    this.report.error(over.location, path.join('.'), `a ${nameOf(over)} cannot be laid over the ${nameOf(base)} of ${locationOf(base)}`, {
      expected: `a ${nameOf(base)}`,
    });
    return base;
  }

  #maps(base: MapTree, over: MapTree, path: readonly string[]): Tree {
    const entries = new Map<string, TreeEntry>(base.entries);
    for (const [key, entry] of over.entries) {
      const earlier = base.entries.get(key);
      if (earlier === undefined) entries.set(key, entry);
      else entries.set(key, { keyLocation: entry.keyLocation, value: this.merge(earlier.value, entry.value, [...path, key]) });
    }
    return map(over.location, entries, base.tag);
  }

  #byRule(rule: Rule, base: Tree, over: Tree, path: readonly string[], pattern: string): Tree {
    if (rule === 'sequence') return joined(toList(base), toList(over), pattern);
    if (rule === 'hosts') return joined(toHostList(base), toHostList(over), pattern);
    if (rule === 'replace') return over;
    if (rule === 'subnets') return bySubnet(base, over, (a, b) => this.merge(a, b, [...path, '*']));
    const [left, right] = [FORMS[rule](base), FORMS[rule](over)];
    if (left.kind !== 'map' || right.kind !== 'map') return over;
    // A name without a value is a value here: `A:` over `A: 1` asks for the variable of the environment.
    if (rule === 'key-values') return map(over.location, new Map([...left.entries, ...right.entries]), base.tag);
    if (rule === 'logging' && differentDrivers(left, right)) return over;
    return this.#maps(left, right, path);
  }
}

/** The short form of what can be written short, written out. */
const FORMS: Readonly<Record<'key-values' | 'names' | 'dependencies' | 'build' | 'logging', (tree: Tree) => Tree>> = {
  'key-values': keyValues,
  names,
  dependencies,
  build: withContext,
  logging: tree => tree,
};

/** `services.api.ports` → `services.*.ports`; names of networks and ulimits become stars as well. */
function patternOf(path: readonly string[]): string {
  const starred = path.map((part, index) =>
    index === 1 || (index === 3 && (path[2] === 'networks' || path[2] === 'ulimits')) ? '*' : part,
  );
  return starred.join('.');
}

/** Earlier items, with those that a later one repeats replaced in their place, then the new ones. */
function joined(base: Tree, over: Tree, pattern: string): Tree {
  if (base.kind !== 'list' || over.kind !== 'list') return over;
  const keyOf = Object.hasOwn(LIST_KEYS, pattern) ? LIST_KEYS[pattern] : undefined;
  if (keyOf === undefined) return list(over.location, [...base.items, ...over.items], base.tag);
  const items = [...base.items];
  const locations = new Map<string, number>();
  for (const [index, item] of items.entries()) {
    const key = keyOf(item);
    if (key !== null) locations.set(key, index);
  }
  for (const item of over.items) {
    const index = locations.get(keyOf(item) ?? '');
    // Two items of one file that repeat each other both stay: that is a mistake to report, not a merge.
    if (index === undefined) items.push(item);
    else items[index] = item;
  }
  return list(over.location, items, base.tag);
}

function toList(tree: Tree): Tree {
  return tree.kind === 'list' ? tree : list(tree.location, [tree]);
}

/** `{name: address}` and `{name: [address, …]}` as `name=address` items. */
function toHostList(tree: Tree): Tree {
  if (tree.kind !== 'map') return toList(tree);
  const items = [...tree.entries].flatMap(([name, { value }]) =>
    (value.kind === 'list' ? value.items : [value]).map(item =>
      scalar(item.location, `${name}=${item.kind === 'scalar' ? item.text : ''}`),
    ),
  );
  return list(tree.location, items);
}

function differentDrivers(base: MapTree, over: MapTree): boolean {
  const [a, b] = [base, over].map(tree => tree.entries.get('driver')?.value);
  return a?.kind === 'scalar' && b?.kind === 'scalar' && a.text !== b.text;
}

/** As Compose has it: each earlier entry meets each later one; a subnet that no later entry names is gone. */
function bySubnet(base: Tree, over: Tree, merge: (a: Tree, b: Tree) => Tree): Tree {
  if (base.kind !== 'list' || over.kind !== 'list') return over;
  const found = new Map<string, Tree>();
  for (const earlier of base.items) {
    for (const later of over.items) {
      const subnet = subnetOf(later);
      if (subnet !== subnetOf(earlier) && !found.has(subnet)) found.set(subnet, later);
      else if (subnet === subnetOf(earlier)) found.set(subnet, merge(earlier, later));
    }
  }
  return list(over.location, [...found.values()]);
}

function subnetOf(config: Tree): string {
  const subnet = child(config, 'subnet');
  return subnet?.kind === 'scalar' ? subnet.text : '';
}

function nameOf(tree: Tree): string {
  return { scalar: 'single value', list: 'list', map: 'mapping' }[tree.kind];
}

function locationOf(tree: Tree): string {
  return `${tree.location.source.file}:${tree.location.line}:${tree.location.column}`;
}

/** A whole file's tree laid on what earlier files came to. */
export function mergeFiles(base: Tree | null, over: Tree, report: Report): Tree {
  return settleTree(base === null ? over : mergeTrees(base, over, [], report));
}
