import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type BrowserContext, type Browser as Chromium, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { patience } from './until.js';

const FIND = fileURLToPath(new URL('../../../scripts/chromium.sh', import.meta.url));
/** It does nothing by itself: what it asks for, the page asked for. */
const QUIET = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
]; // biome-ignore format: a table

/** Windows with a profile of their own, closed when the test has ended. */
export interface Browser {
  readonly context: BrowserContext;
  /** Everything that any of its pages asked for, as `METHOD URL`. */
  readonly requests: string[];
  /** Errors on the console, and what no page caught. */
  readonly errors: string[];
  page(): Promise<Page>;
}

export interface View {
  readonly width: number;
  readonly height: number;
  readonly colorScheme?: 'light' | 'dark';
}

/** One Chromium for all tests of the file that calls this at its top: starting it takes longer than most of them. Each test opens windows in it. */
export function sharedBrowser(): (view: View) => Promise<Browser> {
  let running: Chromium | undefined;
  beforeAll(async () => {
    running = await launch();
  });
  afterAll(() => running?.close());
  return view => {
    if (!running) throw new Error('the browser is started before the first test of the file');
    return windows(running, view);
  };
}

/** A Chromium of a test's own. `args`: more of Chromium's options. */
export async function openBrowser({ args, ...view }: View & { readonly args: readonly string[] }): Promise<Browser> {
  const running = await launch(args);
  onTestFinished(() => running.close());
  return windows(running, view);
}

function launch(args: readonly string[] = []): Promise<Chromium> {
  const executablePath = execFileSync(FIND, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
  return chromium.launch({ executablePath, headless: true, args: [...QUIET, ...args], timeout: patience(60_000) });
}

async function windows(running: Chromium, { width, height, colorScheme = 'light' }: View): Promise<Browser> {
  const context = await running.newContext({ viewport: { width, height }, colorScheme });
  onTestFinished(() => context.close());
  context.setDefaultTimeout(patience(30_000));
  const [requests, errors]: [string[], string[]] = [[], []];
  context.on('request', request => requests.push(`${request.method()} ${request.url()}`));
  context.on('console', message => {
    if (message.type() === 'error') errors.push(message.text());
  });
  context.on('weberror', error => errors.push(String(error.error())));
  return {
    context,
    requests,
    errors,
    async page() {
      const page = await context.newPage();
      page.on('websocket', socket => requests.push(`SOCKET ${socket.url()}`));
      return page;
    },
  };
}
