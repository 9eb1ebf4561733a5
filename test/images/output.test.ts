import { expect, test } from 'vitest';
import { BuildOutput } from '../../daemon/images/build/output.js';
import type { ImageProgress } from '../../daemon/model/image-progress.js';

function hear(...streams: string[]): { steps: ImageProgress[]; last: readonly string[] } {
  const steps: ImageProgress[] = [];
  const output = new BuildOutput('api', progress => steps.push(progress));
  for (const stream of streams) output.hear({ stream });
  return { steps, last: output.lastLines() };
}

test('steps become progress, in the words of all three builders', () => {
  const step = (at: string) => ({ step: 'build', image: 'api', at });
  expect(hear('Step 1/2 : FROM a\n', ' ---> 12\n', 'Step 2/2 : RUN b\n').steps).toEqual([step('1/2'), step('2/2')]);
  expect(hear('[sha256:77312] [stage-0 1/3] FROM a\n', '[sha256:6b1bd] [internal] load\n').steps).toEqual([step('1/3')]);
  expect(hear('STEP 3/4: RUN x\n').steps).toEqual([step('3/4')]);
});

test('the last lines are kept, without colours and noise, and cut in the middle of a line put together', () => {
  const many = Array.from({ length: 30 }, (_, index) => `line ${index}\n`);
  expect(hear(...many).last).toHaveLength(20);
  expect(hear('\u001b[91mred', ' end\u001b[0m\n ---> abc\nRemoving intermediate container 1\n', 'unfinished').last).toEqual([
    'red end',
    'unfinished',
  ]);
});

test('output of commands that comes as base64 is read, and words that look like it are not', () => {
  expect(hear('aGVsbG8gd29ybGQ=\n').last).toEqual(['hello world']);
  expect(hear('complete\n', 'abcd1234\n').last).toEqual(['complete', 'abcd1234']);
});
