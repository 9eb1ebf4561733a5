import type { ContainerSpec } from '../../model/spec.js';

interface LogConfig {
  readonly Type: string;
  readonly Config: Readonly<Record<string, string>>;
}

/** 10 MB × 3, so that a chatty service cannot fill the disk; an engine's own default keeps everything. */
const ROTATED: LogConfig = { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } };

/** Log options that Podman's k8s-file driver takes; it keeps one file, and refuses options that it does not know. */
const PODMAN_OPTIONS = new Set(['path', 'max-size', 'tag']);

/** What the engine is told to do with the output; rotated files unless the Compose file says otherwise. */
export function logConfig(logging: ContainerSpec['logging'], kind: 'docker' | 'podman'): LogConfig {
  const wanted = logging ? { Type: logging.driver, Config: logging.options } : ROTATED;
  if (kind === 'docker') return wanted;
  const type = wanted.Type === 'json-file' || wanted.Type === 'local' ? 'k8s-file' : wanted.Type;
  return { Type: type, Config: Object.fromEntries(Object.entries(wanted.Config).filter(([key]) => PODMAN_OPTIONS.has(key))) };
}
