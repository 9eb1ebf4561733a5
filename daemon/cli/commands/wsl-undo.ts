import { diffLines } from '../../platform/wsl/wslconfig/diff.js';
import { decodeText } from '../../platform/wsl/wslconfig/encoding.js';
import { undoConfig } from '../../platform/wsl/wslconfig/file.js';
import { answer, type Cli } from '../cli.js';
import { renderDiff, SHUTDOWN } from '../render/wsl.js';
import { undoFile } from './wsl.js';

/** Takes the last apply back; again, the one before it. */
export async function run(cli: Cli): Promise<number> {
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
