import { cleanTarget, splitShortMount } from '../tree/short-forms.js';
import { child, type Tree } from '../tree/tree.js';

/**
 * The identity of a list item when files are merged: of two items with the same key the later one replaces the earlier one.
 * Returns null for an item that never replaces another.
 */
export type ListKey = (item: Tree) => string | null;

const text = (tree: Tree | undefined): string | null => (tree?.kind === 'scalar' ? tree.text : null);

const byText: ListKey = item => text(item);
const byName: ListKey = item => text(item)?.split('=', 1)[0] ?? null;
const byPath: ListKey = item => text(item) ?? text(child(item, 'path'));
const byTarget: ListKey = item => {
  const target = item.kind === 'scalar' ? splitShortMount(item.text)?.target : text(child(item, 'target'));
  return target === undefined || target === null ? null : cleanTarget(target);
};
const byDeviceTarget: ListKey = item => {
  const [source, target] = text(item)?.split(':') ?? [];
  return target ?? source ?? text(child(item, 'target'));
};
const byMount =
  (folder: string): ListKey =>
  item =>
    item.kind === 'scalar' ? `${folder}/${item.text}` : (text(child(item, 'target')) ?? `${folder}/${text(child(item, 'source'))}`);

/** Lists of a service that have such a rule; all other lists are simply joined. */
export const LIST_KEYS: Readonly<Record<string, ListKey>> = {
  'services.*.build.tags': byText,
  'services.*.cap_add': byText,
  'services.*.cap_drop': byText,
  'services.*.configs': byMount(''),
  'services.*.devices': byDeviceTarget,
  'services.*.dns': byText,
  'services.*.dns_opt': byText,
  'services.*.dns_search': byText,
  'services.*.env_file': byPath,
  'services.*.expose': byText,
  'services.*.extra_hosts': byText,
  'services.*.group_add': byText,
  'services.*.links': byName,
  'services.*.networks.*.aliases': byText,
  'services.*.networks.*.link_local_ips': byText,
  'services.*.profiles': byText,
  'services.*.secrets': byMount('/run/secrets'),
  'services.*.security_opt': byText,
  'services.*.tmpfs': byText,
  'services.*.volumes': byTarget,
};
