import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTickFile } from '../../daemon/schedule/tick-file.js';
import { rounds } from '../support/deep.js';

const SEEN = { 'project shop': { expressions: 'up 0 9 * * 1-5', until: 1_795_000_000_000 } };

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ld-ticks-'));
  path = join(folder, 'deep/ticks.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('what is saved is loaded, by nobody but its owner', () => {
  createTickFile(path).save(SEEN);
  expect(createTickFile(path).load()).toEqual(SEEN);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(existsSync(`${path}.tmp`)).toBe(false);
});

test('no file, or one that is no such file, is empty', () => {
  expect(createTickFile(path).load()).toEqual({});
  mkdirSync(join(folder, 'deep'));
  const read = (text: string) => {
    writeFileSync(path, text);
    return createTickFile(path).load();
  };
  for (const text of ['', '[]', 'null', '3', '{"a":1}', '{"a":{"expressions":"x"}}', '{"a":{"expressions":"x","until":"1"}}'])
    expect(read(text)).toEqual({});
  const whole = JSON.stringify(SEEN);
  fc.assert(
    fc.property(fc.nat(whole.length), fc.string(), (at, text) => {
      for (const each of Object.values(read(whole.slice(0, at) + text + whole.slice(at + 1))))
        expect(each).toMatchObject({ expressions: expect.any(String), until: expect.any(Number) });
    }),
    { numRuns: rounds(500) },
  );
});

test('a folder that cannot be written to throws, and the last one stays', () => {
  createTickFile(path).save(SEEN);
  mkdirSync(`${path}.tmp`);
  expect(() => createTickFile(path).save({})).toThrow('EISDIR');
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(SEEN);
});
