import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import type { LoggedNotice } from '../../daemon/api/notice.js';
import type { Supervisor } from '../../daemon/runtime/supervisor.js';
import { failure } from '../../daemon/shared/failure.js';
import { lines, MB, notice, PLAN } from '../server/harness.js';
import { change, type Stage, stage } from '../server/stage.js';
import { some } from '../support/deep.js';
import { sharedBrowser, type View } from './support/browser.js';
import { AT, PICTURE, SERVICES, wave } from './support/scene.js';

const openBrowser = sharedBrowser();

/** A name and words as nobody should be able to make the page read them as HTML. */
const HOSTILE = '<img src=x onerror=alert(1)><script>alert(2)</script>';
/** Where pictures of the page are put, for who works on it. */
const SHOTS = process.env['LAPTOP_DEV_SHOTS'];

const PAST: readonly LoggedNotice[] = [
  { ...notice(1, 'api', 'ready', 'is ready after 2.9 s'), at: AT - 90_000 },
  { ...notice(2, 'worker', 'ready', 'was killed at its limit of 512 MB; starts again in 0.5 s'), level: 'warn', at: AT - 60_000 },
  { ...notice(3, 'llm', 'ready', HOSTILE), level: 'error', at: AT - 30_000 },
];

async function scene(parts: Partial<Supervisor> = {}): Promise<Stage> {
  const now = AT;
  const made = await stage(SERVICES, {
    past: PAST,
    parts: {
      services: async () => SERVICES,
      history: async (id, since, slot) => {
        const top = SERVICES.find(service => service.id === id)?.usage?.workingSet ?? 0;
        return { slot, entries: top === 0 ? [] : wave(now, now - since, slot || (now - since > 120_000 ? 5_000 : 1_000), top) };
      },
      logs: (_id, { tail }) =>
        lines([
          { stream: 'stdout', at: AT - 2_000, text: `listening on :3000 (${tail} lines)` },
          { stream: 'stderr', at: AT - 1_000, text: HOSTILE },
          { stream: 'stdout', at: AT - 500, text: 'GET /orders 200 in 12 ms' },
        ]),
      ...parts,
    },
  });
  made.paint(live => ({ ...live, ...PICTURE }));
  return made;
}

async function open(made: Stage, view: View) {
  const browser = await openBrowser(view);
  const page = await browser.page();
  const { url, port } = await made.client.openWeb({});
  await page.goto(url);
  await page.locator('tbody tr').first().waitFor();
  return { browser, page, url, port };
}

async function shoot(page: Page, name: string): Promise<void> {
  if (!SHOTS) return;
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
}

const VIEWS: readonly (View & { readonly name: string })[] = (['light', 'dark'] as const).flatMap(colorScheme => [
  { name: `wide-${colorScheme}`, width: 1400, height: 900, colorScheme },
  { name: `narrow-${colorScheme}`, width: 420, height: 900, colorScheme },
]);

// The same page in each: a run looks at it in one of them, in another one with another seed.
it.each(SHOTS ? VIEWS : some(VIEWS, 1))('$name: shows all of it without scrolling sideways, and all is text', async ({ name, ...view }) => {
  const made = await scene();
  const { browser, page, port } = await open(made, view);
  await shoot(page, name);
  expect(await page.locator('tbody tr').count()).toBe(8);
  expect(await page.locator('.meter').last().textContent()).toContain('Windows3.1 GB of 23.6 GB freeVmmemWSL10.4 GBWSL containers920 MB');
  expect((await page.locator('.word').allTextContents()).sort()).toEqual([
    'asleep',
    'failed',
    'running',
    'running',
    'running',
    'starting',
    'stopped',
    'unhealthy',
  ]);
  await page.getByRole('button', { name: 'postgres' }).click();
  await page.locator('.log span').nth(2).waitFor();
  expect(await page.locator('.log').textContent()).toContain(HOSTILE);
  expect(await page.locator('#events').textContent()).toContain(HOSTILE);
  expect(await page.locator('img, iframe, script:not([src="/app.js"])').count()).toBe(0);
  await Promise.all([
    page.waitForResponse(response => response.url().includes('span=15m')),
    page.getByRole('button', { name: '15 m' }).click(),
  ]);
  await shoot(page, `${name}-detail`);
  const sideways = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
  expect(sideways).toBeLessThanOrEqual(0);
  expect(browser.errors).toEqual([]);
  expect(browser.requests.filter(request => !/^\w+ (http|ws):\/\/127\.0\.0\.1:/.test(request) || !request.includes(`:${port}/`))).toEqual(
    [],
  );
});

