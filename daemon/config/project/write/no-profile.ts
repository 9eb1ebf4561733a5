import { FailureError, failure } from '../../../shared/failure.js';
import type { Found } from '../discovery/find.js';

/** There is no profile that may be written to: how to get one. */
export function noOwnProfile(found: Found, profile: string | null): FailureError {
  if (found.origin === 'compose') {
    const message = `${found.root} has a Compose file and no profile to put the figures into.`;
    const remedies = ['laptop-dev init writes a laptop-dev.yaml beside it, with the figures that hold now; then the same again.'];
    return new FailureError(failure('config-missing', message, { root: found.root }, remedies));
  }
  const base = profile ?? 'minimal';
  const message = `The profile ${base} comes with laptop-dev and is not changed.`;
  const remedies = [
    `Make one of your own in a folder of yours, laptop-dev.yaml with "extends: ${base}" and, under services, those whose figures are to change (postgres: {}); laptop-dev up there, then the same again.`,
  ];
  return new FailureError(failure('config-missing', message, { profile: base }, remedies));
}

export function otherRoot(here: string, root: string | null): FailureError {
  const remedies = [`Go to ${root ?? 'its folder'}, or name it with --project.`];
  return new FailureError(failure('usage', `The configuration found in ${here} is that of another project.`, { here, root }, remedies));
}
