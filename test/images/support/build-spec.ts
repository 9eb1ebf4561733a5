import type { BuildSpec } from '../../../daemon/model/spec.js';

export function buildSpec(context: string, over: Partial<BuildSpec> = {}): BuildSpec {
  return { context, dockerfile: null, dockerfileInline: null, target: null, args: {}, labels: {}, ...over };
}
