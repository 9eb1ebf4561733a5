import { routeLocalnet } from './routes.js';

/** A redirect whose bridge is known: all that a rule needs. Addresses are IPv4, `bridge` is a plain name. */
export interface Rule {
  readonly service: string;
  readonly address: string;
  readonly port: number;
  readonly to: { readonly host: string; readonly port: number };
  readonly bridge: string;
}

/** Longest instance that goes into a table's name; nft takes 255 characters. */
const LONGEST = 64;

/** What the tables of all daemons' names begin with. */
const PREFIX = 'laptop_dev_';

/** The table that holds all rules of this daemon and nothing else: its own name, whatever else runs here. */
export function tableName(instance: string): string {
  return `${PREFIX}${instance.replaceAll(/[^A-Za-z0-9]/g, '_').slice(0, LONGEST)}`;
}

/**
 * The table with its chains. Adding what is there is no error, so this can stand before every change. Sources: docs/design/activation.md, "Redirects".
 *
 * output: before Docker's own (-100). The first rule that fits a new connection decides, all later ones in other tables are passed over.
 * guard: route_localnet lifts two checks of the kernel for what comes in through a bridge: that a packet is not for 127.0.0.0/8 (as in
 * CVE-2020-8558), and that it does not come from there, with which a container would pass for this machine at whatever listens on its
 * other addresses. Both are put back here, for each protocol. Before connection tracking (-200) an answer that belongs to a redirect still
 * has the addresses of the bridge and the container, so nothing that is wanted is dropped. In IPv6 the kernel lets through what bears an
 * IPv4 loopback address in IPv6 form, which a server that serves both families takes for one of this machine; it goes as well.
 * opened: bridges whose route_localnet we set, so that whoever comes after a kill -9 knows what to restore.
 * used: bridges that redirects go through, whoever opened them (Podman does it for its own): they are guarded as well.
 * answered: bridges that a redirect has ever gone through; a container has to answer to the bridge, for 127.0.0.1 would be itself. They stay in it: a packet
 * that was between `output` and `postrouting` while its redirect was taken away would reach the container with the address 127.0.0.1, and as the kernel
 * remembers that, so would each time it is sent again. Nothing else leaves through a bridge with such an address.
 */
function skeleton(table: string): readonly string[] {
  return [
    ...guarded('ip', table, '127.0.0.0/8'),
    ...guarded('ip6', table, '{ ::1, ::ffff:127.0.0.0/104 }'),
    `add chain ip ${table} output { type nat hook output priority -110; policy accept; }`,
    `add chain ip ${table} postrouting { type nat hook postrouting priority 90; policy accept; }`,
    `add set ip ${table} answered { type ifname; }`,
    `flush chain ip ${table} postrouting`,
    `add rule ip ${table} postrouting oifname @answered ip saddr 127.0.0.0/8 masquerade`,
  ];
}

function guarded(family: 'ip' | 'ip6', table: string, loopback: string): readonly string[] {
  const drop = (set: string, end: string) => `add rule ${family} ${table} guard iifname @${set} ${family} ${end} ${loopback} drop`;
  return [
    `add table ${family} ${table}`,
    `add set ${family} ${table} opened { type ifname; }`,
    `add set ${family} ${table} used { type ifname; }`,
    `add chain ${family} ${table} guard { type filter hook prerouting priority -300; policy accept; }`,
    `flush chain ${family} ${table} guard`,
    ...['opened', 'used'].flatMap(set => ['daddr', 'saddr'].map(end => drop(set, end))),
  ];
}

const FAMILIES = ['ip', 'ip6'] as const;

/** Notes that this bridge is open from here on. */
function noting(table: string, bridge: string): readonly string[] {
  return FAMILIES.map(family => `add element ${family} ${table} opened { "${bridge}" }`);
}

