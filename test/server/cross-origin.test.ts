import { connect, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { ENDPOINTS } from '../../daemon/server/schema/endpoints.js';
import { sampled } from '../support/deep.js';
import { errorOf, fake, send, serve } from './harness.js';

it('lets in none of 500 and more cross-origin attempts', async () => {
  const double = fake();
  const running = await serve(double.supervisor);
  const hosts = ['evil.example', 'localhost', 'localhost:3000', '127.0.0.1', '[::1]', 'laptop-dev', 'laptop-dev.evil.example'];
  const origins = ['null', '', ...hosts.flatMap(host => [`http://${host}`, `https://${host}`]), 'file://', 'chrome-extension://abc'];
  const paths = ENDPOINTS.map(({ path }) => path.replace('{project}', 'shop').replace('{service}', 'api'));
  const other: string[] = [];
  const attempts = origins.flatMap(origin => ['GET', 'POST', 'PUT'].flatMap(method => paths.map(path => ({ origin, method, path }))));
  expect(attempts.length).toBeGreaterThanOrEqual(500);
  for (const { origin, method, path } of sampled(attempts, 25)) {
    const reply = await send(running.socket, method, path, {
      headers: { origin, 'content-type': 'application/json' },
      ...(method === 'GET' ? {} : { body: '{}' }),
    });
    if (reply.status !== 403) other.push(`${method} ${path} ${origin} ${reply.status}`);
  }
  expect(other).toEqual([]);
  expect(double.calls).toEqual([]);
  await running.stop();
});

it('reads at most 4 large bodies at once, and goes on when they have come or gone', async () => {
  const running = await serve(fake().supervisor);
  const head =
    'POST /v1/projects/shop/up HTTP/1.1\r\nHost: laptop-dev\r\nContent-Type: application/json\r\nContent-Length: 500000\r\n\r\n{';
  const slow = Array.from({ length: 4 }, () => {
    const client: Socket = connect(running.socket, () => client.write(head));
    return client;
  });
  const large = JSON.stringify({ padding: 'x'.repeat(100_000) });
  const status = async () => (await send(running.socket, 'POST', '/v1/projects/shop/up', { body: large })).status;
  await expect.poll(status).toBe(429);
  const small = await send(running.socket, 'POST', '/v1/projects/shop/up', { body: '{}' });
  expect([small.status, errorOf(small).code]).toEqual([400, 'usage']);
  slow[0]?.destroy();
  await expect.poll(status).toBe(400);
  expect([await status(), await status()]).toEqual([400, 400]);
  for (const client of slow) client.destroy();
  await running.stop();
});
