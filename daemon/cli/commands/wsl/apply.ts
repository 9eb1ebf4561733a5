import { type ChangedFile, saveChanged } from '../../../platform/wsl/changed-file.js';
import { runningDistributions } from '../../../platform/wsl/facts.js';
import { planSettingsEdit } from '../../../platform/wsl/wslc/edit.js';
import { parseWslcSize } from '../../../platform/wsl/wslc/settings.js';
import { diffLines } from '../../../platform/wsl/wslconfig/diff.js';
import { applyPatches, type ConfigChange, type Patch, planEdit, withKernelArgument } from '../../../platform/wsl/wslconfig/edit.js';
import type { DecodedText } from '../../../platform/wsl/wslconfig/encoding.js';
import {
  changesOf,
  isPreset,
  PRESETS,
  type Preset,
  type PresetName,
  presetOf,
  presetRefusal,
} from '../../../platform/wsl/wslconfig/presets.js';
import { formatWslSize, readConfig } from '../../../platform/wsl/wslconfig/read.js';
import { type Bytes, formatBytes } from '../../../shared/bytes.js';
import { FailureError, failure } from '../../../shared/failure.js';
import { nearestName } from '../../../shared/nearest.js';
import { answer, type Cli, remark } from '../../cli.js';
import { CONFIG_OPTIONS, OUTPUT_OPTIONS, PRESET_OPTIONS } from '../../parser/options.js';
import { type AppliedFile, renderApplied, renderAppliedWslc, renderDiagnostic } from '../../render/wsl.js';
import type { Verb } from '../../verb.js';
import { allPresets, presetInput } from './presets.js';
import { otherNeeds, profileNeed } from './profile-need.js';
import { lookAtWsl, sizedHost, undoFile, type Wsl } from './read-wsl.js';

export const wslApplyVerb = {
  name: 'apply',
  summary: 'Write a preset into the .wslconfig, or --wslc alone into settings.yaml; all other lines stay as they are',
  args: '[preset] [profile]',
  options: [...CONFIG_OPTIONS, ...PRESET_OPTIONS, 'psi', 'dry-run', 'explain', ...OUTPUT_OPTIONS],
  completes: 'presets-and-profiles',
  run,
} satisfies Verb;

/** Writes the keys of a preset, and with --wslc the size of wslc's VM; with --dry-run shows the differences alone. `wsl --shutdown` is never run, only named. */
async function run(cli: Cli, [name, profile]: readonly string[]): Promise<number> {
  if (name === undefined) return applyWslc(cli);
  if (!isPreset(name)) throw new FailureError(noPreset(name));
  const wsl = await lookAtWsl(cli);
  const preset = await fitting(cli, wsl, name, profile ?? null);
  const edits = [configEdit(cli, wsl, preset), ...(cli.options.wslc ? [settingsEdit(wsl, cli.options.wslc)] : [])];
  const changed = edits.filter(edit => edit.changed);
  const write = changed.length > 0 && !cli.options.dryRun;
  const backups = write ? saveChanged(changed.map(({ read, after }) => ({ ...read, after })), undoFile(cli), name, Date.now()) : []; // biome-ignore format: short
  const [file, settings] = edits.map(edit => appliedFile(edit, write, backups[changed.indexOf(edit)] ?? null));
  warn(cli, wsl, preset, edits[0]?.text ?? '');
  const stops = file?.changed ? await runningDistributions(wsl.host, wsl.facts) : [];
  const wslc = settings ? { ...settings, running: runningSessions(wsl) } : null;
  const applied = { preset, ...(file as AppliedFile), next: 'wsl --shutdown', stops, wslc };
  answer(cli, applied, () => renderApplied({ ...applied, explain: cli.options.explain ?? false }, cli.out.colours).join('\n'));
  return 0;
}

/** --wslc without a preset: settings.yaml alone. */
async function applyWslc(cli: Cli): Promise<number> {
  const { wslc: size, dryRun = false } = cli.options;
  if (!size) throw new FailureError(noPreset(null));
  const wsl = await lookAtWsl(cli);
  const edit = settingsEdit(wsl, size);
  const write = edit.changed && !dryRun;
  const [backup = null] = write ? saveChanged([{ ...edit.read, after: edit.after }], undoFile(cli), '--wslc', Date.now()) : [];
  const wslc = { ...appliedFile(edit, write, backup), running: runningSessions(wsl) };
  answer(cli, { preset: null, wslc }, () => renderAppliedWslc(wslc, cli.out.colours).join('\n'));
  return 0;
}

function appliedFile({ read, diff, changed }: Edit, write: boolean, backup: string | null): AppliedFile {
  return { file: read.file, diff, changed, written: write && changed, backup };
}

