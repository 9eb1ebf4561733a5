import type { BuildSpec, ServiceSpec } from './spec.js';

/** An image that a project builds. */
export interface BuiltImage {
  readonly reference: string;
  readonly build: BuildSpec;
  /** As ContainerSpec.platform. */
  readonly platform: string | null;
}

/** Of each image that one of the services builds, the first definition: others may run it, or build upon it. */
export function builtImages(services: readonly ServiceSpec[]): BuiltImage[] {
  const found = new Map<string, BuiltImage>();
  for (const { container } of services) {
    if (!container?.build) continue;
    const name = fullReference(container.image);
    if (!found.has(name)) found.set(name, { reference: container.image, build: container.build, platform: container.platform });
  }
  return [...found.values()];
}

/** One name for one image: with the registry and the tag that engines add. */
export function fullReference(reference: string): string {
  const [first = '', ...rest] = reference.split('/');
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const path = hasRegistry ? reference : `docker.io/${rest.length === 0 ? 'library/' : ''}${reference}`;
  return /[:@][^/]*$/.test(path) ? path : `${path}:latest`;
}
