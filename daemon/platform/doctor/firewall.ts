import { holds, parseBlock } from '../../shared/cidr.js';

/** A network of ours, and where its containers are to reach this machine. */
export interface NetworkSeen {
  readonly name: string;
  readonly bridge: string;
  readonly gateway: string;
  readonly subnet: string;
}

/** The rules of this machine as its programs list them; null: not there, or not to be read. */
export interface RulesSeen {
  /** iptables-save -t filter, of the variant that is in use. */
  readonly iptables: string | null;
  readonly legacy: string | null;
  /** nft -j list ruleset. */
  readonly nft: string | null;
}

/** A rule or policy that drops what containers of a network send to this machine. */
interface Blocker {
  readonly by: 'ufw' | 'firewalld' | 'iptables' | 'nftables';
  /** The rule as its program writes it, with its table and chain. */
  readonly rule: string;
  readonly fix: string;
}

/** The result of a chain for the packet: a verdict, or null when it returns to the calling chain. */
type End = { readonly verdict: 'accept' | 'drop'; readonly rule: string; readonly chain: string } | null;
/** yes: the rule is for this packet. maybe: it asks for something that cannot be told, such as a rate. */
type Match = 'yes' | 'no' | 'maybe';
interface Rule {
  readonly text: string;
  readonly match: Match;
  readonly does: { readonly kind: 'accept' | 'drop' | 'return' | 'nothing' } | { readonly kind: 'jump' | 'goto'; readonly chain: string };
}
interface Chain {
  readonly rules: readonly Rule[];
  /** Of a chain that the kernel calls. */
  readonly policy: 'accept' | 'drop' | null;
}

/** The first that drops a new connection from the network to its gateway; null: none is seen. Pure. */
export function blockerOf(network: NetworkSeen, { iptables, legacy, nft }: RulesSeen): Blocker | null {
  for (const [text, command] of [
    [iptables, 'iptables'],
    [legacy, 'iptables-legacy'],
  ] as const) {
    // biome-ignore format: short
    const end = text === null ? null : walk(iptablesChains(text, network), 'INPUT');
    if (end?.verdict === 'drop') return byIptables(end, command, network);
  }
  return nft === null ? null : nftBlocker(nft, network, iptables !== null);
}

/** INVARIANT: a rule that may or may not be for the packet is passed over; what is named is certain to drop it. */
function walk(chains: ReadonlyMap<string, Chain>, name: string, depth = 0): End {
  const chain = chains.get(name);
  if (!chain || depth > 64) return null;
  for (const { match, does, text } of chain.rules) {
    if (match !== 'yes') continue;
    if (does.kind === 'accept' || does.kind === 'drop') return { verdict: does.kind, rule: text, chain: name };
    if (does.kind === 'return') break;
    if (does.kind !== 'jump' && does.kind !== 'goto') continue;
    const end = walk(chains, does.chain, depth + 1);
    if (end) return end;
    if (does.kind === 'goto') break;
  }
  return chain.policy === null ? null : { verdict: chain.policy, rule: `policy ${chain.policy}`, chain: name };
}

function byIptables({ rule, chain }: NonNullable<End>, command: string, { bridge, subnet, gateway }: NetworkSeen): Blocker {
  if (/^ufw-/.test(chain) || /ufw/i.test(rule)) {
    return { by: 'ufw', rule: `${chain}: ${rule}`, fix: `sudo ufw allow from ${subnet} to ${gateway}` };
  }
  const where = `${command}, table filter, chain ${chain}: ${rule}`;
  return { by: 'iptables', rule: where, fix: `sudo ${command} -I INPUT -i ${bridge} -s ${subnet} -d ${gateway} -j ACCEPT` };
}

