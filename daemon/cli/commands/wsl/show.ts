import { answer, type Cli } from '../../cli.js';
import { OUTPUT_OPTIONS } from '../../parser/options.js';
import { renderHost } from '../../render/wsl.js';
import type { Verb } from '../../verb.js';
import { lookAtWsl } from './read-wsl.js';

export const wslShowVerb = {
  name: 'show',
  summary: 'Show the host, the VM and the .wslconfig as WSL reads it, with its mistakes',
  args: '',
  options: ['wslconfig', 'host-memory', 'explain', ...OUTPUT_OPTIONS],
  run,
} satisfies Verb;

/** Host, VM and file, each figure with its source. */
async function run(cli: Cli): Promise<number> {
  const wsl = await lookAtWsl(cli);
  const { facts, config, configSource, hostMemory, cpus } = wsl;
  const { show } = config.decoded;
  const keys = [...config.config.effective.values()].map(({ name, value, line }) => ({ name, value: show(value), line }));
  const data = {
    vm: facts.vm,
    host: { memory: hostMemory, cpus, wslVersion: facts.wslVersion, networkingMode: facts.networkingMode, fault: facts.windowsFault },
    file: { path: config.file, source: configSource, exists: config.bytes !== null, encoding: config.decoded.encoding, keys },
    diagnostics: config.diagnostics,
  };
  answer(cli, data, () =>
    renderHost(wsl, { explain: cli.options.explain ?? false, width: cli.out.columns(), colours: cli.out.colours }).join('\n'),
  );
  return 0;
}
