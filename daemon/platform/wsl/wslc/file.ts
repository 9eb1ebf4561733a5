import { type ChangedFile, readChanged } from '../changed-file.js';
import { type DecodedText, decodeText } from '../wslconfig/encoding.js';
import { readWslcSettings, type WslcSettings } from './settings.js';

/** A settings.yaml of wslc as it stood when it was read. */
export interface SettingsFile extends ChangedFile {
  readonly decoded: DecodedText;
  readonly settings: WslcSettings;
}

/** Fails with config-invalid when something is there that cannot be read as such a file. */
export function loadWslcSettings(path: string): SettingsFile {
  const read = readChanged(path, 'wslc settings, in PowerShell, opens it.');
  const decoded = decodeText(read.bytes ?? Buffer.alloc(0));
  return { ...read, decoded, settings: readWslcSettings(decoded.text) };
}
