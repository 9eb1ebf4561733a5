import { runningDistributions } from '../../../platform/wsl/facts.js';
import { diffLines } from '../../../platform/wsl/wslconfig/diff.js';
import { applyPatches, type ConfigChange, planEdit, withKernelArgument } from '../../../platform/wsl/wslconfig/edit.js';
import { saveConfig } from '../../../platform/wsl/wslconfig/file.js';
import {
  changesOf,
  isPreset,
  PRESETS,
  type Preset,
  type PresetName,
  presetOf,
  presetRefusal,
} from '../../../platform/wsl/wslconfig/presets.js';
import { readConfig } from '../../../platform/wsl/wslconfig/read.js';
import { formatBytes } from '../../../shared/bytes.js';
import { FailureError, failure } from '../../../shared/failure.js';
import { nearestName } from '../../../shared/nearest.js';
import { answer, type Cli, remark } from '../../cli.js';
import { CONFIG_OPTIONS, OUTPUT_OPTIONS, PRESET_OPTIONS } from '../../parser/options.js';
import { renderApplied, renderDiagnostic } from '../../render/wsl.js';
import type { Verb } from '../../verb.js';
import { allPresets, presetInput } from './presets.js';
import { otherNeeds, profileNeed } from './profile-need.js';
import { lookAtWsl, undoFile, type Wsl } from './read-wsl.js';

export const wslApplyVerb = {
  name: 'apply',
  summary: 'Write a preset into the .wslconfig; all other lines stay as they are',
  args: '<preset> [profile]',
  options: [...CONFIG_OPTIONS, ...PRESET_OPTIONS, 'psi', 'dry-run', 'explain', ...OUTPUT_OPTIONS],
  completes: 'presets-and-profiles',
  run,
} satisfies Verb;

/** Writes the keys of a preset; with --dry-run shows the difference alone. `wsl --shutdown` is never run, only named. */
async function run(cli: Cli, [name = '', profile]: readonly string[]): Promise<number> {
  if (!isPreset(name)) throw new FailureError(noPreset(name));
  const wsl = await lookAtWsl(cli);
  const preset = await fitting(cli, wsl, name, profile ?? null);
  const { config } = wsl;
  if (config.decoded.fault?.fatal) {
    throw new FailureError(failure('config-invalid', `${config.file}: ${config.decoded.fault.message}`, { file: config.file }));
  }
  const { text, show } = config.decoded;
  const patches = planEdit(text, wanted(cli, wsl, preset));
  const edited = applyPatches(text, patches);
  const write = patches.length > 0 && !cli.options.dryRun;
  const backup = write ? saveConfig(config, edited, undoFile(cli), name, Date.now()) : null;
  warn(cli, wsl, preset, edited);
  const diff = diffLines(show(text), show(edited));
  const stops = patches.length > 0 ? await runningDistributions(wsl.host, wsl.facts) : [];
  const data = { preset, file: config.file, diff, written: write, backup, next: 'wsl --shutdown', stops };
  const { colours } = cli.out;
  answer(cli, data, () =>
    renderApplied({ ...data, changed: patches.length > 0, explain: cli.options.explain ?? false }, colours).join('\n'),
  );
  return 0;
}

function noPreset(name: string) {
  const names = Object.keys(PRESETS);
  const nearest = nearestName(name, names);
  const remedies = [...(nearest === null ? [] : [`Did you mean ${nearest}?`]), 'laptop-dev wsl presets shows what each one sets.'];
  return failure('usage', `No preset is called ${name}: there are ${names.join(', ')}.`, { presets: names, nearest }, remedies);
}

/** The preset, or preset-too-small with what would fit. */
async function fitting(cli: Cli, wsl: Wsl, name: PresetName, profile: string | null): Promise<Preset> {
  const need = await profileNeed(cli, profile);
  const input = presetInput(cli, wsl, need);
  const preset = presetOf(name, input);
  if (preset.fits) return preset;
  const refused = presetRefusal(preset, need, await otherNeeds(cli, need.name), allPresets(input));
  if (refused) throw new FailureError(refused);
  return preset;
}

function wanted(cli: Cli, { config }: Wsl, preset: Preset): readonly ConfigChange[] {
  const name = 'wsl2.kernelCommandLine';
  const now = config.config.effective.get(name.toLowerCase())?.value ?? '';
  const psi = cli.options.psi && !now.split(' ').includes('psi=1') ? [{ name, value: withKernelArgument(now, 'psi=1') }] : [];
  return [...changesOf(preset), ...psi];
}

/** What the user should know beyond the difference. */
function warn(cli: Cli, { config, hostMemory, facts }: Wsl, preset: Preset, edited: string): void {
  const say = (text: string) => remark(cli, `${cli.err.colours.yellow('warning:')} ${text}`);
  if (hostMemory && !hostMemory.sure)
    say(`the host's memory, ${formatBytes(hostMemory.value)}, is ${hostMemory.source}; --host-memory sets it.`);
  const swap = config.config.effective.get('wsl2.swap');
  if (preset.swap === null && swap) say(`swap=${swap.value} (line ${swap.line}) stays: ${preset.name} does not change swap.`);
  if (!facts.vm.psi && facts.vm.kind === 'wsl2' && !cli.options.psi) {
    say('this kernel gives no pressure stall information; --psi turns it on where the kernel has it (6.6 or later).');
  }
  const left = [...config.diagnostics.filter(({ kind }) => kind === 'encoding'), ...readConfig(edited).diagnostics];
  for (const diagnostic of left) say(renderDiagnostic(diagnostic));
}
