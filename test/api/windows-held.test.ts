import { expect, it } from 'vitest';
import type { LiveMachine } from '../../daemon/api/live.js';
import { heldOf } from '../../daemon/api/windows-held.js';

const machine = (text: string): LiveMachine => {
  const [name = '', memory = ''] = text.split(' ');
  return { name, memory: memory === '' ? null : Number(memory), since: null };
};

it.each<[string, readonly string[], readonly [wsl: number | null, wslc: number | null, together: number | null]]>([
  ['WSL alone', ['vmmemWSL 7'], [7, 0, null]],
  ['in any case, as Windows 11 shows it', ['VmmemWSL 7'], [7, 0, null]],
  ['with .exe', ['vmmemWSL.exe 7'], [7, 0, null]],
  ['WSL and two sessions of wslc', ['vmmemwslc-cli-me 1', 'vmmemWSL 7', 'vmmemwslc-cli-admin-me 2'], [7, 3, null]],
  ['a session that cannot be read', ['vmmemwslc-cli-me', 'vmmemWSL 7', 'vmmemwslc-cli-you 2'], [7, null, null]],
  ["WSL's cannot be read", ['vmmemWSL', 'vmmemwslc-cli-me 2'], [null, 2, null]],
  ['a machine of Hyper-V and that of Android beside it', ['vmmemWSL 7', 'vmmem 4', 'vmmemWSA 3'], [7, 0, null]],
  ['Windows 10, one machine: the one that this runs in', ['vmmem 7'], [7, 0, null]],
  ['Windows 10, several: they cannot be told apart', ['vmmem 7', 'vmmem 1'], [null, null, 8]],
  ['Windows 10, one that cannot be read', ['vmmem 7', 'vmmem'], [null, null, null]],
  ['wslc alone', ['vmmemwslc-cli-me 2'], [null, 2, null]],
  ['only others', ['vmmemWSA 3', 'vmmemCmZygote 1'], [null, null, null]],
  ['none listed', [], [null, null, null]],
])('%s', (_, machines, [wsl, wslc, together]) => {
  expect(heldOf(machines.map(machine))).toEqual({ wsl, wslc, together });
});
