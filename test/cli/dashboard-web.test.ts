import { expect, it } from 'vitest';
import type { Options } from '../../daemon/cli/cli.js';
import { openDashboardInBrowser } from '../../daemon/cli/commands/dashboard/web.js';
import { connected, fake } from '../server/harness.js';
import { testCli } from './harness.js';

const ENGINE = {
  kind: 'docker',
  version: '27',
  apiVersion: '1.47',
  cgroupVersion: '2',
  memoryTotal: 1,
  endpoint: 'unix:///x',
  warnings: [],
} as const;

async function web(options: Options = {}, env: Readonly<Record<string, string>> = {}) {
  const { running } = await connected(fake({ engine: () => ENGINE }));
  return testCli(running.socket, options, { env });
}

it('prints the link alone on stdout, and how long it works beside it', async () => {
  const { cli, out, err } = await web();
  expect(await openDashboardInBrowser(cli)).toBe(0);
  expect(out.text()).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#[\w-]{43}\n$/);
  expect(err.text()).toContain('Open this in a browser. The link works once, within 2 m.');
});

it('--json has the link, the port and the time; --close closes', async () => {
  const { cli, out } = await web({ json: true });
  await openDashboardInBrowser(cli);
  expect(JSON.parse(out.text())).toEqual({
    ok: true,
    data: { url: expect.stringContaining('#'), port: expect.any(Number), expiresIn: 120_000 },
  });
  for (const words of ['The web view is closed; its pages have lost their sessions.\n', 'The web view is not open.\n']) {
    const closing = testCli(cli.paths.socket, { close: true });
    expect(await openDashboardInBrowser(closing.cli)).toBe(0);
    expect(closing.out.text()).toBe(words);
  }
});

it.each(['0', '65536', '80a', '-1'])('LAPTOP_DEV_WEB_PORT=%s is refused', async text => {
  const { cli } = await web({}, { LAPTOP_DEV_WEB_PORT: text });
  await expect(openDashboardInBrowser(cli)).rejects.toThrow(`LAPTOP_DEV_WEB_PORT is "${text}"; expected a port from 1 to 65535.`);
});
