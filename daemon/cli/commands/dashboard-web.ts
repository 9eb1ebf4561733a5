import { FailureError, failure } from '../../shared/failure.js';
import { formatSpan } from '../../shared/span.js';
import { answer, type Cli, remark } from '../cli.js';
import { openBrowser } from '../open-browser.js';
import { ensureDaemon, runningDaemon } from '../start-daemon.js';

/** Opens the web view, tells its link, and shows it in a browser where there is one. With --close: closes it. */
export async function run(cli: Cli): Promise<number> {
  if (cli.options.close) return close(cli);
  const port = cli.options.port ?? portOf(cli.env);
  await ensureDaemon(cli);
  const opened = await cli.client.openWeb({ port });
  answer(cli, opened, () => opened.url);
  const shown = cli.options.open !== false && cli.interactive && !cli.options.json && (await openBrowser(opened.url, cli.env));
  remark(
    cli,
    `${shown ? 'Opened in the browser.' : 'Open this in a browser.'} The link works once, within ${formatSpan(opened.expiresIn)}.`,
  );
  return 0;
}

async function close(cli: Cli): Promise<number> {
  const closed = (await runningDaemon(cli)) !== null && (await cli.client.closeWeb()).closed;
  answer(cli, { closed }, () => (closed ? 'The web view is closed; its pages have lost their sessions.' : 'The web view is not open.'));
  return 0;
}

/** LAPTOP_DEV_WEB_PORT; null: a free one. */
function portOf(env: Cli['env']): number | null {
  const text = env['LAPTOP_DEV_WEB_PORT']?.trim();
  if (!text) return null;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new FailureError(failure('config-invalid', `LAPTOP_DEV_WEB_PORT is "${text}"; expected a port from 1 to 65535.`));
}
