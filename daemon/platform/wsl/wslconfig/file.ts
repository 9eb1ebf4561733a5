import type { Calls } from '../../../files/write-whole.js';
import type { Ms } from '../../../shared/span.js';
import { type ChangedFile, readChanged, saveChanged } from '../changed-file.js';
import { type DecodedText, decodeText } from './encoding.js';
import { type Diagnostic, readConfig, type WslConfig } from './read.js';

/** A `.wslconfig` as it stood when it was read. */
export interface ConfigFile extends ChangedFile {
  readonly decoded: DecodedText;
  readonly config: WslConfig;
  readonly diagnostics: readonly Diagnostic[];
}

/** Fails with config-invalid when something is there that cannot be read as such a file. */
export function loadConfig(path: string): ConfigFile {
  const read = readChanged(path, '--wslconfig FILE names another one.');
  const decoded = decodeText(read.bytes ?? Buffer.alloc(0));
  const config = readConfig(decoded.text);
  const { fault } = decoded;
  const whole: Diagnostic[] = fault ? [{ line: 1, kind: 'encoding', message: fault.message, fix: null, change: null }] : [];
  return { ...read, decoded, config, diagnostics: [...whole, ...config.diagnostics] };
}

/** Replaces the file by this text, as `saveChanged` does. Returns the path of the backup, or null when there was no file. */
export function saveConfig(config: ConfigFile, text: string, history: string, preset: string, now: Ms, calls?: Calls): string | null {
  const [backup = null] = saveChanged([{ ...config, after: config.decoded.encode(text) }], history, preset, now, calls);
  return backup;
}
