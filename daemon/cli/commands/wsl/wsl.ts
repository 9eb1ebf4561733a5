import { undoChanged } from '../../../platform/wsl/changed-file.js';
import { diffLines } from '../../../platform/wsl/wslconfig/diff.js';
import { decodeText } from '../../../platform/wsl/wslconfig/encoding.js';

import { answer, type Cli } from '../../cli.js';
import { OUTPUT_OPTIONS } from '../../parser/options.js';
import { renderDiff, renderHost, SESSION_END, SHUTDOWN } from '../../render/wsl.js';
import type { Verb } from '../../verb.js';
import { lookAtWsl, undoFile, wslcLimitFact } from './read-wsl.js';

export const wslVerb = {
  name: 'wsl',
  summary: 'Size the virtual machine of WSL2 for what a profile needs',
  args: '',
  options: [],
  verbs: {
    presets: async () => (await import('./presets.js')).wslPresetsVerb,
    show: async () => wslShowVerb,
    apply: async () => (await import('./apply.js')).wslApplyVerb,
    undo: async () => wslUndoVerb,
    verify: async () => (await import('./verify.js')).wslVerifyVerb,
    reclaim: async () => (await import('./reclaim.js')).wslReclaimVerb,
    watch: async () => (await import('./watch.js')).wslWatchVerb,
  },
} satisfies Verb;

export const wslShowVerb = {
  name: 'show',
  summary: 'Show the host, the VM and the .wslconfig as WSL reads it, with its mistakes',
  args: '',
  options: ['wslconfig', 'host-memory', 'explain', ...OUTPUT_OPTIONS],
  run: show,
} satisfies Verb;

/** Host, VM and file, each figure with its source. */
async function show(cli: Cli): Promise<number> {
  const wsl = await lookAtWsl(cli);
  const { facts, config, configSource, hostMemory, cpus, wslc } = wsl;
  const { show } = config.decoded;
  const keys = [...config.config.effective.values()].map(({ name, value, line }) => ({ name, value: show(value), line }));
  const data = {
    vm: facts.vm,
    host: { memory: hostMemory, cpus, wslVersion: facts.wslVersion, networkingMode: facts.networkingMode, fault: facts.windowsFault },
    file: { path: config.file, source: configSource, exists: config.bytes !== null, encoding: config.decoded.encoding, keys },
    diagnostics: config.diagnostics,
    wslc: wslc && {
      folder: wslc.folder,
      memory: wslcLimitFact(wslc, hostMemory?.value ?? null),
      sessions: wslc.sessions,
      settings: [...wslc.settings.settings.effective.values()].map(each => ({ ...each, value: wslc.settings.decoded.show(each.value) })),
      diagnostics: wslc.settings.settings.diagnostics,
    },
  };
  answer(cli, data, () =>
    renderHost(wsl, { explain: cli.options.explain ?? false, width: cli.out.columns(), colours: cli.out.colours }).join('\n'),
  );
  return 0;
}

export const wslUndoVerb = {
  name: 'undo',
  summary: 'Restore the files that the last apply changed as they were before, byte for byte',
  args: '',
  options: ['dry-run', 'force', ...OUTPUT_OPTIONS],
  run: undo,
} satisfies Verb;

/** wslc's, which `wsl --shutdown` does not concern. */
function isSettings(file: string): boolean {
  return file.endsWith('settings.yaml');
}

/** Takes the last apply back; again, the one before it. */
async function undo(cli: Cli): Promise<number> {
  const { dryRun = false, force = false } = cli.options;
  const shown = (bytes: Buffer | null) => {
    const { text, show } = decodeText(bytes ?? Buffer.alloc(0));
    return show(text);
  };
  const files = undoChanged(undoFile(cli), { force, dryRun }).map(({ file, preset, at, before, after }) => {
    const diff = diffLines(shown(before), shown(after));
    return { file, preset, appliedAt: new Date(at).toISOString(), diff, written: !dryRun, removed: after === null };
  });
  answer(cli, { ...files[0], files }, () => {
    const [did, removed] = dryRun ? ['would be', 'would be removed'] : ['is', 'is removed'];
    const lines = files.flatMap(({ file, preset, diff, removed: isRemoved }) => {
      const what = isRemoved ? `${file} ${removed}: there was none before ${preset}.` : `${file} ${did} as it was before ${preset}.`;
      return [what, ...renderDiff(diff, cli.out.colours)];
    });
    const [config, settings] = [files.filter(({ file }) => !isSettings(file)), files.filter(({ file }) => isSettings(file))];
    const next = [...(config.length > 0 ? [SHUTDOWN] : []), ...(settings.length > 0 ? [SESSION_END] : [])];
    return [...lines, ...(dryRun ? [] : ['', ...next])].join('\n');
  });
  return 0;
}
