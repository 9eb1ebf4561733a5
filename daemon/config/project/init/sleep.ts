import { listenersOf } from '../../../model/listeners.js';
import type { ContainerSpec, ServiceSpec } from '../../../model/spec.js';
import { isWithin } from '../../../shared/paths.js';
import type { Ms } from '../../../shared/span.js';
import type { ComposeService } from '../../compose/types.js';
import { imageName } from '../services/infer.js';

const IDLE: Ms = 10 * 60_000;
/** Below it a user's process may not listen (net.ipv4.ip_unprivileged_port_start): the engine can publish there, the daemon not. */
const FIRST_OPEN_PORT = 1024;
/** Images that one's own program runs in. */
const LANGUAGE =
  /(^|\/)(node|python|golang|go|ruby|rails|php|rust|deno|bun|elixir|erlang|perl|swift|gradle|maven|openjdk|eclipse-temurin|amazoncorretto|ibm-semeru-runtimes|dotnet\/(sdk|aspnet|runtime)|debian|ubuntu|alpine|busybox|fedora)$/;

/**
 * The service as init proposes it: what is reached by a port of its own and is not being worked on (databases, caches, queues, consoles)
 * sleeps until somebody connects. Where `x-laptop-dev` says how it starts or when it stops, that stands.
 */
export function withSleep(spec: ServiceSpec, compose: ComposeService, root: string): ServiceSpec {
  const said = (compose.extension?.value ?? {}) as { start?: unknown; idle?: unknown };
  if (said.start !== undefined || said.idle !== undefined || isDevServer(spec.container, root)) return spec;
  const asleep: ServiceSpec = { ...spec, start: 'on-demand', idle: IDLE };
  const doors = listenersOf(asleep);
  return doors.length > 0 && doors.every(door => door.port >= FIRST_OPEN_PORT) ? asleep : spec;
}

/** Built from source, a bare language image, or with the whole project mounted: it watches files and is not asked for by connections alone. */
function isDevServer(container: ContainerSpec | null, root: string): boolean {
  if (container === null) return true;
  const isMounted = container.mounts.some(mount => mount.kind === 'bind' && isWithin(mount.source, root));
  return container.build !== null || LANGUAGE.test(imageName(container.image)) || isMounted;
}
