import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { WebOpened } from '../../daemon/api/contract.js';
import { sharedBrowser } from './support/browser.js';
import { endDaemon, type Home } from './support/home.js';
import { get, type Sleeper, sleepers } from './support/sleepers.js';
import { statesIn, tinyHome } from './support/tiny.js';
import { until } from './support/until.js';

const openBrowser = sharedBrowser();
let own: Home;
let folder: string;
let services: readonly Sleeper[];
beforeAll(async () => {
  own = await tinyHome({ LAPTOP_DEV_BUDGET: '256MB', LAPTOP_DEV_WEB_IDLE: '10s' });
  const wanted = { memory: '{ standard: 32MB, maximum: 64MB }', idle: '10m' };
  ({ folder, services } = await sleepers(own, 'web', { shop: wanted, mail: wanted }));
});
afterAll(() => own?.close());

const link = () => own.client.openWeb({});

it('services are seen, woken and stopped in the page, and the page talks to nobody else', async () => {
  const { url, port } = await own.ask<WebOpened>(['dashboard', '--web', '--no-open']);
  const browser = await openBrowser({ width: 1400, height: 900 });
  const page = await browser.page();
  await page.goto(url);
  const row = (name: string) => page.locator('tbody tr', { hasText: name });
  await row('shop').filter({ hasText: 'asleep' }).waitFor();
  expect(page.url()).toBe(`http://127.0.0.1:${port}/`);

  await get(services.find(({ name }) => name === 'shop') as Sleeper);
  await row('shop').filter({ hasText: 'running' }).waitFor();
  await page.getByRole('button', { name: 'shop' }).click();
  await page.getByRole('button', { name: 'Stop', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Stop shop?' });
  await dialog.locator('li', { hasText: `${own.name}-web/shop` }).waitFor();
  await dialog.getByRole('button', { name: 'Stop' }).click();
  await row('shop').filter({ hasText: 'stopped' }).waitFor();
  await until('the daemon says so too', async () => (await statesIn(own, folder)).includes('shop stopped'));

  await page.getByRole('button', { name: 'Start', exact: true }).click();
  const start = page.getByRole('dialog', { name: 'Start shop?' });
  await start.getByRole('button', { name: 'Start' }).click();
  await start.waitFor({ state: 'hidden' });
  await page.locator('#events li', { hasText: 'shop' }).first().waitFor();

  expect(browser.errors).toEqual([]);
  expect(browser.requests.length).toBeGreaterThan(5);
  expect(
    browser.requests.filter(
      each => !new RegExp(`^(GET|POST|SOCKET) (http|ws)://127\\.0\\.0\\.1:${port}/`).test(each) && !each.startsWith('GET data:'),
    ),
  ).toEqual([]);
});

it('it listens on 127.0.0.1 alone, and no container reaches it', async () => {
  const { port } = await link();
  const hex = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const listening = (file: string) =>
    readFileSync(file, 'latin1')
      .split('\n')
      .map(line => line.trim().split(/\s+/))
      .filter(([, local, , state]) => local?.endsWith(hex) && state === '0A')
      .map(([, local]) => local);
  expect(listening('/proc/net/tcp')).toEqual([`0100007F${hex}`]);
  expect(listening('/proc/net/tcp6')).toEqual([]);
  const probe = `gw=$(ip route | sed -n 's/^default via \\([^ ]*\\).*/\\1/p'); wget -T 3 -q -O- http://$gw:${port}/ 2>&1; echo "gateway $gw, code $?"`;
  const { stdout } = await own.cli(['exec', 'mail', 'sh', '-c', probe], { cwd: folder });
  expect(stdout).toMatch(/gateway \d+\.\d+\.\d+\.\d+, code 1/);
  expect(stdout).not.toContain('<html');
});

it('a daemon that was started anew knows no page of before, and listens nowhere', async () => {
  const { url, port } = await link();
  const browser = await openBrowser({ width: 900, height: 700 });
  const page = await browser.page();
  await page.goto(url);
  await page.locator('tbody tr').first().waitFor();
  await endDaemon(own.client);
  await page.getByText('The daemon does not answer; trying again.').waitFor();
  await own.cli(['daemon', 'start']);
  await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
  const again = await own.ask<WebOpened>(['dashboard', '--web', '--no-open', '--port', `${port}`]);
  expect(again.port).toBe(port);
  await page.getByText("This page's session has ended.").waitFor();
});

it('closes when it is told to, and by itself when no page is connected any more', async () => {
  const { url, port } = await link();
  const answers = () => fetch(`http://127.0.0.1:${port}/`).then(({ status }) => status, () => null); // biome-ignore format: one line
  expect(await answers()).toBe(200);
  expect(await own.ask(['dashboard', '--web', '--close'])).toEqual({ closed: true });
  expect(await answers()).toBe(null);
  expect(await own.ask(['dashboard', '--web', '--close'])).toEqual({ closed: false });

  const opened = await own.ask<WebOpened>(['dashboard', '--web', '--no-open', '--port', `${port}`]);
  expect(opened.url).not.toBe(url);
  const browser = await openBrowser({ width: 900, height: 700 });
  const page = await browser.page();
  await page.goto(opened.url);
  await page.locator('tbody tr').first().waitFor();
  await page.close();
  await until('the port is closed', async () => (await answers()) === null, 60_000);
});
