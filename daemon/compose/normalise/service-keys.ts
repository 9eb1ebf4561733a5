/** Keys of a service that are read somewhere in this room. Every other key that the schema knows gets a warning. */
export const SERVICE_KEYS: readonly string[] = [
  ...['build', 'cap_add', 'cap_drop', 'command', 'configs', 'container_name', 'cpu_period', 'cpu_quota', 'cpu_shares', 'cpus', 'cpuset'],
  ...['depends_on', 'deploy', 'devices', 'dns', 'dns_opt', 'dns_search', 'domainname', 'entrypoint', 'env_file', 'environment', 'expose', 'gpus'],
  ...['extends', 'extra_hosts', 'group_add', 'healthcheck', 'hostname', 'image', 'init', 'ipc', 'labels', 'links', 'logging', 'mem_limit'],
  ...['mem_reservation', 'network_mode', 'networks', 'oom_score_adj', 'pid', 'pids_limit', 'platform', 'ports', 'privileged', 'profiles'],
  ...[
    'pull_policy',
    'read_only',
    'restart',
    'runtime',
    'scale',
    'secrets',
    'security_opt',
    'shm_size',
    'stdin_open',
    'stop_grace_period',
    'stop_signal',
  ],
  ...['sysctls', 'tmpfs', 'tty', 'ulimits', 'user', 'userns_mode', 'volumes', 'working_dir'],
];
