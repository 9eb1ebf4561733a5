import { listProfiles } from '../../../config/project/discovery/choose.js';
import type { ProfileNeed } from '../../../platform/wsl/wslconfig/presets.js';
import { FailureError, failure } from '../../../shared/failure.js';
import type { Cli } from '../../cli.js';
import { findHere, loadHere } from '../../locate-project.js';

/**
 * What the services of a profile need together: those that it names, and those that they bring with them; null: the profile that `up`
 * takes. Fails as the profile does.
 */
export async function profileNeed(cli: Cli, profile: string | null): Promise<ProfileNeed> {
  const found = await findHere(cli);
  const { spec, failure: wrong } = await loadHere(found, { profile, services: null, taken: {} });
  if (spec === null) throw new FailureError(wrong ?? failure('config-invalid', 'The project cannot be read.'));
  const named = (await listProfiles(found)).find(({ name }) => name === spec.profile)?.services ?? [];
  const services = spec.services.filter(({ name, start }) => start !== 'manual' || named.includes(name));
  const sum = (figure: 'standard' | 'maximum') => services.reduce((total, { memory }) => total + memory[figure], 0);
  return { name: spec.profile, standard: sum('standard'), maximum: sum('maximum') };
}

/** What the other profiles here need; those that cannot be read are left out. */
export async function otherNeeds(cli: Cli, but: string): Promise<readonly ProfileNeed[]> {
  const names = (await listProfiles(await findHere(cli))).map(({ name }) => name).filter(name => name !== but);
  const needs = await Promise.all(names.map(name => profileNeed(cli, name).catch(() => null)));
  return needs.filter(need => need !== null);
}
