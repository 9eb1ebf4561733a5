/** What a version of WSL decides for memory; docs/design/wsl.md, "Releases". Unverified on a real host. */
export interface ReleaseTraits {
  /** Newer than any that is known here: said is what the newest known one does. */
  readonly beyond: boolean;
  /** For how long, and of which CPU time, the VM has to use less than 0.5 % of all processors until WSL drops its file cache. */
  readonly idle: { readonly minutes: 2 | 10; readonly of: 'user' | 'all' /** With autoMemoryReclaim=gradual. */; readonly gradual: 2 | 3 };
  /** mixed: some kernels have it without being asked. */
  readonly psi: 'none' | 'mixed' | 'on';
  /** It has containers of its own. */
  readonly wslc: boolean;
  /** Its wslc ends an idle VM; up to 2.9.4 it never does. */
  readonly wslcEnds: boolean;
  /** flat: /docker/ID. visible: below /wsl-user/distro-N, for all to see. namespaced: each distribution in a namespace of its own. */
  readonly cgroups: 'flat' | 'visible' | 'namespaced';
}

const NEWEST = [3, 0, 2];

/** `version` as 3.0, 2.9.12 or 2.9.12.0. */
export function traitsOf(version: string): ReleaseTraits {
  const from = (...least: readonly number[]) => isAtLeast(version, least);
  return {
    beyond: isAtLeast(version, [...NEWEST.slice(0, 2), (NEWEST[2] ?? 0) + 1]),
    idle: from(2, 9, 8) ? { minutes: 2, of: 'all', gradual: 2 } : { minutes: 10, of: 'user', gradual: 3 },
    psi: psiOf(from),
    wslc: from(2, 9, 3),
    wslcEnds: from(2, 9, 8),
    cgroups: from(2, 9, 13) ? 'namespaced' : from(2, 9, 8) ? 'visible' : 'flat',
  };
}

/** Measured in 2.7.14, 2.9.12 and 3.0.1; 6.6, of 2.5.10 to 2.7.3, has it. Between them some kernels of 6.18 kept it off. */
function psiOf(from: (...least: readonly number[]) => boolean): ReleaseTraits['psi'] {
  if (from(2, 9, 8)) return 'on';
  if (from(2, 9)) return 'mixed';
  if (from(2, 7, 14)) return 'on';
  if (from(2, 7, 8)) return 'mixed';
  if (from(2, 5, 10)) return 'on';
  return from(2, 5, 1) ? 'mixed' : 'none';
}

/** Parts that a version does not have count as 0: 3.0 is at least 2.9.12 and not at least 3.0.1. */
export function isAtLeast(version: string, least: readonly number[]): boolean {
  const parts = version.split('.').map(Number);
  const at = least.findIndex((part, index) => (parts[index] ?? 0) !== part);
  return at < 0 || (parts[at] ?? 0) > (least[at] ?? 0);
}

/** What of it matters to somebody who chooses a preset, a sentence each. `isShared`: the presets leave room for its containers. */
export function saysOf(version: string, isShared: boolean): readonly string[] {
  const { beyond, idle, psi, wslc } = traitsOf(version);
  const which = idle.of === 'all' ? 'all CPU time' : 'the CPU time of programs';
  return [
    ...(beyond ? [`newer than ${NEWEST.join('.')}, the newest that is known here: what that does is said`] : []),
    `file cache goes back to Windows once ${which} has stayed below 0.5 % of all processors for ${idle.minutes} minutes${idle.gradual === idle.minutes ? '' : `, ${idle.gradual} with autoMemoryReclaim=gradual`}`,
    wslc
      ? `its own containers (wslc) run in a VM beside this one${isShared ? '' : ', which may take half of the host: --wslc SIZE makes room for it'}`
      : 'it has no containers of its own (wslc)',
    {
      on: 'pressure stall information is on',
      mixed: 'pressure stall information may be off: --psi turns it on',
      none: 'its kernel has no pressure stall information',
    }[psi],
  ];
}
