import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Bytes } from '../../../shared/bytes.js';
import { isAtLeast } from '../releases.js';
import { parseSize } from '../wslconfig/values.js';
import { loadWslcSettings, type SettingsFile } from './file.js';
import { parseWslcSize } from './settings.js';

/** A session of wslc: a VM of its own beside that of WSL. */
export interface WslcSession {
  readonly name: string;
  /** A swap.vhdx is beside its disk: its VM runs, or it ended in a crash. */
  readonly running: boolean;
  /** What its disk takes on Windows. */
  readonly storage: Bytes;
}

/** WSL's own containers as their files show them: no program is asked, since `wslc list` and `stats` start the VM. Unverified on a real host. */
export interface Wslc {
  /** %LOCALAPPDATA%\wslc as it is seen from here. */
  readonly folder: string;
  readonly settings: SettingsFile;
  /** As settings.yaml has it; null: the default, half of the host. */
  readonly memory: { readonly value: Bytes; readonly line: number } | null;
  /** Empty: it was never used, or only its settings were opened. */
  readonly sessions: readonly WslcSession[];
}

/** Reads the folder of a user of Windows (`home`); null: there is none. `local`: the place here of a path of Windows. `version`: of WSL; null: not known. */
export function readWslc(home: string, local: (path: string) => string | null, version: string | null): Wslc | null {
  const folder = join(home, 'AppData/Local/wslc');
  if (!existsSync(folder)) return null;
  const settings = loadWslcSettings(join(folder, 'settings.yaml'));
  const { effective } = settings.settings;
  const memory = effective.get('session.memorySize');
  const isRead = memory !== undefined && (version === null || isAtLeast(version, [2, 9, 8]) || parseSize(memory.value) !== null);
  const value = isRead ? parseWslcSize(memory.value) : null;
  const elsewhere = effective.get('session.storagePath')?.value;
  const moved = elsewhere === undefined ? null : local(elsewhere);
  const folders = [folder, ...(moved === null ? [] : [join(moved, 'wslc')])];
  const sessions = folders.flatMap(each => sessionsIn(join(each, 'sessions')));
  return { folder, settings, memory: memory && value !== null ? { value, line: memory.line } : null, sessions };
}

function sessionsIn(folder: string): WslcSession[] {
  try {
    return readdirSync(folder).sort().flatMap(name => {
      const disk = statSync(join(folder, name, 'storage.vhdx'), { throwIfNoEntry: false });
      return disk ? [{ name, running: existsSync(join(folder, name, 'swap.vhdx')), storage: disk.size }] : [];
    }); // biome-ignore format: short
  } catch {
    return [];
  }
}

/** For PowerShell: ends the VM of a session, and its containers with it. */
export function terminateCommand(session: string): string {
  const name = /^[\w.-]+$/.test(session) ? session : `'${session.replaceAll("'", "''")}'`;
  return `wslc --session ${name} system session terminate`;
}

/** VMs of wslc that count: each session has its own. Those that run, and at least one. */
export function wslcVms({ sessions }: Wslc): number {
  return Math.max(1, sessions.filter(({ running }) => running).length);
}

/** What the VM of a session may take: as it is set, else half of the host (`host` null: not known). */
export function wslcLimit({ memory }: Wslc, host: Bytes | null): Bytes | null {
  if (memory) return host === null ? memory.value : Math.min(memory.value, host);
  return host === null ? null : host / 2;
}
