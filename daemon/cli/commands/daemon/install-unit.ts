import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { notWritten } from '../../../files/fault.js';
import { writeWhole } from '../../../files/write-whole.js';
import { FailureError, failure } from '../../../shared/failure.js';
import { answer, type Cli } from '../../cli.js';
import { OUTPUT_OPTIONS } from '../../parser/options.js';
import { DAEMON_FLAGS } from '../../start-daemon.js';
import type { Verb } from '../../verb.js';

export const installUnitVerb = {
  name: 'install-unit',
  summary: 'Write a systemd user unit, so that the daemon starts with the session',
  args: '',
  options: ['dry-run', 'force', ...OUTPUT_OPTIONS],
  run,
} satisfies Verb;

/** Writes the systemd user unit; --dry-run prints it. systemd itself is not touched: the commands that do are named. */
async function run(cli: Cli): Promise<number> {
  const { dryRun = false, force = false } = cli.options;
  const template = readFileSync(join(cli.packageRoot, 'scripts', 'systemd', 'laptop-dev.service'), 'utf8');
  const text = unitText(template, process.execPath, DAEMON_FLAGS, join(cli.packageRoot, 'dist', 'main.js'));
  const file = join(configFolder(cli), 'systemd', 'user', 'laptop-dev.service');
  if (!dryRun) {
    if (existsSync(file) && !force && readFileSync(file, 'utf8') !== text)
      throw new FailureError(
        failure('usage', `${file} already exists and differs.`, { file }, ['--force overwrites it; --dry-run shows the text.']),
      );
    write(file, text);
  }
  answer(cli, { file, text, written: !dryRun }, () =>
    dryRun ? text : `Wrote ${file}.\nNext: systemctl --user daemon-reload && systemctl --user enable --now laptop-dev`,
  );
  return 0;
}

function write(file: string, text: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeWhole(file, text, { whose: 'user' });
  } catch (error) {
    throw new FailureError(notWritten('The unit', file, error, 'One that was there is unchanged.'));
  }
}

function configFolder({ env }: Cli): string {
  const xdg = env['XDG_CONFIG_HOME'];
  return xdg && isAbsolute(xdg) ? xdg : join(homedir(), '.config');
}

/** The template with its places filled in. systemd reads `%` and blanks in its own way: both are escaped. */
export function unitText(template: string, node: string, flags: readonly string[], program: string): string {
  const word = (text: string) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`;
  return template.replace('@COMMAND@', () => [node, ...flags, program].map(word).join(' '));
}
