import { FailureError, failure } from '../../shared/failure.js';

/** An external network or volume that is not there: only its owner may create it. */
export function missing(kind: 'network' | 'volume', name: string): FailureError {
  return new FailureError(
    failure('config-missing', `The external ${kind} ${name} does not exist`, kind === 'network' ? { network: name } : { volume: name }, [
      `Create it: docker ${kind} create ${name}`,
    ]),
  );
}
