import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { closingScript, probingScript, type Rule, ruleset, settingScript, tableName } from '../../daemon/redirects/rules.js';

const rule = (port: number, host: string, bridge: string, service = 'shop/db'): Rule => ({
  service,
  address: '127.0.0.1',
  port,
  to: { host, port: 5432 },
  bridge,
});
const guard = (family: string, loopback: string): string[] => [
  `add table ${family} t`,
  `add set ${family} t opened { type ifname; }`,
  `add set ${family} t used { type ifname; }`,
  `add chain ${family} t guard { type filter hook prerouting priority -300; policy accept; }`,
  `flush chain ${family} t guard`,
  `add rule ${family} t guard iifname @opened ${family} daddr ${loopback} drop`,
  `add rule ${family} t guard iifname @opened ${family} saddr ${loopback} drop`,
  `add rule ${family} t guard iifname @used ${family} daddr ${loopback} drop`,
  `add rule ${family} t guard iifname @used ${family} saddr ${loopback} drop`,
];
const SKELETON = [
  ...guard('ip', '127.0.0.0/8'),
  ...guard('ip6', '{ ::1, ::ffff:127.0.0.0/104 }'),
  'add chain ip t output { type nat hook output priority -110; policy accept; }',
  'add chain ip t postrouting { type nat hook postrouting priority 90; policy accept; }',
  'add set ip t answered { type ifname; }',
  'flush chain ip t postrouting',
  'add rule ip t postrouting oifname @answered ip saddr 127.0.0.0/8 masquerade',
];

test('a table of its own for each instance', () => {
  expect(tableName('3f2a')).toBe('laptop_dev_3f2a');
  expect(tableName('a b;"c')).toBe('laptop_dev_a_b__c');
  expect(tableName('x'.repeat(500))).toHaveLength('laptop_dev_'.length + 64);
});

test('exactly these rules, each bridge once', () => {
  const rules = [rule(5432, '172.18.0.2', 'br-b'), rule(5433, '172.18.0.3', 'br-b'), rule(6379, '172.17.0.2', 'br-a', 'shop/"; drop')];
  expect(ruleset('t', rules).trimEnd().split('\n')).toEqual([
    ...SKELETON,
    'flush chain ip t output',
    'add element ip t answered { "br-a" }',
    'add element ip t answered { "br-b" }',
    'flush set ip t used',
    'add element ip t used { "br-a" }',
    'add element ip t used { "br-b" }',
    'flush set ip6 t used',
    'add element ip6 t used { "br-a" }',
    'add element ip6 t used { "br-b" }',
    'add rule ip t output ip daddr 127.0.0.1 tcp dport 5432 dnat to 172.18.0.2:5432 comment "shop/db"',
    'add rule ip t output ip daddr 127.0.0.1 tcp dport 5433 dnat to 172.18.0.3:5432 comment "shop/db"',
    'add rule ip t output ip daddr 127.0.0.1 tcp dport 6379 dnat to 172.17.0.2:5432',
  ]);
  expect(ruleset('t', []).trimEnd().split('\n')).toEqual([
    ...SKELETON,
    'flush chain ip t output',
    'flush set ip t used',
    'flush set ip6 t used',
  ]);
});

test('a closed bridge is guarded and noted, then opened, then used', () => {
  const script = settingScript('t', [rule(5432, '172.18.0.2', 'br-b')], ['br-b']);
  const at = (text: string): number => script.indexOf(text);
  const noted = at('add element ip t opened { "br-b" }');
  const opened = at('echo 1 > /proc/sys/net/ipv4/conf/br-b/route_localnet');
  const used = at('dnat to 172.18.0.2:5432');
  expect(script.startsWith('set -e\n')).toBe(true);
  expect([at('guard iifname @opened') < noted, noted < opened, opened < used]).toEqual([true, true, true]);
  expect(settingScript('t', [rule(5432, '172.18.0.2', 'br-b')], [])).not.toContain('route_localnet');
  expect(settingScript('t', [], [])).toContain('nft list table ip t > /dev/null 2>&1 || exit 0');
});

test.each([
  ['set', settingScript('t', [rule(5432, '172.18.0.2', 'br-b')], ['br-b'])],
  ['set none', settingScript('t', [], [])],
  ['probe', probingScript('t')],
  ['close', closingScript('t')],
])('the script of %s is a shell script', (_name, script) => {
  expect(execFileSync('sh', ['-n'], { input: script, encoding: 'utf8' })).toBe('');
});
