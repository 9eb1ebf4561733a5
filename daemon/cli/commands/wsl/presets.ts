import { saysOf } from '../../../platform/wsl/releases.js';
import {
  PRESETS,
  type Preset,
  type PresetInput,
  type PresetName,
  type ProfileNeed,
  presetOf,
  USUAL_MODEL,
} from '../../../platform/wsl/wslconfig/presets.js';
import { answer, type Cli } from '../../cli.js';
import { CONFIG_OPTIONS, OUTPUT_OPTIONS, PRESET_OPTIONS } from '../../parser/options.js';
import { renderPresets } from '../../render/wsl.js';
import type { Verb } from '../../verb.js';
import { profileNeed } from './profile-need.js';
import { describedHost, lookAtWsl, type SizedHost, sizedHost } from './read-wsl.js';

export const wslPresetsVerb = {
  name: 'presets',
  summary: 'Show what each preset would give the VM here, and whether the profile fits',
  args: '[profile]',
  options: [...CONFIG_OPTIONS, ...PRESET_OPTIONS, 'cores', 'wsl-version', 'explain', ...OUTPUT_OPTIONS],
  completes: 'profiles-and-services',
  run,
} satisfies Verb;

/** The presets for this host, or for one that is described, and a profile. */
async function run(cli: Cli, [profile]: readonly string[]): Promise<number> {
  const host = describedHost(cli) ?? sizedHost(cli, await lookAtWsl(cli));
  const need = await profileNeed(cli, profile ?? null);
  const presets = allPresets(presetInput(cli, host, need));
  const says = host.version === null ? [] : saysOf(host.version.value, host.wslc !== null);
  answer(cli, { profile: need, host, presets, says }, () =>
    renderPresets(host, need, presets, says, {
      explain: cli.options.explain ?? false,
      width: cli.out.columns(),
      colours: cli.out.colours,
    }).join('\n'),
  );
  return 0;
}

export function allPresets(input: PresetInput): readonly Preset[] {
  return (Object.keys(PRESETS) as PresetName[]).map(name => presetOf(name, input));
}

export function presetInput(cli: Cli, { memory, cpus, wslc }: SizedHost, { standard, maximum }: ProfileNeed): PresetInput {
  const model = cli.options.model ?? USUAL_MODEL;
  return { hostMemory: memory.value, cpus: cpus.value, standard, maximum, model, wslc: wslc?.value ?? 0 };
}
