import { diffLines } from '../../../platform/wsl/wslconfig/diff.js';
import { decodeText } from '../../../platform/wsl/wslconfig/encoding.js';
import { undoConfig } from '../../../platform/wsl/wslconfig/file.js';
import { answer, type Cli } from '../../cli.js';
import { OUTPUT_OPTIONS } from '../../parser/options.js';
import { renderDiff, SHUTDOWN } from '../../render/wsl.js';
import type { Verb } from '../../verb.js';
import { undoFile } from './read-wsl.js';

export const wslUndoVerb = {
  name: 'undo',
  summary: 'Put back the .wslconfig as it was before the last apply, byte by byte',
  args: '',
  options: ['dry-run', 'force', ...OUTPUT_OPTIONS],
  run,
} satisfies Verb;

/** Takes the last apply back; again, the one before it. */
async function run(cli: Cli): Promise<number> {
  const { dryRun = false, force = false } = cli.options;
  const { file, preset, at, before, after } = undoConfig(undoFile(cli), { force, dryRun });
  const shown = (bytes: Buffer | null) => {
    const { text, show } = decodeText(bytes ?? Buffer.alloc(0));
    return show(text);
  };
  const diff = diffLines(shown(before), shown(after));
  const data = { file, preset, appliedAt: new Date(at).toISOString(), diff, written: !dryRun, removed: after === null };
  answer(cli, data, () => {
    const [did, removed] = dryRun ? ['would be', 'would be removed'] : ['is', 'is removed'];
    const what = after === null ? `${file} ${removed}: there was none before ${preset}.` : `${file} ${did} as it was before ${preset}.`;
    return [what, ...renderDiff(diff, cli.out.colours), ...(dryRun ? [] : ['', SHUTDOWN])].join('\n');
  });
  return 0;
}
