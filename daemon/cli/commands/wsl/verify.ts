import { type Check, verify } from '../../../platform/wsl/wslconfig/verify.js';
import { FailureError, failure } from '../../../shared/failure.js';
import { answer, type Cli } from '../../cli.js';
import { OUTPUT_OPTIONS } from '../../parser/options.js';
import { renderChecks } from '../../render/wsl.js';
import type { Verb } from '../../verb.js';
import { lookAtWsl } from './read-wsl.js';

export const wslVerifyVerb = {
  name: 'verify',
  summary: 'Check for each key of the .wslconfig whether the running VM has it',
  args: '',
  options: ['wslconfig', ...OUTPUT_OPTIONS],
  run,
} satisfies Verb;

/** Each key and what the VM has; fails with wsl-pending when one is not in force. */
async function run(cli: Cli): Promise<number> {
  const { config, facts } = await lookAtWsl(cli);
  const { show } = config.decoded;
  const checks = verify(config.config, facts, config.changedAt).map(check => ({ ...check, wanted: show(check.wanted) }));
  const missing = checks.filter(({ state }) => state === 'pending' || state === 'differs' || state === 'refused');
  if (missing.length > 0) throw new FailureError(notInForce(config.file, checks, missing));
  answer(cli, { file: config.file, checks }, () => renderChecks(config.file, checks, cli.out).join('\n'));
  return 0;
}

function notInForce(file: string, checks: readonly Check[], missing: readonly Check[]) {
  const lines = missing.map(check => `  line ${check.line}: ${check.key}=${check.wanted}: ${SAID[check.state](check)}`);
  const [pending, refused] = (['pending', 'refused'] as const).map(state => missing.some(check => check.state === state));
  const remedies = [
    ...(pending ? ['wsl --shutdown, in PowerShell: it stops every distribution, Docker Desktop and the daemon; then verify again.'] : []),
    ...(refused ? ['laptop-dev wsl show says how those lines should be written.'] : []),
    ...(pending || refused
      ? []
      : ['laptop-dev wsl show shows the file as WSL reads it; wsl --shutdown, should it have been changed since.']),
  ];
  return failure('wsl-pending', `Of ${file}, the running VM does not have:\n${lines.join('\n')}`, { file, checks }, remedies);
}

const SAID: Readonly<Record<Check['state'], (check: Check) => string>> = {
  holds: () => 'holds',
  unseen: () => 'cannot be seen from here',
  pending: ({ found }) => `the VM has ${found}, and was started before the file was changed`,
  differs: ({ found }) => `the VM has ${found}, although it was started after the file was changed`,
  refused: () => 'WSL does not take this value',
};
