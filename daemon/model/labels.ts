/** Labels that the daemon sets. `laptop-dev.*` are the truth about what is ours; `com.docker.compose.*` show the project to other tools. */
export const LABEL = {
  /** Which daemon owns the container: a hash of the user and the state folder, so that two users never touch each other's. */
  instance: 'laptop-dev.instance',
  project: 'laptop-dev.project',
  service: 'laptop-dev.service',
  profile: 'laptop-dev.profile',
  configHash: 'laptop-dev.config-hash',
  /** How it is connected beyond its definition (scheduler/state/wiring); absent: as the definition says. */
  wiring: 'laptop-dev.wiring',
  /** Hard limit at creation, bytes; inspect's Memory is the limit in force. */
  grant: 'laptop-dev.grant',
  standard: 'laptop-dev.standard',
  maximum: 'laptop-dev.maximum',
  priority: 'laptop-dev.priority',
  start: 'laptop-dev.start',
  /** Comma-separated names in the same project. */
  dependsOn: 'laptop-dev.depends-on',
  /** What a container of ours does that is no service's. */
  helper: 'laptop-dev.helper',
  /** Which daemon a helper belongs to, as `instance` says it of services: helpers are never taken for those. */
  helperOf: 'laptop-dev.helper-of',
  /** Which run of that daemon made it: what an earlier run has left is removed. */
  helperRun: 'laptop-dev.helper-run',
  composeProject: 'com.docker.compose.project',
  composeService: 'com.docker.compose.service',
  composeOneoff: 'com.docker.compose.oneoff',
  composeNumber: 'com.docker.compose.container-number',
  composeConfigHash: 'com.docker.compose.config-hash',
  composeWorkingDir: 'com.docker.compose.project.working_dir',
  composeNetwork: 'com.docker.compose.network',
  composeVolume: 'com.docker.compose.volume',
} as const;