/** Reads iptables-save. */
function iptablesChains(text: string, network: NetworkSeen): ReadonlyMap<string, Chain> {
  const chains = new Map<string, { rules: Rule[]; policy: Chain['policy'] }>();
  let table = '';
  for (const line of text.split('\n')) {
    table = /^\*(\w+)/.exec(line)?.[1] ?? table;
    if (table !== 'filter') continue;
    const [, name, policy] = /^:(\S+) (\S+)/.exec(line) ?? [];
    if (name !== undefined) chains.set(name, { rules: [], policy: policy === 'ACCEPT' ? 'accept' : policy === 'DROP' ? 'drop' : null });
    const [, owner = '', rest = ''] = /^-A (\S+) ?(.*)$/.exec(line) ?? [];
    chains.get(owner)?.rules.push(iptablesRule(rest, network));
  }
  // ufw's chains hang below INPUT, whose policy it sets: what drops by it drops by ufw.
  const input = chains.get('INPUT');
  if (input?.policy === 'drop' && [...chains.keys()].some(name => name.startsWith('ufw-'))) {
    const text = "policy drop (ufw's default for incoming)";
    input.rules.push({ text, match: 'yes', does: { kind: 'drop' } });
  }
  return chains;
}

const TARGETS: Readonly<Record<string, 'accept' | 'drop' | 'return' | 'nothing'>> = {
  ACCEPT: 'accept',
  DROP: 'drop',
  REJECT: 'drop',
  RETURN: 'return',
  LOG: 'nothing',
  NFLOG: 'nothing',
  MARK: 'nothing',
  CONNMARK: 'nothing',
};

/** Options with a value: whether the packet has it; null: that cannot be told. */
const OPTIONS: Readonly<Record<string, (value: string, network: NetworkSeen) => boolean | null>> = {
  '-i': (value, { bridge }) => isDevice(value, bridge),
  '-o': () => false,
  '-s': (value, { subnet }) => within(value, subnet),
  '-d': (value, { gateway }) => within(value, gateway),
  '-p': value => ['tcp', 'all', '6'].includes(value),
  '--ctstate': value => value.split(',').includes('NEW'),
  '--state': value => value.split(',').includes('NEW'),
  '--dst-type': value => value === 'LOCAL',
  '--src-type': value => value === 'UNICAST',
  '--comment': () => true,
  '-m': () => true, // what the module asks for comes in options of its own
};

function iptablesRule(text: string, network: NetworkSeen): Rule {
  const words = text.match(/"[^"]*"|\S+/g) ?? [];
  let match: Match = 'yes';
  for (let at = 0; at < words.length; at += 1) {
    const isNot = words[at] === '!';
    if (isNot) at += 1;
    const option = words[at] ?? '';
    const value = words[at + 1] ?? '';
    if (option === '-j' || option === '-g') return { text: text.trim(), match, does: targetOf(option, value) };
    const known = OPTIONS[option];
    if (known) {
      const is = known(value, network);
      match = both(match, is === null ? 'maybe' : is !== isNot ? 'yes' : 'no');
      at += 1;
    } else if (option.startsWith('-')) match = both(match, 'maybe'); // a port, a rate: which it will be is not known
  }
  return { text: text.trim(), match, does: { kind: 'nothing' } };
}

function targetOf(option: '-j' | '-g', name: string): Rule['does'] {
  const kind = TARGETS[name];
  return kind ? { kind } : { kind: option === '-g' ? 'goto' : 'jump', chain: name };
}

function both(one: Match, two: Match): Match {
  if (one === 'no' || two === 'no') return 'no';
  return one === 'maybe' || two === 'maybe' ? 'maybe' : 'yes';
}

/** `br+` is every device that begins so. */
function isDevice(pattern: string, device: string): boolean {
  return pattern.endsWith('+') || pattern.endsWith('*') ? device.startsWith(pattern.slice(0, -1)) : pattern === device;
}

function within(outer: string, inner: string): boolean {
  const [one, two] = [parseBlock(outer), parseBlock(inner)];
  return one !== null && two !== null && holds(one, two);
}

type Json = Readonly<Record<string, unknown>>;