describe('somebody uses it', () => {
  const view = { width: 1200, height: 900 };

  it('by keyboard: opens a service, is asked with the plan, stops it, and closes again', async () => {
    const asked: unknown[] = [];
    const made = await scene({
      act: async (action, options) => {
        asked.push([action, options]);
        return { ok: true, plan: { ...PLAN, starts: [], stops: ['shop/postgres'], grantedBefore: 1024 * MB, grantedAfter: 512 * MB } };
      },
    });
    const { browser, page } = await open(made, view);
    await page.getByRole('button', { name: 'postgres' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Stop', exact: true }).focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Stop postgres?' });
    await dialog.waitFor();
    await shoot(page, 'plan');
    expect(await dialog.locator('li').allTextContents()).toEqual(['stopshop/postgres']);
    expect(await dialog.locator('.plan-sum').textContent()).toBe('Granted 1 GB → 512 MB; 7.5 GB of 8 GB left.');
    const action = { kind: 'stop', project: 'shop', services: ['postgres'] };
    expect(asked).toEqual([[action, { dryRun: true, trust: false }]]);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await dialog.getByRole('button', { name: 'Stop' }).click();
    await dialog.waitFor({ state: 'hidden' });
    expect(asked.slice(1)).toEqual([[action, { dryRun: true, trust: false }], [action, { dryRun: false, trust: false }]]); // biome-ignore format: one line
    await page.keyboard.press('Escape');
    await page.locator('#detail').waitFor({ state: 'hidden' });
    expect(browser.errors).toEqual([]);
  });

  it('a refusal is shown in the words of the daemon, with what to do', async () => {
    const refusal = failure('over-budget', 'mailpit needs 64 MB and 12 MB are free.', { holders: [] }, [
      'laptop-dev stop worker frees 512 MB.',
    ]);
    const made = await scene({ act: async () => ({ ok: false, failure: refusal }) });
    const { page } = await open(made, view);
    await page.getByRole('button', { name: 'mailpit' }).click();
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Start mailpit?' });
    await dialog.waitFor();
    expect(await dialog.locator('.failure').textContent()).toBe(refusal.message);
    expect(await dialog.locator('li').allTextContents()).toEqual(refusal.remedies);
    expect(await dialog.getByRole('button').allTextContents()).toEqual(['Cancel']);
  });

  it('what changes is shown at once', async () => {
    const made = await scene();
    const { page } = await open(made, view);
    made.paint(change('mailpit', { state: 'starting', why: 'starts since 0.1 s' }));
    await page.locator('tr.is-starting', { hasText: 'mailpit' }).waitFor();
    made.tell({ ...notice(9, 'mailpit', 'ready', 'is ready after 0.4 s'), at: AT });
    await page.locator('#events li', { hasText: 'is ready after 0.4 s' }).waitFor();
    made.paint(live => ({ ...live, services: live.services.filter(({ name }) => name !== 'docs') }));
    await expect.poll(() => page.locator('tbody tr').count()).toBe(7);
  });
});

describe('links and sessions', () => {
  const view = { width: 900, height: 700 };

  it('the token leaves the address, a link works once, a reload goes on, a new link in the same tab begins anew', async () => {
    const made = await scene();
    const { browser, page, url, port } = await open(made, view);
    expect(page.url()).toBe(`http://127.0.0.1:${port}/`);
    await page.reload();
    await page.locator('tbody tr').first().waitFor();
    expect(await browser.context.cookies()).toEqual([]);
    const other = await browser.page();
    await other.goto(url);
    await other.getByText('This link was used already, or is too old.').waitFor();
    expect(await other.locator('tbody tr').count()).toBe(0);
    expect(other.url()).toBe(`http://127.0.0.1:${port}/`);
    await other.goto((await made.client.openWeb({})).url);
    await other.locator('tbody tr').first().waitFor();
    // What the browser itself says of the link that was refused.
    expect(browser.errors.filter(error => !error.includes('401'))).toEqual([]);
  });

  it('without a link it says what to run', async () => {
    const made = await scene();
    const browser = await openBrowser(view);
    const page = await browser.page();
    const { port } = await made.client.openWeb({});
    await page.goto(`http://127.0.0.1:${port}/`);
    await page.getByText('laptop-dev dashboard --web').waitFor();
    expect(browser.errors).toEqual([]);
  });

  it('when the daemon goes the last snapshot stays, greyed; when its session is unknown it says so', async () => {
    const made = await scene();
    const { page, port } = await open(made, view);
    await made.client.closeWeb();
    await page.getByText('The daemon does not answer; trying again.').waitFor();
    await shoot(page, 'gone');
    expect(await page.locator('body').getAttribute('class')).toContain('stale');
    expect(await page.locator('tbody tr').count()).toBe(8);
    await made.client.openWeb({ port });
    await page.getByText("This page's session has ended.").waitFor();
  });
});

it('the ninth page is told that there is room for eight, and comes in when one has left', async () => {
  const made = await scene();
  const browser = await openBrowser({ width: 700, height: 600 });
  const pages = await Promise.all(Array.from({ length: 9 }, () => browser.page()));
  await Promise.all(
    pages.slice(0, 8).map(async page => {
      await page.goto((await made.client.openWeb({})).url);
      await page.locator('tbody tr').first().waitFor();
    }),
  );
  const [first, ninth] = [pages[0] as Page, pages[8] as Page];
  // In the session of the first: a session of its own would end the oldest one.
  const token = await first.evaluate("sessionStorage.getItem('laptop-dev-session')");
  await ninth.goto(first.url());
  await ninth.evaluate(`sessionStorage.setItem('laptop-dev-session', ${JSON.stringify(token)})`);
  await ninth.reload();
  await ninth.getByText('it has room for 8 pages').waitFor();
  await first.close();
  await ninth.locator('tbody tr').first().waitFor();
});
