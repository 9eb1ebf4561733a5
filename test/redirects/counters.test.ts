import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { connectionsTo, establishedOf, openConnections, payloadOf, readCounters } from '../../daemon/redirects/counters.js';

/** /proc/PID/net/dev of a container on two networks. */
const DEV = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:   99999     100    0    0    0     0          0         0    99999     100    0    0    0     0       0          0
  eth0:    2460      32    0    0    0     0          0         0      600       9    0    0    0     0       0          0
  eth1:1000000000000       3    0    0    0     0          0         0        7       1    0    0    0     0       0          0
`;

test('bytes beyond headers, over all interfaces but loopback', () => {
  const packets = 32 + 9 + 3 + 1;
  expect(payloadOf(DEV)).toBe(2460 + 600 + 1_000_000_000_000 + 7 - 66 * packets);
  expect(payloadOf(DEV, false)).toBe(2460 + 600 + 1_000_000_000_000 + 7 - 54 * packets);
  expect(payloadOf(DEV.split('\n').slice(0, 3).join('\n'))).toBe(0);
  expect(payloadOf('')).toBeNull();
});

test('an idle container is idle: readings 9 minutes apart, with 10 packets of ARP and router solicitations between them', () => {
  const reading = (bytes: number, packets: number): string => DEV.replace('2460      32', `${bytes} ${packets}`);
  expect((payloadOf(reading(2880, 40)) ?? 0) - (payloadOf(reading(2320, 30)) ?? 0)).toBeLessThanOrEqual(0);
});

/** Linux 6.18, in part. */
const SNMP = `Ip: Forwarding DefaultTTL InReceives
Ip: 1 64 26
Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab InSegs OutSegs RetransSegs InErrs OutRsts InCsumErrors
Tcp: 1 200 120000 -1 2 12 0 0 3 22 18 0 0 0 0
Udp: InDatagrams NoPorts
Udp: 0 0
`;

test('TCP connections of a container', () => {
  expect(establishedOf(SNMP)).toBe(3);
  expect(establishedOf('')).toBe(0);
});

const TCP_HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const row = (local: string, remote: string, state: string, inode = 5878871): string =>
  `   1: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000   998        0 ${inode} 1 0000000046032640 100 0 0 10 0\n`;
const [ME, GATEWAY] = ['020012AC:18EB', '010012AC:D2F0'];

test.each([
  ['the listening socket', row('00000000:18EB', '00000000:0000', '0A'), 0],
  ['an open connection', row(ME, GATEWAY, '01'), 1],
  ['one that nobody has accepted yet', row(ME, GATEWAY, '01', 0), 1],
  ['the client has sent its FIN, the answer is under way', row(ME, GATEWAY, '08'), 1],
  ['the server has sent its FIN and still reads', row(ME, GATEWAY, '05'), 1],
  ['closed by the server, nobody holds it', row(ME, GATEWAY, '05', 0), 0],
  ['TIME_WAIT', row(ME, GATEWAY, '06', 0), 0],
  ['LAST_ACK', row(ME, GATEWAY, '09', 0), 0],
  ['another port', row('020012AC:18EC', GATEWAY, '01'), 0],
  ['a connection of the container to the same port elsewhere', row('020012AC:D2F0', '030012AC:18EB', '01'), 0],
  ['its own health check, both ends of it', row('0100007F:18EB', '0100007F:D2F0', '01') + row('0100007F:D2F0', '0100007F:18EB', '01'), 0],
  ['three', row(ME, GATEWAY, '01') + row(ME, '010012AC:D2F1', '01') + row(ME, '030012AC:D2F1', '01'), 3],
  ['nothing', '', 0],
])('%s', (_name, rows, expected) => {
  expect(connectionsTo(6379, TCP_HEAD + rows)).toBe(expected);
});

test.each([
  ['IPv4 on a socket for both', '0000000000000000FFFF0000020012AC:18EB', '0000000000000000FFFF0000010012AC:D2F0', 1],
  ['IPv4 loopback on it', '0000000000000000FFFF00000100007F:18EB', '0000000000000000FFFF00000100007F:D2F0', 0],
  ['IPv6 loopback', '00000000000000000000000001000000:18EB', '00000000000000000000000001000000:D2F0', 0],
  ['IPv6', '000000FD000000000000000002000000:18EB', '000000FD000000000000000001000000:D2F0', 1],
])('tcp6: %s', (_name, local, remote, expected) => {
  expect(connectionsTo(6379, TCP_HEAD + row(local, remote, '01'))).toBe(expected);
});

test('from files; null when the process has gone; without IPv6', () => {
  const root = mkdtempSync(join(tmpdir(), 'counters-'));
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  put('/proc/sys/net/ipv4/tcp_timestamps', '0\n');
  put('/proc/42/net/dev', DEV);
  put('/proc/42/net/snmp', SNMP);
  put('/proc/42/net/tcp', TCP_HEAD + row(ME, GATEWAY, '01'));
  expect(readCounters(42, root)).toEqual({ bytes: payloadOf(DEV, false), connections: 3 });
  expect(openConnections(42, 6379, root)).toBe(1);
  put('/proc/42/net/tcp6', TCP_HEAD + row('0000000000000000FFFF0000020012AC:18EB', GATEWAY, '01'));
  expect(openConnections(42, 6379, root)).toBe(2);
  expect([readCounters(43, root), openConnections(43, 6379, root)]).toEqual([null, 0]);
  rmSync(root, { recursive: true });
});