/** Chains of iptables' own nft tables are left out where iptables-save has told of them. */
function nftBlocker(text: string, network: NetworkSeen, knowsIptables: boolean): Blocker | null {
  const listed = itemsOf(text);
  const tables = new Map<
    string,
    { readonly family: string; readonly table: string; readonly chains: Map<string, Chain & { rules: Rule[] }> }
  >();
  const bases: { readonly key: string; readonly chain: string; readonly prio: number }[] = [];
  const keyOf = (item: Json): string => `${item['family']} ${item['table']}`;
  for (const { chain } of listed) {
    if (!isRecord(chain)) continue;
    const [key, name] = [keyOf(chain), String(chain['name'])];
    if (knowsIptables && chain['family'] === 'ip' && chain['table'] === 'filter') continue;
    const own = tables.get(key) ?? { family: String(chain['family']), table: String(chain['table']), chains: new Map() };
    tables.set(key, own);
    const isBase = chain['hook'] !== undefined;
    own.chains.set(name, { rules: [], policy: isBase ? (chain['policy'] === 'drop' ? 'drop' : 'accept') : null });
    const isOnTheWay = (chain['hook'] === 'input' || chain['hook'] === 'prerouting') && chain['type'] === 'filter';
    if (isOnTheWay && (chain['family'] === 'ip' || chain['family'] === 'inet'))
      bases.push({ key, chain: name, prio: Number(chain['prio']) });
  }
  const setsOf = new Map<string, Map<string, unknown>>();
  for (const { set } of listed) {
    if (!isRecord(set)) continue;
    const sets = setsOf.get(keyOf(set)) ?? new Map<string, unknown>();
    setsOf.set(keyOf(set), sets.set(`@${set['name']}`, set['elem']));
  }
  for (const { rule } of listed) {
    if (!isRecord(rule) || !Array.isArray(rule['expr'])) continue;
    const key = keyOf(rule);
    const chain = tables.get(key)?.chains.get(String(rule['chain']));
    chain?.rules.push(nftRule(rule['expr'], network, setsOf.get(key) ?? new Map()));
  }
  for (const { key, chain } of bases.sort((a, b) => a.prio - b.prio)) {
    const own = tables.get(key);
    const end = own && walk(own.chains, chain);
    if (own && end?.verdict === 'drop') return byNft(own, end, network);
  }
  return null;
}

function byNft(
  { family, table }: { readonly family: string; readonly table: string },
  end: NonNullable<End>,
  { subnet, gateway, bridge }: NetworkSeen,
): Blocker {
  const rule = `table ${family} ${table}, chain ${end.chain}: ${end.rule}`;
  if (table === 'firewalld') {
    const fix = `sudo firewall-cmd --permanent --zone=trusted --add-source=${subnet} && sudo firewall-cmd --reload`;
    return { by: 'firewalld', rule, fix };
  }
  const saddr = `iifname "${bridge}" ip saddr ${subnet} ip daddr ${gateway} accept`;
  return { by: 'nftables', rule, fix: `sudo nft insert rule ${family} ${table} ${end.chain} ${saddr}` };
}

function itemsOf(text: string): readonly Json[] {
  try {
    const { nftables } = JSON.parse(text) as { readonly nftables?: unknown };
    return Array.isArray(nftables) ? nftables.filter(isRecord) : [];
  } catch {
    return [];
  }
}

function nftRule(expr: readonly unknown[], network: NetworkSeen, sets: ReadonlyMap<string, unknown>): Rule {
  let match: Match = 'yes';
  let does: Rule['does'] = { kind: 'nothing' };
  for (const each of expr) {
    if (!isRecord(each)) continue;
    const [[name, value] = ['', null]] = Object.entries(each);
    if (PASSING.has(name)) continue;
    const verdict = name === 'vmap' && isRecord(value) ? vmapVerdict(value, network) : each;
    if (name === 'match' && isRecord(value)) match = both(match, nftMatch(value, network, sets));
    else if (verdict === null) match = 'no';
    else {
      const found = verdict === 'unknown' ? null : verdictOf(verdict);
      if (found) does = found;
      else match = both(match, 'maybe');
    }
  }
  return { text: JSON.stringify(expr).slice(0, 300), match, does };
}

