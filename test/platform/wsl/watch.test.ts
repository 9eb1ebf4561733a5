import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Options } from '../../../daemon/cli/cli.js';
import { wslWatchVerb } from '../../../daemon/cli/commands/wsl/watch.js';
import { findPaths } from '../../../daemon/files/paths.js';
import type { StartProgram } from '../../../daemon/platform/wsl/programs.js';
import { GiB } from '../../../daemon/shared/bytes.js';
import { capture, testCli } from '../../cli/harness.js';
import { runOn } from './run-cli.js';
import { type Simulated, type SimulatedHost, simulate } from './simulated.js';

const CREATED = '2026-10-04T05:07:04.1234567-05:00';
const WSLC = { name: 'vmmemwslc-cli-me', memory: 0.9, created: CREATED };
const WSL = { name: 'vmmemWSL', memory: 6.5, created: CREATED };

const hosts: SimulatedHost[] = [];
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
  for (const host of hosts.splice(0)) host.remove();
});

function on(parts: Partial<Simulated> = {}): SimulatedHost {
  const host = simulate(parts);
  hosts.push(host);
  return host;
}

/** The verb while it runs on a host. */
function watching(host: SimulatedHost, options: Options = {}, start: StartProgram | undefined = host.start) {
  const { root, env } = host;
  const heard: (() => void)[] = [];
  const out = capture();
  const loud = { ...out, write: (text: string) => { out.write(text); for (const hear of heard.splice(0)) hear(); } }; // biome-ignore format: short
  const paths = findPaths({ LAPTOP_DEV_STATE: host.state }, 1000, root, () => false);
  const { cli, err, cancel } = testCli(paths.socket, options, { env, start, paths, out: loud });
  const ended = wslWatchVerb.run(cli);
  /** Until something more was said. */
  const more = async (text: string) => {
    while (!out.text().includes(text)) await new Promise<void>(resolve => heard.push(resolve));
  };
  return { out, err, cancel, ended, more };
}

const rowsOf = (text: string) => text.split('\n').filter(line => /^\d\d:\d\d:\d\d /.test(line));
const untimed = (text: string) => text.replaceAll(/^\d\d:\d\d:\d\d/gm, 'hh:mm:ss');
const asked = (host: SimulatedHost) => host.calls().split('\n').filter(call => call.startsWith('powershell.exe')).length; // biome-ignore format: short