/** Input of `nft -f -` that makes the rules exactly these, in one transaction. Chains stay hooked, so no packet sees a half. Pure. */
export function ruleset(table: string, rules: readonly Rule[]): string {
  const bridges = [...new Set(rules.map(({ bridge }) => bridge))].sort();
  const lines = [
    ...skeleton(table),
    `flush chain ip ${table} output`,
    ...bridges.map(bridge => `add element ip ${table} answered { "${bridge}" }`),
    ...FAMILIES.flatMap(family => [
      `flush set ${family} ${table} used`,
      ...bridges.map(bridge => `add element ${family} ${table} used { "${bridge}" }`),
    ]),
    ...rules.map(
      ({ address, port, to, service }) =>
        `add rule ip ${table} output ip daddr ${address} tcp dport ${port} dnat to ${to.host}:${to.port}${comment(service)}`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

/** For people who list the table; left out when nft could misread it. */
function comment(service: string): string {
  return /^[\w./-]{1,120}$/.test(service) ? ` comment "${service}"` : '';
}

/**
 * Shell script that sets the rules. `closed`: bridges that do not let loopback addresses through yet: they are guarded and noted first, then
 * opened, and only then used; a rule on a closed bridge would swallow connections. Without rules it changes nothing where there is no
 * table. Pure.
 */
export function settingScript(table: string, rules: readonly Rule[], closed: readonly string[]): string {
  const opening = closed.flatMap(bridge => [
    nft([...skeleton(table), ...noting(table, bridge)].join('\n')),
    `echo 1 > ${routeLocalnet(bridge)}`,
  ]);
  const unlessNone = rules.length > 0 ? [] : [`nft list table ip ${table} > /dev/null 2>&1 || exit 0`];
  return ['set -e', ...unlessNone, ...opening, nft(ruleset(table, rules))].join('\n');
}

/**
 * Removes the table, if there is one: the rules first, then route_localnet of the bridges that we opened is restored, and the guard goes
 * last. A bridge that another daemon's table uses as well is handed over to it instead. Pure.
 */
export function closingScript(table: string): string {
  const file = routeLocalnet('$bridge');
  return `set -e
listed=$(nft list set ip ${table} opened 2>/dev/null) || exit 0
${nft(ruleset(table, []))}
for bridge in $(printf '%s' "$listed" | tr ',' '\\n' | sed -n 's/.*"\\(.*\\)".*/\\1/p'); do
  heir=
  for other in $(nft list tables ip | sed -n 's/^table ip \\(${PREFIX}[A-Za-z0-9_]*\\)$/\\1/p'); do
    [ "$other" = ${table} ] && continue
    if { nft list set ip "$other" used; nft list chain ip "$other" postrouting; } 2>/dev/null | grep -q "\\"$bridge\\""; then heir=$other; break; fi
  done
  if [ "$heir" ]; then nft add element ip "$heir" opened "{ \\"$bridge\\" }"; nft add element ip6 "$heir" opened "{ \\"$bridge\\" }" 2>/dev/null || :
  elif [ -e ${file} ]; then echo 0 > ${file}; fi
done
nft delete table ip ${table}
nft delete table ip6 ${table} 2>/dev/null || :`;
}

/**
 * Says whether all of this can be done: changes nothing, since nft only checks (the kernel's modules and privileges with it), and prints
 * which kernel and network namespace it looked at. Pure.
 */
export function probingScript(table: string): string {
  const example = { service: 'a/probe', address: '127.0.0.1', port: 1, to: { host: '127.0.0.2', port: 1 }, bridge: 'lo' };
  return `command -v nft > /dev/null || { echo 'there is no nft command (package nftables)' >&2; exit 3; }
${nft(ruleset(table, [example]), '-c ')}
status=$?
[ $status = 0 ] || exit $status
[ -w ${routeLocalnet('all')} ] || { echo 'net.ipv4.conf cannot be written' >&2; exit 3; }
${WHERE}`;
}

/** Prints what tells one kernel and network namespace from another. */
const WHERE = 'cat /proc/sys/kernel/random/boot_id; readlink /proc/self/ns/net';

function nft(input: string, options = ''): string {
  return `nft ${options}-f - <<'END'\n${input.trimEnd()}\nEND`;
}
