import type { Memory } from '../../../model/spec.js';
import { type Bytes, formatBytes } from '../../../shared/bytes.js';
import type { Problem } from '../../../shared/problem.js';
import type { ComposeService } from '../../compose/types.js';
import type { ServiceSettings } from '../../profiles/schema.js';
import { LEAST_MEMORY } from '../../profiles/units.js';

/** Whether the maximum is a default, or the file that sets it marks it as guessed. */
function isGuessed({ profile, extension, compose }: MemorySources): boolean {
  for (const { memory } of [profile, extension]) if (memory?.maximum !== undefined) return memory.guessed ?? false;
  return profile.memory?.guessed ?? extension.memory?.guessed ?? compose.memoryLimit === null;
}

interface Figure {
  readonly bytes: Bytes;
  /** For messages: the key and the file that set it. */
  readonly origin: string;
}

export interface MemorySources {
  readonly profile: ServiceSettings;
  readonly extension: ServiceSettings;
  readonly compose: Pick<ComposeService, 'name' | 'memoryLimit' | 'memoryReservation' | 'position'>;
  readonly usual: Memory;
}

/**
 * The memory of a service. Each figure comes from the first source that sets it: the profile, `x-laptop-dev`, the
 * Compose file (limit = maximum, reservation = standard). A figure without a source is the default for the image, adjusted to
 * the figure that was set. Figures that were set and contradict each other are a mistake, whichever files set them.
 */
export function memoryOf(sources: MemorySources): { memory: Memory; problems: readonly Problem[] } {
  const { profile, extension, compose, usual } = sources;
  const figure = (key: 'standard' | 'maximum', file: Bytes | null, word: string): Figure | null => {
    const [inProfile, inExtension] = [profile.memory?.[key], extension.memory?.[key]];
    if (inProfile !== undefined) return { bytes: inProfile, origin: `memory.${key} of the profile` };
    if (inExtension !== undefined) return { bytes: inExtension, origin: `memory.${key} of x-laptop-dev` };
    return file === null ? null : { bytes: file, origin: `${word} of the Compose file` };
  };
  const standard = figure('standard', compose.memoryReservation, 'the memory reservation');
  const maximum = figure('maximum', compose.memoryLimit, 'the memory limit');
  const memory = {
    standard: standard?.bytes ?? Math.min(usual.standard, maximum?.bytes ?? usual.maximum),
    maximum: maximum?.bytes ?? Math.max(usual.maximum, standard?.bytes ?? 0),
    ...(isGuessed(sources) ? { guessed: true } : {}),
  };
  const messages: (readonly [message: string, expected: string])[] = [];
  for (const found of [standard, maximum]) {
    if (found === null || found.bytes >= LEAST_MEMORY) continue;
    messages.push([`${found.origin} is ${found.bytes} bytes`, "at least 6MB, the engine's own minimum"]);
  }
  if (standard !== null && maximum !== null && standard.bytes > maximum.bytes) {
    const text = `${maximum.origin} is ${formatBytes(maximum.bytes)}, less than ${standard.origin}, ${formatBytes(standard.bytes)}`;
    messages.push([text, 'standard ≤ maximum']);
  }
  const key = `services.${compose.name}`;
  return { memory, problems: messages.map(([message, expected]) => ({ ...compose.position, key, message, expected, nearest: null })) };
}
