import type { LiveWindows } from '../api/live.js';

export type WindowsAnswer =
  | { readonly windows: Omit<LiveWindows, 'at'>; readonly fault: null }
  /** In words: why it could not be asked. */
  | { readonly windows: null; readonly fault: string };

/**
 * Asks Windows what is free there, and what it holds for WSL's machines; null: this is no WSL2. It starts a PowerShell, which takes about a second
 * and at most ten. Never rejects.
 */
export type WindowsMemory = () => Promise<WindowsAnswer | null>;
