import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Player } from './player.js';

const README = new URL('../../../README.md', import.meta.url);
const BLOCK = /(<!-- dashboard -->\n```text\n)[\s\S]*?(```\n<!-- \/dashboard -->)/;

/** LAPTOP_DEV_UPDATE=1 writes it. */
it('the screen in the README is what the dashboard shows', () => {
  const screen = new Player({ columns: 100, rows: 24 }).type('j').screen().slice(1);
  const text = readFileSync(README, 'utf8');
  expect(text).toMatch(BLOCK);
  const now = text.replace(BLOCK, (_, begin: string, end: string) => begin + screen + end);
  if (process.env['LAPTOP_DEV_UPDATE'] === '1') writeFileSync(README, now);
  else expect(text).toBe(now);
});
