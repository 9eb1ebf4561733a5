import type { WindowsAnswer } from '../../ports/windows-memory.js';
import type { Bytes } from '../../shared/bytes.js';
import type { Host } from './programs.js';
import { readVm, type Vm } from './vm.js';
import { askWindows, drivesMount } from './windows.js';

/** Memory of the VM as its kernel counts it. */
export interface VmMemory {
  readonly total: Bytes;
  /** MemTotal − MemAvailable: what cannot be had back without swapping or killing. */
  readonly used: Bytes;
  /** Cached and Buffers. */
  readonly cache: Bytes;
  readonly free: Bytes;
}

/** Both sides of WSL's memory at one moment. `answer`: of Windows, null where this is no WSL2. */
export interface BothSides {
  readonly vm: Pick<Vm, 'kind' | 'kernel'> & { readonly memory: VmMemory };
  readonly answer: WindowsAnswer | null;
}

/**
 * Asks Windows what is free there and what it holds for WSL's machines, and reads what this VM does with it. One PowerShell, some 700 ms, at most
 * 10 s; none where this is no WSL2 or interop is off. `cache`: file of askWindows. Never rejects. Unverified on a real host.
 */
export async function lookAtBothSides(host: Host, cache: string): Promise<BothSides> {
  const { kind, interop } = readVm(host);
  const answer = kind === 'wsl2' ? await askNow(host, interop, cache) : null;
  // Read after the answer, which may have taken seconds: both figures are of one moment.
  const { kernel, memory } = readVm(host);
  const { total, available, cached, free } = memory;
  return { vm: { kind, kernel, memory: { total, used: Math.max(0, total - available), cache: cached, free } }, answer };
}

async function askNow(host: Host, interop: boolean, cache: string): Promise<WindowsAnswer> {
  if (!interop) return { windows: null, fault: 'interop is off' };
  const { windows, fault } = await askWindows(host, drivesMount(host), cache, true);
  if (windows === null) return { windows, fault };
  const { total, free, machines } = windows;
  return { windows: { total, free, machines }, fault: null };
}
