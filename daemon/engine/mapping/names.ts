import { LABEL } from '../../model/labels.js';
import type { ServiceSpec } from '../../model/spec.js';
import type { LaunchOptions } from '../../ports/ports.js';

/** The name that Compose gives: `<project>-<service>-1`. */
export function containerName(project: string, service: string): string {
  return `${project}-${service}-1`;
}

/** Labels of a container of ours; they win over labels of the same name in the Compose file. */
export function containerLabels(spec: ServiceSpec, options: LaunchOptions, instance: string): Record<string, string> {
  return {
    [LABEL.instance]: instance,
    [LABEL.project]: spec.project,
    [LABEL.service]: spec.name,
    [LABEL.profile]: options.profile,
    [LABEL.configHash]: spec.configHash,
    ...(options.wiring === '' ? {} : { [LABEL.wiring]: options.wiring }),
    [LABEL.grant]: String(options.grant),
    [LABEL.standard]: String(spec.memory.standard),
    [LABEL.maximum]: String(spec.memory.maximum),
    [LABEL.priority]: String(spec.priority),
    [LABEL.start]: spec.start,
    [LABEL.dependsOn]: spec.dependsOn.map(each => each.service).join(','),
    [LABEL.composeProject]: spec.project,
    [LABEL.composeService]: spec.name,
    [LABEL.composeOneoff]: 'False',
    [LABEL.composeNumber]: '1',
    [LABEL.composeConfigHash]: spec.configHash,
    [LABEL.composeWorkingDir]: options.projectRoot,
  };
}

export function networkLabels(project: string, key: string, instance: string): Record<string, string> {
  return { ...resourceLabels(project, instance), [LABEL.composeNetwork]: key };
}

export function volumeLabels(project: string, key: string, instance: string): Record<string, string> {
  return { ...resourceLabels(project, instance), [LABEL.composeVolume]: key };
}

function resourceLabels(project: string, instance: string): Record<string, string> {
  return { [LABEL.instance]: instance, [LABEL.project]: project, [LABEL.composeProject]: project };
}