const PASSING: ReadonlySet<string> = new Set(['counter', 'log', 'mangle', 'comment']);

function verdictOf(each: Json): Rule['does'] | null {
  if ('accept' in each) return { kind: 'accept' };
  if ('drop' in each || 'reject' in each) return { kind: 'drop' };
  if ('return' in each) return { kind: 'return' };
  for (const kind of ['jump', 'goto'] as const) {
    const value = each[kind];
    if (isRecord(value)) return { kind, chain: String(value['target']) };
  }
  return null;
}

/** The packet's value for the left side of a match; undefined when it is not known. */
function fieldOf(left: unknown, network: NetworkSeen): string | undefined {
  if (!isRecord(left)) return undefined;
  const { meta, payload, ct, fib } = left;
  if (isRecord(meta)) {
    const known: Readonly<Record<string, string>> = { iifname: network.bridge, iif: network.bridge, l4proto: 'tcp', nfproto: 'ipv4', protocol: 'ip', iifkind: 'bridge', iiftype: 'ether', pkttype: 'unicast' }; // biome-ignore format: a table
    return known[String(meta['key'])];
  }
  if (isRecord(payload)) {
    const known: Readonly<Record<string, string>> = { 'ip saddr': network.subnet, 'ip daddr': network.gateway, 'ip protocol': 'tcp' }; // biome-ignore format: a table
    return known[`${payload['protocol']} ${payload['field']}`] ?? (payload['protocol'] === 'ip6' ? 'ipv6' : undefined);
  }
  if (isRecord(ct)) return ct['key'] === 'state' ? 'new' : undefined;
  if (isRecord(fib)) return fib['result'] === 'type' && String(fib['flags']) === 'daddr' ? 'local' : undefined;
  return undefined;
}

function nftMatch(value: Json, network: NetworkSeen, sets: ReadonlyMap<string, unknown>): Match {
  const field = fieldOf(value['left'], network);
  const right =
    typeof value['right'] === 'string' && value['right'].startsWith('@') ? { set: sets.get(value['right']) ?? [] } : value['right'];
  if (field === undefined) return 'maybe';
  const is = isAmong(field, right);
  if (is === null) return 'maybe';
  return is !== (value['op'] === '!=') ? 'yes' : 'no';
}

/** Whether the field is among the values; null for a form that is not understood. */
function isAmong(field: string, right: unknown): boolean | null {
  if (typeof right === 'string') return isDevice(right, field) || sameBlock(right, field);
  if (Array.isArray(right)) return any(right.map(each => isAmong(field, each)));
  if (!isRecord(right)) return null;
  if (isRecord(right['prefix'])) return within(`${right['prefix']['addr']}/${right['prefix']['len']}`, field);
  if ('set' in right) return isAmong(field, right['set']);
  return null;
}

function sameBlock(one: string, two: string): boolean {
  const [a, b] = [parseBlock(one), parseBlock(two)];
  return a !== null && b !== null && a.first === b.first && a.prefix === b.prefix;
}

function any(all: readonly (boolean | null)[]): boolean | null {
  return all.includes(true) ? true : all.includes(null) ? null : false;
}

function vmapVerdict({ key, data }: Json, network: NetworkSeen): Json | 'unknown' | null {
  const field = fieldOf(key, network);
  const pairs = isRecord(data) && Array.isArray(data['set']) ? data['set'] : null;
  if (field === undefined || pairs === null) return 'unknown';
  for (const pair of pairs) {
    if (!Array.isArray(pair) || !isRecord(pair[1])) return 'unknown';
    const is = isAmong(field, pair[0]);
    if (is === null) return 'unknown';
    if (is) return pair[1];
  }
  return null;
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
