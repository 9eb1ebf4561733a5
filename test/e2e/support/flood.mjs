// node flood.mjs PORT COUNT KIND HOLD: makes COUNT connections to 127.0.0.1:PORT, as many at once as open files allow, and holds those that are
// not dropped. KIND: half (a request that never ends), silent (nothing), requests (whole ones without a token), upgrades, bodies (large).
// Ends by itself HOLD ms after the last one was made; prints {made, failed, dropped, held, statuses}.
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';

const [port, count] = process.argv.slice(2, 4).map(Number);
const [kind, hold] = process.argv.slice(4);
const files = Number(/Max open files\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'latin1'))[1]);
const atOnce = Math.min(count, files - 64);
const LONGEST = 60_000;

const host = `Host: 127.0.0.1:${port}\r\n`;
const wrong = `Authorization: Bearer ${'x'.repeat(43)}\r\n`;
const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
const texts = {
  half: `GET / HTTP/1.1\r\n${host}X-Slow: `,
  silent: '',
  requests: `GET /v1/services HTTP/1.1\r\n${host}${wrong}\r\n`,
  upgrades: `GET /v1/stream HTTP/1.1\r\n${host}${upgrade}Sec-WebSocket-Protocol: laptop-dev, ${'x'.repeat(43)}\r\n\r\n`,
  bodies: `POST /v1/web/session HTTP/1.1\r\n${host}${wrong}Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n${'x'.repeat(60_000)}`,
};

const statuses = {};
let [begun, made, failed, dropped] = [0, 0, 0, 0];
function next() {
  if (begun >= count) return;
  begun++;
  const client = connect({ port, host: '127.0.0.1' });
  let isMade = false;
  client.on('connect', () => {
    isMade = true;
    made++;
    if (texts[kind] !== '') client.write(texts[kind]);
  });
  client.on('data', chunk => {
    const status = chunk.toString('latin1', 9, 12);
    statuses[status] = (statuses[status] ?? 0) + 1;
    client.destroy();
  });
  client.on('error', () => undefined);
  client.on('close', () => {
    if (isMade) dropped++;
    else failed++;
    setImmediate(next);
  });
}
function end() {
  process.stdout.write(JSON.stringify({ made, failed, dropped, held: made - dropped, statuses }));
  process.exit(0);
}
for (let index = 0; index < atOnce; index++) next();
setTimeout(end, LONGEST);
const watch = setInterval(() => {
  if (made + failed < count) return;
  clearInterval(watch);
  setTimeout(end, Number(hold));
}, 100);
