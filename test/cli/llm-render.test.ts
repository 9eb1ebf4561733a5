import { describe, expect, test } from 'vitest';
import { barFor } from '../../daemon/cli/llm/bar.js';
import { tooLarge, transferFailureOf } from '../../daemon/cli/llm/failures.js';
import { type Estimated, fitOf, lackOf, renderAdded, renderEstimate, renderModels } from '../../daemon/cli/render/llm.js';
import { transferLine, transferText } from '../../daemon/cli/render/transfer.js';
import { capture, testCli } from './harness.js';

const MB = 1024 * 1024;
const copied = { name: 'm', from: 100 * MB, done: 300 * MB, total: 600 * MB, elapsed: 2_000 };

describe('progress', () => {
  test('has share, sizes, rate and time left', () => {
    expect(transferLine(copied, 100)).toBe('m  ████████████░░░░░░░░░░░░  50 %  300 MB of 600 MB, 100 MB/s, 3 s left');
    expect(transferText(copied)).toBe('m: 300 MB of 600 MB (50 %), 100 MB/s, 3 s left');
  });
  test('has no rate before there is one, and no time left at the end', () => {
    expect(transferText({ ...copied, elapsed: 100 })).toBe('m: 300 MB of 600 MB (50 %)');
    expect(transferText({ ...copied, done: 600 * MB, elapsed: 5_000 })).toBe('m: 600 MB of 600 MB (100 %), 100 MB/s');
  });
  test('fits the terminal', () => {
    expect(transferLine(copied, 30).length).toBeLessThanOrEqual(30);
  });

  test('is a line each tenth where there is no terminal, nothing with --quiet', () => {
    let now = 0;
    const { cli, err } = testCli('/none');
    const bar = barFor(cli, 'm', 100 * MB, () => now);
    bar.begin(5 * MB);
    for (let at = 6; at <= 100; at += 1) {
      now += 100;
      bar.at(at * MB);
    }
    bar.end();
    const lines = err.text().trim().split('\n');
    expect(lines).toHaveLength(10);
    expect([lines[0], lines.at(-1)]).toEqual(['m: 10 MB of 100 MB (10 %), 10 MB/s, 9 s left', 'm: 100 MB of 100 MB (100 %), 10 MB/s']);
    const quiet = testCli('/none', { quiet: true });
    barFor(quiet.cli, 'm', 10).begin(0);
    expect(quiet.err.text()).toBe('');
  });

  test('is one line that is drawn again on a terminal, ten times a second at most', () => {
    let now = 0;
    const err = capture(true);
    const { cli } = testCli('/none', {}, { err });
    const bar = barFor(cli, 'm', 100 * MB, () => now);
    bar.begin(0);
    for (let at = 1; at <= 100; at += 1) {
      now += 10;
      bar.at(at * MB);
    }
    bar.end();
    expect(err.text().split('\r').length - 1).toBeLessThanOrEqual(12);
    expect(err.text()).toMatch(/100 % {2}100 MB of 100 MB.*\n$/);
  });
});

const model = {
  name: 'qwen',
  bytes: 400 * MB,
  architecture: 'qwen2',
  quantisation: 'Q4_K_M',
  contextLength: 32_768,
  sha256: 'ab'.repeat(32),
  isDefault: true,
  problem: null,
};

test('the list marks the default, and shows what is damaged or not complete', () => {
  const damaged = { ...model, name: 'bad', isDefault: false, problem: 'the file is empty', sha256: null, contextLength: null };
  const parts = [{ name: 'big', bytes: 100 * MB, of: 900 * MB }];
  expect(renderModels({ models: [model, damaged], parts }, 100)).toEqual([
    '   NAME    SIZE  KIND          CONTEXT  SHA-256',
    '*  qwen  400 MB  qwen2 Q4_K_M    32768  abababababab',
    '   bad   400 MB  damaged             -  the file is empty',
    '   big   100 MB  part                -  of 900 MB',
  ]);
  expect(renderModels({ models: [], parts: [] }, 100)).toEqual([expect.stringContaining('no model yet')]);
});

test('what was added', () => {
  expect(renderAdded({ name: 'm', added: false })).toBe('m is there already, with the same content.');
  const need = { context: 1024, bytes: 700 * MB };
  const added = { name: 'm', added: true, sha256: 'ff', bytes: 593 * MB, architecture: 'llama', quantisation: 'Q4_0', need } as const;
  expect(renderAdded(added)).toBe('m: 593 MB, llama Q4_0; needs 700 MB with a context of 1024 tokens.\nSHA-256 ff');
});

describe('an estimate', () => {
  const found: Estimated = {
    name: 'm',
    bytes: 593 * MB,
    architecture: 'llama',
    contextLength: 8192,
    needs: [
      { context: 4096, bytes: 2_100 * MB, measured: false },
      { context: 2048, bytes: 900 * MB, measured: true },
      { context: 1024, bytes: 500 * MB, measured: false },
    ],
    context: 2048,
  };
  const room = { standard: 512 * MB, maximum: 2_048 * MB, free: 1_000 * MB };

  test('says what fits where, what is loaded, and whether there is room', () => {
    expect(renderEstimate(found, room, 100)).toEqual([
      'm: 593 MB, llama, made for 8192 tokens',
      '   CONTEXT   NEEDS             FITS',
      '      4096  2.1 GB  estimated  never',
      '*     2048  900 MB  measured   with a higher limit',
      '      1024  500 MB  estimated  in the standard limit',
      'The service has 512 MB as its standard, 2 GB at most.',
      'There is room now: 1000 MB of the budget.',
    ]);
  });
  test('counts what the budget lacks: the standard at least', () => {
    expect(found.needs.map(({ bytes }) => fitOf(bytes, room))).toEqual(['never', 'maximum', 'standard']);
    expect(lackOf(found, { ...room, free: 700 * MB })).toBe(200 * MB);
    expect(lackOf({ ...found, context: 1024 }, { ...room, free: 500 * MB })).toBe(12 * MB);
    expect(lackOf({ ...found, context: null }, room)).toBeNull();
  });
});

test('failures of the receiver have the catalogue’s codes, and remedies', () => {
  const of = (problem: string, details = {}) => transferFailureOf({ kind: 'failed', problem, message: 'It is so.', details });
  const codes = ['malformed', 'never-fits', 'no-space', 'exists', 'not-found', 'checksum', 'other'].map(problem => of(problem).code);
  expect(codes).toEqual(['model-refused', 'model-too-large', 'model-too-large', 'name-taken', 'not-found', 'model-refused', 'internal']);
  expect(of('no-space', { free: 100 * MB, need: 300 * MB }).message).toBe('The volume of the models has 100 MB left; 300 MB are needed.');
  expect(of('never-fits', { remedies: ['Smaller.'] }).remedies).toEqual(['Smaller.']);
  expect(tooLarge('m.gguf', 900 * MB, 512 * MB, 'llm')).toMatchObject({
    code: 'model-too-large',
    message: 'm.gguf can never be loaded: it needs more than 900 MB, and llm may have 512 MB.',
  });
});
