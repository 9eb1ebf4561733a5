import type { Cursor } from '../tree/cursor.js';

/** The consequence of a key that is not supported: something breaks (with what to do instead), or nothing changes. */
type Meaning = { readonly breaks: string } | 'harmless';

/** Keys that only speak of what a laptop has not (a cluster, Windows, SELinux), of speed or of a memory that is granted here otherwise. */
const HARMLESS: readonly string[] = [
  ...['attach', 'develop', 'annotations', 'blkio_config', 'cpu_count', 'cpu_percent', 'isolation', 'pull_refresh_after'],
  ...['memswap_limit', 'mem_swappiness', 'oom_kill_disable', 'cpu_rt_period', 'cpu_rt_runtime', 'consistency', 'selinux', 'attachable'],
  ...['mode', 'endpoint_mode', 'placement', 'update_config', 'rollback_config', 'delay', 'window', 'restart', 'priority', 'gw_priority'],
  ...['cache_from', 'cache_to', 'no_cache', 'no_cache_filter', 'pull', 'provenance', 'sbom', 'platforms', 'tags', 'enable_ipv4'],
];

/** Keys without which the service runs as another one than was meant; what to do about each. */
const BREAKING: Readonly<Record<string, string>> = {
  models:
    'is not done: no model is started and no address of one is handed over. Run a model server as a service (laptop-dev up llm), and set its address in environment',
  use_api_socket: "is not done: the engine's API does not reach the container. Mount its socket under volumes, which needs --trust",
  post_start: 'is not run. Let the image, command or entrypoint do it, or run it with laptop-dev exec once the service is up',
  pre_stop: 'is not run. Let the process do it when it receives stop_signal',
  pre_start: 'is not run. Make it a service of its own, and depend on it with condition: service_completed_successfully',
  provider: 'is not run: this service has no container. Give it an image, or leave out the service and what depends on it',
  credential_spec: 'is not done: it is for Windows containers',
  external_links: 'is not done. Put both containers into one network (networks, external: true) and use its name there',
  volumes_from: 'is not done: nothing is mounted. Name the volumes under volumes',
  label_file: 'is not read. Write the labels under labels',
  mac_address: 'is not set: the container has another one',
  uts: 'is not done: the container keeps a host name of its own',
  cgroup: 'is not done: the container keeps a cgroup namespace of its own',
  cgroup_parent: 'is not done: limits are set on the container itself',
  device_cgroup_rules: 'is not done: name each device under devices',
  storage_opt: 'is not done: the size of the container is not limited',
  enable_ipv6: 'is not done: the network has IPv4 only',
  link_local_ips: 'is not done: the addresses are not given',
  additional_contexts:
    'is not done: FROM and COPY --from of these names fail. Copy a folder into the build context; of service:NAME, give that service an image: and name this image in the Dockerfile, it is built first',
  ssh: 'is not done: RUN --mount=type=ssh fails. Build the image with docker build and name it under image',
  subpath: 'is not done: the whole volume is mounted. Give that part a volume of its own',
  image: 'is not done: nothing is mounted from the image. Copy it into a volume',
};

/** Says what becomes of each key that is not in `supported`: understood, but not done. What the schema refused is reported there. */
export function warnUnsupported(cursor: Cursor, supported: readonly string[], reasons: Readonly<Record<string, string>> = {}): void {
  for (const [key, value] of cursor.entries()) {
    if (supported.includes(key) || key.startsWith('x-')) continue;
    const meaning = Object.hasOwn(reasons, key) ? { breaks: reasons[key] ?? '' } : meaningOf(key);
    if (meaning === 'harmless') value.report.harmless(value.keyLocation, value.path, key);
    else value.report.breaking(value.keyLocation, value.path, meaning.breaks);
  }
}

function meaningOf(key: string): Meaning {
  if (HARMLESS.includes(key)) return 'harmless';
  return { breaks: (Object.hasOwn(BREAKING, key) ? BREAKING[key] : undefined) ?? 'is not supported by laptop-dev and is ignored' };
}
