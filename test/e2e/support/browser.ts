import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { patience } from './until.js';

const FIND = fileURLToPath(new URL('../../../scripts/chromium.sh', import.meta.url));
/** It does nothing by itself: what it asks for, the page asked for. */
const QUIET = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
]; // biome-ignore format: a table

/** A browser with a profile of its own, closed when the test has ended. */
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
  /** More of Chromium's own options. */
  readonly args?: readonly string[];
}

export async function openBrowser({ width, height, colorScheme = 'light', args = [] }: View): Promise<Browser> {
  const executablePath = execFileSync(FIND, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
  const folder = mkdtempSync(join(tmpdir(), 'ldt-chromium-'));
  const context = await chromium.launchPersistentContext(folder, {
    executablePath,
    headless: true,
    args: [...QUIET, ...args],
    viewport: { width, height },
    colorScheme,
    timeout: patience(60_000),
  });
  onTestFinished(async () => {
    await context.close();
    rmSync(folder, { recursive: true, force: true });
  });
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
