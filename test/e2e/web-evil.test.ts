import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { stage } from '../server/stage.js';
import { openBrowser } from './support/browser.js';
import { SERVICES } from './support/scene.js';

/** What a page of somebody else tries, as it would: each resolves to what it got. `origin`: scheme and host to try; `token`: a session's, as if it had leaked. */
const TRIES = `async (origin, token) => {
  const ways = {
    fetch: () => fetch(origin + '/v1/services', { headers: { authorization: 'Bearer ' + token } }).then(r => r.status),
    plain: () => fetch(origin + '/v1/services').then(r => r.status),
    page: () => fetch(origin + '/').then(r => r.text()),
    blind: () => fetch(origin + '/v1/projects/shop/stop', { method: 'POST', mode: 'no-cors', body: '{"services":["api"]}' }).then(r => r.type),
    json: () => fetch(origin + '/v1/projects/shop/stop', { method: 'POST', headers: { 'content-type': 'application/json', authorization: 'Bearer ' + token }, body: '{"services":["api"]}' }).then(r => r.status),
    beacon: async () => navigator.sendBeacon(origin + '/v1/projects/shop/stop', new Blob(['{"services":["api"]}'], { type: 'text/plain' })) && 'sent',
    socket: () => new Promise((resolve, reject) => {
      const socket = new WebSocket(origin.replace('http', 'ws') + '/v1/stream', ['laptop-dev', token]);
      socket.onmessage = () => resolve('a message');
      socket.onopen = () => resolve('open');
      socket.onerror = () => reject(new Error('refused'));
    }),
    script: () => new Promise((resolve, reject) => {
      const script = document.createElement('script');
      script.onload = () => resolve('loaded');
      script.onerror = () => reject(new Error('refused'));
      script.src = origin + '/app.js';
      document.head.append(script);
    }),
    style: () => new Promise((resolve, reject) => {
      const link = document.createElement('link');
      link.rel = 'stylesheet';
      link.onload = () => resolve('loaded');
      link.onerror = () => reject(new Error('refused'));
      link.href = origin + '/app.css';
      document.head.append(link);
    }),
    frame: () => new Promise(resolve => {
      const frame = document.createElement('iframe');
      frame.onload = () => { try { resolve(frame.contentDocument ? frame.contentDocument.title : 'closed to us'); } catch { resolve('closed to us'); } };
      frame.src = origin + '/';
      document.body.append(frame);
    }),
    form: () => new Promise(resolve => {
      const frame = document.createElement('iframe');
      frame.name = 'target';
      document.body.append(frame);
      const form = document.createElement('form');
      Object.assign(form, { action: origin + '/v1/projects/shop/stop', method: 'post', target: 'target', enctype: 'text/plain' });
      document.body.append(form);
      frame.onload = () => resolve('submitted');
      form.submit();
    }),
  };
  const got = {};
  for (const [name, way] of Object.entries(ways)) got[name] = await way().catch(error => 'refused: ' + error.message);
  return got;
}`;

/** These say nothing of what came of them; the daemon was asked for nothing, which is looked at apart. */
const BLIND = { beacon: 'sent', frame: 'closed to us', form: 'submitted' };
const REFUSED = { ...Object.fromEntries(['fetch', 'plain', 'page', 'blind', 'json', 'socket', 'script', 'style'].map(name => [name, expect.stringMatching(/^refused/)])), ...BLIND }; // biome-ignore format: one line

it('a page of another site, of another port and of a name that was bound anew gets nothing, though it has a session’s token', async () => {
  const acted: unknown[] = [];
  const made = await stage(SERVICES, {
    parts: {
      act: async action => {
        acted.push(action);
        throw new Error('a stranger acted');
      },
    },
  });
  const evil = createServer((_, response) =>
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>evil</title><body>'),
  );
  evil.listen(0, '127.0.0.1');
  await once(evil, 'listening');
  onTestFinished(() => void evil.close());
  const { port: other } = evil.address() as AddressInfo;
  const { url, port } = await made.client.openWeb({});
  const origin = `http://127.0.0.1:${port}`;
  const names = ['--host-resolver-rules=MAP evil.example 127.0.0.1,MAP rebind.example 127.0.0.1', '--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests']; // biome-ignore format: one line
  const browser = await openBrowser({ width: 800, height: 600, args: names });
  const own = await browser.page();
  await own.goto(url);
  await own.locator('tbody tr').first().waitFor();
  const token: string = await own.evaluate("sessionStorage.getItem('laptop-dev-session')");
  const page = await browser.page();

  for (const from of [`http://127.0.0.1:${other}/`, `http://localhost:${other}/`, `http://evil.example:${other}/`]) {
    await page.goto(from);
    expect([from, await page.evaluate(`(${TRIES})(${JSON.stringify(origin)}, ${JSON.stringify(token)})`)]).toEqual([from, REFUSED]);
  }
  // Bound anew: to the browser the page of the name and the view are one origin. Of the page it gets the refusal.
  const response = await page.goto(`http://rebind.example:${port}/`);
  expect(response?.status()).toBe(403);
  const same = await page.evaluate(`(${TRIES})(location.origin, ${JSON.stringify(token)})`).catch(error => String(error));
  expect(JSON.stringify(same)).not.toMatch(/200|a message|"open"|laptop-dev"/);
  expect(acted).toEqual([]);
  // The page itself goes on.
  await own.getByRole('button', { name: 'api', exact: true }).click();
  await own.locator('.detail h3', { hasText: 'api' }).waitFor();
});
