import type { ProjectSpec } from '../spec.js';
import type { Risk } from './risk.js';

/** Files of others that the project's files have read into it: their values end in containers that may send them anywhere. */
export function fileRisks({ outside }: ProjectSpec): Risk[] {
  return outside.map(file => {
    const isCompose = /\.ya?ml$/.test(file);
    const why = isCompose ? 'its services and their values are taken over' : 'its values go into containers';
    return { service: isCompose ? 'include, extends' : 'env_file', what: file, why: `${why}, from outside the project` };
  });
}
