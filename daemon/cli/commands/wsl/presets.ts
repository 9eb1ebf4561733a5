import type { Fact } from '../../../platform/wsl/facts.js';
import {
  PRESETS,
  type Preset,
  type PresetInput,
  type PresetName,
  type ProfileNeed,
  presetOf,
  USUAL_MODEL,
} from '../../../platform/wsl/wslconfig/presets.js';
import { FailureError, failure } from '../../../shared/failure.js';
import { answer, type Cli } from '../../cli.js';
import { CONFIG_OPTIONS, OUTPUT_OPTIONS, PRESET_OPTIONS } from '../../parser/options.js';
import { renderPresets } from '../../render/wsl.js';
import type { Verb } from '../../verb.js';
import { profileNeed } from './profile-need.js';
import { lookAtWsl, type Wsl } from './read-wsl.js';

export const wslPresetsVerb = {
  name: 'presets',
  summary: 'Show what each preset would give the VM here, and whether the profile fits',
  args: '[profile]',
  options: [...CONFIG_OPTIONS, ...PRESET_OPTIONS, 'explain', ...OUTPUT_OPTIONS],
  completes: 'profiles-and-services',
  run,
} satisfies Verb;

/** The presets for this host and a profile. */
async function run(cli: Cli, [profile]: readonly string[]): Promise<number> {
  const wsl = await lookAtWsl(cli);
  const need = await profileNeed(cli, profile ?? null);
  const input = presetInput(cli, wsl, need);
  const presets = allPresets(input);
  answer(cli, { profile: need, host: { memory: wsl.hostMemory, cpus: wsl.cpus }, presets }, () =>
    renderPresets(wsl, need, presets, { explain: cli.options.explain ?? false, width: cli.out.columns(), colours: cli.out.colours }).join(
      '\n',
    ),
  );
  return 0;
}

export function allPresets(input: PresetInput): readonly Preset[] {
  return (Object.keys(PRESETS) as PresetName[]).map(name => presetOf(name, input));
}

/** Fails with usage when the memory of the host is not known. */
export function presetInput(cli: Cli, { hostMemory, cpus }: Wsl, { standard, maximum }: ProfileNeed): PresetInput {
  const { value } = known(hostMemory);
  return { hostMemory: value, cpus: cpus.value, standard, maximum, model: cli.options.model ?? USUAL_MODEL };
}

function known<T>(fact: Fact<T> | null): Fact<T> {
  if (fact) return fact;
  throw new FailureError(failure('usage', 'The memory of the Windows host is not known.', {}, ['--host-memory 16GB sets it.']));
}