describe('wsl watch', () => {
  it('--no-stream: one row, each figure with its source', async () => {
    const host = on({ machines: [WSL, WSLC] });
    const { code, out, err } = await runOn(host, 'wsl watch --no-stream');
    expect([code, err]).toEqual([0, '']);
    expect(`\n${untimed(out)}`).toMatchInlineSnapshot(`
      "
      WINDOWS FREE    Win32_OperatingSystem, by PowerShell
      VMMEMWSL, WSLC  Win32_Process, same call: working sets of vmmemWSL, vmmemwslc-*
      VM TOTAL…FREE   /proc/meminfo; USED: MemTotal - MemAvailable; CACHE with Buffers
      UNUSED          VMMEMWSL - USED: Windows holds it, the VM does not use it
      Unverified on a real host: tried on simulated ones only.

      TIME      WINDOWS FREE  VMMEMWSL   WSLC  VM TOTAL   USED  CACHE   FREE  UNUSED
      hh:mm:ss            3G      6.5G   922M      7.8G   3.9G   1.6G   1.9G    2.6G
      "
    `);
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('a row at once, one a minute after it, and 130 at ctrl-C', async () => {
    const host = on();
    const { out, err, cancel, ended, more } = watching(host);
    await more(' 6.5G');
    expect([rowsOf(out.text()).length, asked(host)]).toEqual([1, 1]);
    writeFileSync(join(host.root, 'proc/meminfo'), 'MemTotal: 8000000 kB\nMemFree: 1000000 kB\nMemAvailable: 2097152 kB\n');
    await vi.advanceTimersByTimeAsync(59_999);
    expect(asked(host)).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    await more('5.6G');
    expect([rowsOf(out.text()).length, asked(host)]).toEqual([2, 2]);
    const [titles = '', ...rows] = out.text().split('\n').filter(line => /^(TIME|\d\d:)/.test(line)); // biome-ignore format: short
    expect(rows.map(row => row.length)).toEqual([titles.length, titles.length]);
    expect(out.text().match(/TIME/g)).toHaveLength(1);
    cancel();
    expect([await ended, err.text(), vi.getTimerCount()]).toEqual([130, '', 0]);
  });

  it('--every, and no row for what is not over', async () => {
    const host = on();
    const { out, cancel, ended, more } = watching(host, { every: 120_000 });
    await more(' 6.5G');
    await vi.advanceTimersByTimeAsync(119_999);
    expect(asked(host)).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(asked(host)).toBe(2);
    cancel();
    expect(await ended).toBe(130);
    expect(rowsOf(out.text()).length).toBeLessThanOrEqual(2);
  });

  it('a PowerShell that hangs does not hold up ctrl-C', async () => {
    const { cancel, ended, out } = watching(on(), {}, () => new Promise(() => {}));
    cancel();
    expect([await ended, out.text(), vi.getTimerCount()]).toEqual([130, '', 0]);
    const one = watching(on(), { stream: false }, () => new Promise(() => {}));
    one.cancel();
    expect(await one.ended).toBe(130);
  });

  it('--json: one object a line', async () => {
    const host = on({ machines: [WSL, WSLC] });
    const { out, cancel, ended, more } = watching(host, { json: true });
    await more('\n');
    await vi.advanceTimersByTimeAsync(60_000);
    while (out.text().split('\n').length < 3) await more('\n');
    cancel();
    expect(await ended).toBe(130);
    const [first, second] = out.text().trim().split('\n').map(line => JSON.parse(line)); // biome-ignore format: short
    expect(second.at).toBeGreaterThanOrEqual(first.at);
    expect(first).toMatchObject({
      windows: { free: 3 * GiB, machines: [{ name: 'vmmemWSL', memory: 6.5 * GiB, since: Date.parse('2026-10-04T10:07:04.123Z') }, {}] },
      windowsFault: null,
      held: { wsl: 6.5 * GiB, wslc: Math.round(0.9 * GiB), together: null },
      unused: 6.5 * GiB - first.vm.used,
    });
    expect(first.vm.used).toBeGreaterThan(3 * GiB);
    const one = await runOn(host, 'wsl watch --no-stream --json');
    expect(JSON.parse(one.out)).toMatchObject({ ok: true, data: { held: { wsl: 6.5 * GiB } } });
  });

  it.each<[string, Partial<Simulated>, RegExp, RegExp]>([
    ['interop off', { interop: false }, /^\S+ +- +- +- +7\.8G +3\.9G +1\.6G +1\.9G +-$/m, /^Windows could not be asked: interop is off\. It is asked again/],
    ['PowerShell fails', { powershell: 'fails' }, /^\S+ +- +- +- +7\.8G /m, /could not be asked: powershell\.exe failed \(3\)/],
    ['no list', { machines: [] }, /^\S+ +3G +- +- +7\.8G .* -$/m, /^PowerShell lists no virtual machine/],
    ['not readable', { machines: [{ ...WSL, memory: null }] }, /^\S+ +3G +- +0 +7\.8G .* -$/m, /^Windows lists vmmemWSL, but not how much/],
    ['wslc not readable', { machines: [WSL, { ...WSLC, memory: null }] }, /^\S+ +3G +6\.5G +- +7\.8G .* 2\.6G$/m, /^Windows lists wslc's machine, but/],
    ['Windows 10', { machines: [{ ...WSL, name: 'vmmem' }, { ...WSLC, name: 'vmmem' }] }, /^\S+ +3G +7\.4G +- .* -$/m, /^This Windows calls each machine vmmem/],
    ['Windows 10, one machine', { machines: [{ ...WSL, name: 'vmmem' }] }, /^\S+ +3G +6\.5G +0 .* 2\.6G$/m, /^$/],
    ['paged out', { machines: [{ ...WSL, memory: 2 }] }, /^\S+ +3G +2G +0 .* -1\.9G$/m, /^$/],
  ])('%s', async (_, parts, row, said) => {
    const { code, out, err } = await runOn(on(parts), 'wsl watch --no-stream');
    expect(code).toBe(0);
    expect(out).toMatch(row);
    expect(err).toMatch(said);
  }); // biome-ignore format: a table

  it('a reason is said once, and again only after something else', async () => {
    const host = on();
    let fails = true;
    const start: StartProgram = async (program, args, env, limit) =>
      fails ? { kind: 'not-started', code: 'ENOENT' } : (host.start?.(program, args, env, limit) ?? { kind: 'late' });
    const { out, err, cancel, ended } = watching(host, {}, start);
    const minute = async (rows: number) => {
      await vi.advanceTimersByTimeAsync(rows === 1 ? 0 : 60_000);
      expect(rowsOf(out.text())).toHaveLength(rows);
    };
    await minute(1);
    await minute(2);
    fails = false;
    await minute(3);
    fails = true;
    await minute(4);
    cancel();
    expect(await ended).toBe(130);
    expect(err.text().match(/there is no powershell\.exe/g)).toHaveLength(2);
  });

  it('--quiet says nothing, once', async () => {
    expect(await runOn(on({ interop: false }), 'wsl watch --quiet')).toEqual({ code: 0, out: '', err: '' });
  });

  it.each<[string, Partial<Simulated>, string, number, RegExp]>([
    ['plain Linux', { kind: 'linux' }, '', 4, /This is not WSL2 \(the kernel is 6\.12\.9-amd64\)[\s\S]*→ laptop-dev stats/],
    ['WSL1', { kind: 'wsl1' }, '', 4, /This is not WSL2 \(the kernel is 4\.4\.0-22621-Microsoft\)/],
    ['more than once a minute', {}, ' --every 10s', 2, /--every has to be from 60s to 24h[\s\S]*→ laptop-dev wsl watch --no-stream/],
    ['longer than a timer can be', {}, ' --every 30d', 2, /from 60s to 24h/],
  ])('%s is refused', async (_, parts, options, code, said) => {
    const host = on(parts);
    const answer = await runOn(host, `wsl watch${options}`);
    expect([answer.code, answer.out, host.calls()]).toEqual([code, '', '']);
    expect(answer.err).toMatch(said);
  });
});