function runningSessions({ wslc }: Wsl): readonly string[] {
  return (wslc?.sessions ?? []).filter(({ running }) => running).map(({ name }) => name);
}

/** A file as it is and as it is to be. */
interface Edit {
  readonly read: ChangedFile;
  readonly text: string;
  readonly after: Buffer;
  readonly diff: ReturnType<typeof diffLines>;
  readonly changed: boolean;
}

function edited(read: ChangedFile & { readonly decoded: DecodedText }, patches: readonly Patch[]): Edit {
  const { text, show, encode, fault } = read.decoded;
  if (fault?.fatal) throw new FailureError(failure('config-invalid', `${read.file}: ${fault.message}`, { file: read.file }));
  const next = applyPatches(text, patches);
  return { read, text: next, after: encode(next), diff: diffLines(show(text), show(next)), changed: patches.length > 0 };
}

function configEdit(cli: Cli, wsl: Wsl, preset: Preset): Edit {
  return edited(wsl.config, planEdit(wsl.config.decoded.text, wanted(cli, wsl, preset)));
}

/** Fails with config-missing where wslc was never used, and with config-invalid where its file cannot be edited. */
function settingsEdit({ wslc, wslcFailure }: Wsl, size: Bytes): Edit {
  if (wslcFailure !== null) throw new FailureError(wslcFailure);
  if (wslc === null) {
    const why = "WSL's own containers were never used here: there is no folder AppData\\Local\\wslc of the user. Nothing was written.";
    throw new FailureError(
      failure('config-missing', why, {}, ['wslc settings, in PowerShell, makes it.', 'Without --wslc the preset is written alone.']),
    );
  }
  const { settings } = wslc;
  if (parseWslcSize(formatWslSize(size)) === null) {
    throw new FailureError(
      failure('usage', '--wslc has to be a megabyte or more: wslc does not read less.', {}, ['laptop-dev wsl apply --wslc 4GB']),
    );
  }
  const { patches, refused } = planSettingsEdit(settings.decoded.text, [{ name: 'session.memorySize', value: formatWslSize(size) }]);
  if (patches !== null) return edited(settings, patches);
  const remedies = [
    `Mend it by hand: memorySize: ${formatWslSize(size)} belongs below session:.`,
    'Without --wslc the preset is written alone.',
  ];
  const message = `${settings.file} is left as it is: ${settings.decoded.show(refused)}. Nothing was written.`;
  throw new FailureError(failure('config-invalid', message, { file: settings.file }, remedies));
}

function noPreset(name: string | null) {
  const names = Object.keys(PRESETS);
  if (name === null) {
    const message = `wsl apply needs a preset (${names.join(', ')}), or --wslc SIZE for settings.yaml alone.`;
    return failure('usage', message, { presets: names, nearest: null }, ['laptop-dev wsl presets shows what each one sets.']);
  }
  const nearest = nearestName(name, names);
  const remedies = [...(nearest === null ? [] : [`Did you mean ${nearest}?`]), 'laptop-dev wsl presets shows what each one sets.'];
  return failure('usage', `No preset is called ${name}: there are ${names.join(', ')}.`, { presets: names, nearest }, remedies);
}

/** The preset, or preset-too-small with what would fit. */
async function fitting(cli: Cli, wsl: Wsl, name: PresetName, profile: string | null): Promise<Preset> {
  const need = await profileNeed(cli, profile);
  const input = presetInput(cli, sizedHost(cli, wsl), need);
  const preset = presetOf(name, input);
  if (preset.fits) return preset;
  const refused = presetRefusal(preset, need, await otherNeeds(cli, need.name), allPresets(input), input.wslc);
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
function warn(cli: Cli, { config, hostMemory, facts }: Wsl, preset: Preset, text: string): void {
  const say = (text: string) => remark(cli, `${cli.err.colours.yellow('warning:')} ${text}`);
  if (hostMemory && !hostMemory.sure)
    say(`the host's memory, ${formatBytes(hostMemory.value)}, is ${hostMemory.source}; --memory sets it.`);
  const swap = config.config.effective.get('wsl2.swap');
  if (preset.swap === null && swap) say(`swap=${swap.value} (line ${swap.line}) stays: ${preset.name} does not change swap.`);
  if (!facts.vm.psi && facts.vm.kind === 'wsl2' && !cli.options.psi) {
    say('this kernel gives no pressure stall information; --psi turns it on where the kernel has it (6.6 or later).');
  }
  const left = [...config.diagnostics.filter(({ kind }) => kind === 'encoding'), ...readConfig(text).diagnostics];
  for (const diagnostic of left) say(renderDiagnostic(diagnostic));
}
