import { resolve } from 'node:path';
import { diskFault, unwrittenText } from '../../../files/fault.js';
import { codeOf, writeWhole } from '../../../files/write-whole.js';
import { type Failure, FailureError, failure } from '../../../shared/failure.js';
import { answer, type Cli, remark } from '../../cli.js';
import { CONFIG_OPTIONS, OUTPUT_OPTIONS } from '../../parser/options.js';
import { confirmLoss } from '../../prompt.js';
import type { Verb } from '../../verb.js';

export const bugReportVerb = {
  name: 'bug-report',
  summary: 'Collect what a bug report needs into one file, without secrets; shown before it is written',
  args: '[profile]',
  options: [...CONFIG_OPTIONS, 'output', 'stdout', 'yes', 'force', 'wslconfig', ...OUTPUT_OPTIONS],
  completes: 'profiles-and-services',
  run,
} satisfies Verb;

/** Shows the report, then writes it when that is agreed to. The answer is the report; the file is a remark. */
async function run(cli: Cli, args: readonly string[]): Promise<number> {
  const now = Date.now();
  const { reportText } = await import('../../report/report.js');
  const text = await reportText(cli, args[0] ?? null, now);
  const day = new Date(now).toISOString().slice(0, 10);
  const file = resolve(cli.cwd, cli.options.output ?? `laptop-dev-report-${day}.txt`);
  const way = wayOf(cli);
  if (!cli.options.json) answer(cli, null, () => text);
  if (way === 'ask') await confirmLoss(cli, `Write this report to ${file}?`);
  const written = way === 'print' ? null : write(file, text, cli.options.force ?? false);
  if (cli.options.json) answer(cli, { text, file: written }, () => '');
  if (written !== null) remark(cli, `Wrote ${written}. Nothing was sent.`);
  else if (!cli.options.stdout) remark(cli, 'Nothing was written: there is no terminal to ask for confirmation. --yes writes the file.');
  return 0;
}

/** 1 --stdout prints. 2 --yes writes. 3 On a terminal, without --json and --quiet, the report was shown, and the question is asked. 4 Else it is printed. */
export function wayOf({ options, interactive, out }: Cli): 'print' | 'write' | 'ask' {
  if (options.stdout) return 'print';
  if (options.yes) return 'write';
  return interactive && out.terminal && !options.json && !options.quiet ? 'ask' : 'print';
}

/** For its owner alone: what was not recognised as a secret is in it. With --force a link in its place is replaced, not written through. */
function write(file: string, text: string, force: boolean): string {
  try {
    writeWhole(file, text, { whose: 'ours', isNew: !force, folder: false });
    return file;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw new FailureError(elsewhere(file, error));
    throw new FailureError(
      failure('usage', `${file} already exists.`, { file }, ['--force overwrites it; --output FILE names another file.']),
    );
  }
}

/** What is no fault of the disk is one of the place that was named. */
function elsewhere(file: string, error: unknown): Failure {
  const unwritten = ['The report', file, error, ''] as const;
  const place = '--output FILE names another place, --stdout prints it.';
  const found = diskFault(...unwritten);
  if (found) return { ...found, message: found.message.trimEnd(), remedies: [...found.remedies, place] };
  return failure('usage', unwrittenText(...unwritten).trimEnd(), { file, cause: codeOf(error) }, [place]);
}
