import { Document, Scalar, visit } from 'yaml';
import type { ContainerSpec, ProjectSpec, ServiceSpec } from '../../model/spec.js';
import { isSteering } from '../../shared/printable.js';
import { looksSecret, REDACTED } from '../../shared/redact.js';

/** A project as YAML for a terminal: in double quotes, \u001b is what the gate makes of ESC. */
export function projectYaml(spec: ProjectSpec): string {
  const document = new Document(spec);
  visit(document, {
    Scalar: (_, node) => {
      if (typeof node.value === 'string' && isSteering(node.value)) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return document.toString();
}

const HIDDEN = '[hidden]';

/** A project without the values of its environment, build arguments and secrets. */
export function redacted(spec: ProjectSpec): ProjectSpec {
  return { ...spec, services: spec.services.map(redactedService) };
}

function redactedService(service: ServiceSpec): ServiceSpec {
  const { container } = service;
  if (!container) return service;
  const build = container.build && { ...container.build, args: hidden(container.build.args) };
  const mounts = container.mounts.map(mount => (mount.kind === 'content' ? { ...mount, text: HIDDEN } : mount));
  return { ...service, container: { ...container, build, mounts, environment: hidden(container.environment) } };
}

function hidden(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.keys(values).map(key => [key, HIDDEN]));
}

/**
 * The project as config show has it, also without labels and options of drivers, Dockerfiles in line, what follows a telling flag, and
 * hashes, by which short values could be guessed. What is not set is left out.
 */
export function hiddenSpec(spec: ProjectSpec): unknown {
  const { networks, volumes, services, ...rest } = redacted(spec);
  return withoutEmpty({
    ...rest,
    services: services.map(({ configHash: _hash, ...service }) => ({
      ...service,
      container: service.container && hiddenContainer(service.container),
    })),
    networks: networks.map(({ key: _key, ...network }) => ({ ...network, options: names(network.options), labels: names(network.labels) })),
    volumes: volumes.map(({ key: _key, ...volume }) => ({ ...volume, options: names(volume.options), labels: names(volume.labels) })),
  });
}

function hiddenContainer(container: ContainerSpec): unknown {
  const { build, logging, healthcheck } = container;
  return {
    ...container,
    build: build && { ...build, dockerfileInline: build.dockerfileInline === null ? null : REDACTED, labels: names(build.labels) },
    command: withoutArguments(container.command),
    entrypoint: withoutArguments(container.entrypoint),
    healthcheck: healthcheck && { ...healthcheck, test: withoutArguments(healthcheck.test) },
    labels: names(container.labels),
    logging: logging && { ...logging, options: names(logging.options) },
  };
}

function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== 'object' || value === null) return value;
  const empty = (each: unknown) => each === null || (typeof each === 'object' && Object.keys(each).length === 0);
  return Object.fromEntries(Object.entries(value).flatMap(([name, each]) => (empty(each) ? [] : [[name, withoutEmpty(each)]])));
}

function names(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.keys(values).map(name => [name, REDACTED]));
}

/** ['--requirepass', 'x'], ['redis-cli', '-a', 'x']: the word behind a flag that names a secret, or may. */
function withoutArguments(words: readonly string[] | null): readonly string[] | null {
  const glued = words?.some(word => /mysql|mariadb/i.test(word)) ?? false;
  return words?.map((word, at) => (telling(words[at - 1] ?? '') ? REDACTED : glued && /^-p./.test(word) ? `-p${REDACTED}` : word)) ?? null;
}

function telling(flag: string): boolean {
  return /^(-a|-u|-w|-P|--user|--pass)$/.test(flag) || (/^--?[a-z][^=]*$/i.test(flag) && looksSecret(flag));
}
