import type { ProjectSpec } from '../../model/spec.js';
import type { Risk } from '../../model/trust/risk.js';
import { risks } from '../../model/trust/trust.js';
import type { ComposeProject, Position } from '../compose/types.js';

/** A point for which `up` needs --trust, with its location in the files; 0 and an empty name where that is not known. */
export interface TrustPoint extends Position {
  readonly service: string;
  readonly what: string;
  readonly why: string;
}

/** The points that the daemon will ask trust for, found before it is asked. */
export function trustPoints(spec: ProjectSpec, compose: ComposeProject): TrustPoint[] {
  return risks(spec).map(risk => {
    const { service, what, why } = risk;
    return { service, what, why, ...(locationOf(risk, spec, compose) ?? { file: '', line: 0, column: 0 }) };
  });
}

function locationOf({ service, what, at }: Risk, spec: ProjectSpec, { locate, services }: ComposeProject): Position | null {
  const [key, entry] = [at?.key ?? '', at?.entry ?? null];
  const resource = /^(network|volume) (.*)$/s.exec(service);
  if (resource !== null) return locate(resource[1] === 'network' ? 'networks' : 'volumes', resource[2] ?? '', key, entry);
  const isReader = (name: string): boolean => spec.readers[name]?.includes(what) === true;
  const reader = service === 'env_file' ? services.find(({ name }) => isReader(name)) : undefined;
  return reader === undefined ? locate('services', service, key, entry) : locate('services', reader.name, 'env_file', what);
}

/** `file:line:column: service: what (why)`. */
export function formatTrustPoint({ service, what, why, file, line, column }: TrustPoint): string {
  const location = line > 0 ? `${file}:${line}:${column}: ` : '';
  return `${location}${service}: ${what} (${why})`;
}
