import { describe, expect, it } from 'vitest';
import type { Live, LiveMachine } from '../../../daemon/api/live.js';
import { GiB, MiB } from '../../../daemon/shared/bytes.js';
import { widthOf } from '../../../daemon/ui/terminal/text/width.js';
import { ASCII, Player } from './player.js';
import { live, snapshot } from './sample-screens.js';

const machine = (name: string, memory: number | null): LiveMachine => ({ name, memory, since: null });
const WSL = machine('vmmemWSL', 10.4 * GiB);
const WSLC = machine('vmmemwslc-cli-me', 920 * MiB);
const windows = (...machines: readonly LiveMachine[]) => ({ windows: { at: 0, total: 15.7 * GiB, free: 3.1 * GiB, machines } });

/** The line of the host on a screen of so many columns. */
function line(columns: number, more: Partial<Live['host']>, capabilities?: typeof ASCII): string {
  const base = live();
  const player = new Player({ columns, rows: 24 }, [{ kind: 'frame', frame: snapshot({ ...base, host: { ...base.host, ...more } }) }]);
  const row = player.rows(capabilities)[2] ?? [];
  expect(row.reduce((sum, { text }) => sum + widthOf(text), 0)).toBeLessThanOrEqual(columns);
  return row.map(({ text }) => text).join('').trimEnd(); // biome-ignore format: one line
}

const all = (more: Partial<Live['host']>) => `\n${[60, 80, 120, 200].map(columns => line(columns, more)).join('\n')}\n`;

describe('what Windows sees, in the line of the VM', () => {
  it('stands behind what the VM uses; what does not fit goes from the end, that there is no pressure first', () => {
    expect(all(windows(WSL))).toMatchInlineSnapshot(`
      "
       WSL VM ███████████░░░░ 9.1G/12G used  Windows 3.1G free
       WSL VM ███████████████░░░░░ 9.1G/12G used  Windows 3.1G free  VmmemWSL 10.4G
       WSL VM ███████████████████████░░░░░░░ 9.1G of 12G used · Windows 3.1G free · VmmemWSL 10.4G · no pressure · PSI 0.4/0.1
       WSL VM ██████████████████████████████████████░░░░░░░░░░░░ 9.1G of 12G used · Windows 3.1G free · VmmemWSL 10.4G · no pressure · PSI 0.4/0.1 · CPU 23% of 8 · swap 205M/4G · load 1.2 0.9 0.7
      "
    `);
  });

  it('with a machine of containers', () => {
    expect(all(windows(WSL, WSLC))).toMatchInlineSnapshot(`
      "
       WSL VM ███████████░░░░ 9.1G/12G used  Windows 3.1G free
       WSL VM ███████████████░░░░░ 9.1G/12G used  Windows 3.1G free  VmmemWSL 10.4G
       WSL VM ███████████████████████░░░░░░░ 9.1G of 12G used · Windows 3.1G free · VmmemWSL 10.4G · wslc 920M · no pressure
       WSL VM ██████████████████████████████████████░░░░░░░░░░░░ 9.1G of 12G used · Windows 3.1G free · VmmemWSL 10.4G · wslc 920M · no pressure · PSI 0.4/0.1 · CPU 23% of 8 · swap 205M/4G
      "
    `);
  });

  it('pressure does not give way', () => {
    expect(all({ ...windows(WSL, WSLC), pressure: 'hard' })).toMatchInlineSnapshot(`
      "
       WSL VM ███████████░░░░ 9.1G/12G used  ▲▲ HARD pressure
       WSL VM ███████████████░░░░░ 9.1G/12G used  ▲▲ HARD pressure  Windows 3.1G free
       WSL VM ███████████████████████░░░░░░░ 9.1G of 12G used · ▲▲ HARD pressure · Windows 3.1G free · VmmemWSL 10.4G
       WSL VM ██████████████████████████████████████░░░░░░░░░░░░ 9.1G of 12G used · ▲▲ HARD pressure · Windows 3.1G free · VmmemWSL 10.4G · wslc 920M · PSI 0.4/0.1 · CPU 23% of 8 · swap 205M/4G
      "
    `);
  });

  it('fits 80 columns with the longest figures of a laptop', () => {
    const host = { ...windows(machine('vmmemWSL', 13.4 * GiB)), total: 15.6 * GiB, available: 3.1 * GiB };
    expect(line(80, host)).toMatchInlineSnapshot(`" WSL VM ████████████████░░░░ 12.5G/15.6G used  Windows 3.1G free  VmmemWSL 13.4G"`);
  });

  it('where Windows calls every machine the same, all of them together', () => {
    expect(line(80, windows(machine('vmmem', 6 * GiB), machine('vmmem', GiB)))).toMatchInlineSnapshot(
      `" WSL VM ███████████████░░░░░ 9.1G/12G used  Windows 3.1G free  vmmem 7G"`,
    );
  });

  it('in ASCII, without a colour', () => {
    expect(line(120, { ...windows(WSL, WSLC), pressure: 'soft' }, ASCII)).toMatchInlineSnapshot(
      `" WSL VM #######################....... 9.1G of 12G used - ^ soft pressure - Windows 3.1G free - VmmemWSL 10.4G"`,
    );
    expect(line(120, windows(WSL, WSLC), ASCII)).toMatch(/^[\x20-\x7e]*$/);
  });

  it('what is not known is not there: a memory that cannot be read, a list that is empty', () => {
    for (const machines of [[machine('vmmemWSL', null)], []])
      expect(line(200, windows(...machines))).toBe(line(200, {}).replace(' used · ', ' used · Windows 3.1G free · '));
  });

  it.each([60, 80, 120, 200])('at %i columns nothing is changed where nothing is known, nor on a host of its own', columns => {
    expect(line(columns, { windowsFault: 'interop is off' })).toBe(line(columns, {}));
    expect(line(columns, { wsl: false })).toBe(line(columns, {}).replace(' WSL VM', ' host  '));
  });
});
