import { dirname, resolve } from 'node:path';
import { nearestName } from '../../../shared/nearest.js';
import type { Report } from '../tree/report.js';
import { child, isNull, type MapTree, type SourceFile, settleTree, type Tree, withEntry, withoutEntry } from '../tree/tree.js';
import type { FileReference, Files } from './files.js';
import { mergeTrees } from './merge.js';

/** Services extending each other further than this are not meant. */
const MAX_CHAIN = 50;

/** The loader as `extends` needs it: it reads the services of another file. */
export interface ExtendsLoading {
  readonly files: Files;
  readonly report: Report;
  readonly readServices: (source: SourceFile, reference: FileReference) => Promise<Tree | null>;
}

/** Keys that Compose refuses without a value wherever they stand in a file that is extended; it takes others for absent there. */
const NEVER_EMPTY = ['build', 'depends_on', 'env_file', 'ports'];

interface Step {
  readonly file: string;
  readonly service: string;
}

/** Replaces every service's `extends` by the service it names, with the service's own keys laid on it. */
export async function applyExtends(model: MapTree, loading: ExtendsLoading): Promise<MapTree> {
  const services = child(model, 'services');
  if (services?.kind !== 'map') return model;
  const resolver = new Extends(loading);
  let result = services;
  for (const [name, entry] of services.entries) {
    const value = await resolver.service(services, name, entry.value.location.source.file, []);
    if (value !== null && value !== entry.value) result = withEntry(result, name, value);
  }
  return result === services ? model : withEntry(model, 'services', result);
}

class Extends {
  readonly #done = new Map<Tree, Tree | null>();
  readonly #files = new Map<string, Promise<Tree | null>>();

  constructor(readonly loading: ExtendsLoading) {}

  /** A service with what it extends; null when that cannot be had, which is reported. */
  async service(services: MapTree, name: string, file: string, chain: readonly Step[]): Promise<Tree | null> {
    const tree = services.entries.get(name)?.value;
    if (tree?.kind !== 'map' || isNull(tree.entries.get('extends')?.value)) return tree ?? null;
    const known = this.#done.get(tree);
    if (known !== undefined) return known;
    const result = await this.#extended(tree, services, name, file, chain);
    this.#done.set(tree, result);
    return result;
  }

  async #extended(tree: MapTree, services: MapTree, name: string, file: string, chain: readonly Step[]): Promise<Tree | null> {
    const own = withoutEntry(tree, 'extends');
    const at = tree.entries.get('extends')?.value ?? tree;
    const key = `services.${name}.extends`;
    const reference = at.kind === 'scalar' ? at : child(at, 'service');
    if (reference?.kind !== 'scalar') return this.#fail(at, key, 'names no service to extend', own);
    const steps = [...chain, { file, service: name }];
    const base = await this.#base(at, reference.text, services, file, key, steps);
    if (base === null) return own;
    // `!reset` and `!override` in the other file apply to that file alone.
    return mergeTrees(settleTree(base), own, ['services', name], this.loading.report);
  }

  async #base(at: Tree, service: string, services: MapTree, file: string, key: string, steps: readonly Step[]): Promise<Tree | null> {
    const where = child(at, 'file');
    const path = where?.kind === 'scalar' ? resolve(where.location.source.directory, where.text) : file;
    const circle = steps.findIndex(step => step.file === path && step.service === service);
    if (steps.length > MAX_CHAIN) return this.#fail(at, key, `more than ${MAX_CHAIN} services extend each other in a row`, null);
    if (circle >= 0) {
      const names = [...steps.slice(circle).map(step => step.service), service];
      return this.#fail(at, key, `services extend each other in a circle: ${names.join(' → ')}`, null);
    }
    const others = path === file ? services : await this.#servicesOf(path, where ?? at, key);
    if (others === null) return null;
    if (others.entries.get(service) === undefined) {
      const nearest = nearestName(service, others.entries.keys());
      this.loading.report.error(at.location, key, `no service "${service}" is defined in ${path}`, { nearest });
      return null;
    }
    // Of the service itself alone: what others say of networks is not looked at.
    if (path !== file) this.#refuseEmpty(others.entries.get(service)?.value, service, ['networks']);
    return this.service(others, service, path, steps);
  }

  #refuseEmpty(service: Tree | undefined, name: string, keys: readonly string[]): void {
    for (const key of keys) {
      const entry = service?.kind === 'map' ? service.entries.get(key) : undefined;
      if (entry?.value.tag === null && isNull(entry.value))
        this.loading.report.error(entry.keyLocation, `services.${name}.${key}`, 'is empty', { expected: 'a value, or no such key' });
    }
  }

  async #servicesOf(path: string, at: Tree, key: string): Promise<MapTree | null> {
    const remote = at.kind === 'scalar' && isRemote(at.text);
    if (remote) return this.#fail(at, key, 'files are never fetched from elsewhere', null, 'the path of a file on this machine');
    const source: SourceFile = { file: path, directory: dirname(path), variables: at.location.source.variables };
    const reading = this.#files.get(path) ?? this.loading.readServices(source, { location: at.location, key });
    this.#files.set(path, reading);
    const services = await reading;
    if (services?.kind === 'map') for (const [name, { value }] of services.entries) this.#refuseEmpty(value, name, NEVER_EMPTY);
    if (services === null || services.kind === 'map') return services;
    return this.#fail(services, 'services', 'is not a mapping', null);
  }

  #fail<T>(at: Tree, key: string, message: string, result: T, expected: string | null = null): T {
    this.loading.report.error(at.location, key, message, { expected });
    return result;
  }
}

/** Git, OCI and web addresses, which Compose itself would fetch. */
export function isRemote(path: string): boolean {
  return /^([a-z][a-z0-9+.-]*:\/\/|git@|github\.com\/)/i.test(path);
}
