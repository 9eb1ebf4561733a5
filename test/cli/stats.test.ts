import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Cli, Options } from '../../daemon/cli/cli.js';
import { statsVerb } from '../../daemon/cli/commands/services/stats.js';
import { rateText, renderStats } from '../../daemon/cli/render/stats.js';
import { onKeys, RedrawnScreen } from '../../daemon/cli/screen.js';
import { printable } from '../../daemon/ui/shared/own.js';
import { LIVE } from '../scheduler/live.js';
import { MB } from '../server/harness.js';
import { change, liveService, stage, USAGE } from '../server/stage.js';
import { capture, PLAIN, testCli } from './harness.js';

const ASLEEP = { state: 'asleep', health: 'none', usage: null, since: null } as const;
const SERVICES = [
  liveService('db', {
    ...ASLEEP,
    memory: { standard: 256 * MB, grant: 0, maximum: 512 * MB, workingSet: null },
  }),
  liveService('api', { stopsIn: 90_000, usage: { ...USAGE, netIn: 1_200, netOut: 0, blockIn: 3 * MB, blockOut: 40_000 } }),
  liveService('new', { usage: { ...USAGE, cpu: null, netIn: null, netOut: null, blockIn: null, blockOut: null, pids: null } }),
];

/** A terminal's keys under a test's hand. */
class Keyboard extends PassThrough {
  readonly isTTY = true;
  raw = false;
  setRawMode(on: boolean): this {
    this.raw = on;
    return this;
  }
}
const asStdin = (keyboard: Keyboard) => keyboard as unknown as NodeJS.ReadStream;

async function against(services = SERVICES, options: Options = {}, parts: Partial<Cli> = {}) {
  const daemon = await stage(services);
  return { daemon, ...testCli(daemon.socket, options, parts) };
}

describe('the table', () => {
  it('has a row a service, and the budget and the machine below', () => {
    const live = {
      ...LIVE,
      services: SERVICES,
      budget: { budget: 8192 * MB, granted: 1024 * MB, standard: 512 * MB, workingSet: 200 * MB },
    };
    expect(renderStats(live, { projects: false, width: 120, colours: PLAIN }).join('\n')).toMatchInlineSnapshot(`
      "NAME  STATE        MEMORY   %   CPU  NET IN/OUT  DISK IN/OUT  PIDS  STOPS IN
      api   running  100/512 MB  20  3.5%      1.2k/0     3.0M/39k     7  1 m 30 s
      db    asleep            -   -     -           -            -     -         -
      new   running  100/512 MB  20     -           -            -     -         -

      1 GB of 8 GB granted, 200 MB in use; 8 GB of 16 GB available"
    `);
  });

  it('says under which pressure the machine is, and of which project a service is', () => {
    const live = { ...LIVE, host: { ...LIVE.host, pressure: 'hard' as const }, services: SERVICES.slice(0, 1) };
    const lines = renderStats(live, { projects: true, width: 120, colours: PLAIN });
    expect(lines[1]).toMatch(/^shop +db +asleep +- +- +- +- +- +- +-$/);
    expect(lines.at(-1)).toContain('; hard pressure');
  });

  it.each([[0, '0'], [900.4, '900'], [1_229, '1.2k'], [34 * 1024, '34k'], [5.6 * MB, '5.6M'], [420 * MB, '420M']])('%d bytes a second are %s', (bytes, text) => {
    expect(rateText(bytes)).toBe(text);
  }); // biome-ignore format: a table
});

describe('stats', () => {
  it('elsewhere than on a terminal: one table, as soon as all that runs has been measured twice', async () => {
    const { cli, out, daemon } = await against([liveService('api', { usage: null })]);
    const code = statsVerb.run(cli, []);
    await expect.poll(() => daemon.watched().length).toBe(1);
    daemon.paint(change('api', { usage: { ...USAGE, cpu: null } }));
    daemon.paint(change('api', { usage: USAGE, crashes: 1 }));
    expect(await code).toBe(0);
    expect(out.text()).toMatch(/^NAME .*\napi +running +100\/512 MB +20 +3\.5%/);
    await expect.poll(() => daemon.watched()).toEqual([]);
  });

  it('--json --no-stream: one envelope, with the services that were named', async () => {
    const { cli, out } = await against([liveService('api'), liveService('db')], { json: true, stream: false });
    expect(await statsVerb.run(cli, ['db'])).toBe(0);
    const { ok, data } = JSON.parse(out.text());
    expect([ok, Object.keys(data), data.services]).toEqual([true, ['at', 'budget', 'host', 'services'], [liveService('db')]]);
  });

  it('--json: a line a snapshot until ctrl-C', async () => {
    const { cli, out, cancel, daemon } = await against(SERVICES, { json: true });
    const code = statsVerb.run(cli, []);
    await expect.poll(() => out.text().split('\n').length).toBe(2);
    daemon.paint(change('api', { state: 'failed' }));
    await expect.poll(() => out.text()).toContain('"failed"');
    cancel();
    expect(await code).toBe(130);
    const snapshots = out.text().trimEnd().split('\n').map(line => JSON.parse(line)); // biome-ignore format: short
    expect(snapshots.map(({ services }) => services.length)).toEqual([3, 3]);
  });

  it('names the nearest service when there is no such, and says when the daemon is gone', async () => {
    const { cli, daemon } = await against();
    await expect(statsVerb.run(cli, ['apii'])).rejects.toThrow('There is no service apii in this project. Did you mean api?');
    await daemon.stop();
    await expect(statsVerb.run(cli, [])).rejects.toMatchObject({ failure: { code: 'daemon-unavailable' } });
  });

  it('on a terminal: a live table until q, which leaves the terminal as it was with the last snapshot on it', async () => {
    const keyboard = new Keyboard();
    const screen = capture(true);
    const { cli, daemon } = await against(SERVICES, {}, { out: screen, stdin: asStdin(keyboard) });
    const code = statsVerb.run(cli, []);
    await expect.poll(() => screen.text()).toContain('q: quit');
    expect([keyboard.raw, screen.text().startsWith('\u001b[?2026h\u001b[?1049h\u001b[?25l')]).toEqual([true, true]);
    daemon.paint(change('api', { state: 'failed' }));
    await expect.poll(() => screen.text()).toContain('failed');
    keyboard.write('xq');
    expect(await code).toBe(0);
    expect(keyboard.raw).toBe(false);
    const after = screen.text().slice(screen.text().indexOf('\u001b[?25h\u001b[?1049l') + '\u001b[?25h\u001b[?1049l'.length);
    expect(after).toMatch(/^NAME.*failed.*available\n$/s);
    expect(after).not.toContain('\u001b');
  });

  it('on a terminal that is too low for all: says how many more there are', async () => {
    const keyboard = new Keyboard();
    const screen = capture(true);
    const services = Array.from({ length: 30 }, (_, at) => liveService(`s${at + 10}`));
    const { cli } = await against(services, {}, { out: screen, stdin: asStdin(keyboard) });
    const code = statsVerb.run(cli, []);
    await expect.poll(() => screen.text()).toContain('q: quit');
    // 24 rows: a header, 17 services, and 13 more.
    expect(screen.text()).toContain('\u001b[18;1Hs26');
    expect(screen.text()).toContain('\u001b[19;1H… 13 more\u001b[K\u001b[20;1H\u001b[K\u001b[21;1H0 MB of 8 GB granted');
    keyboard.write('q');
    await code;
  });

  it('ctrl-C ends it with 130, as a key and as a signal; a daemon that goes leaves the terminal whole too', async () => {
    const ends: ((parts: { keyboard: Keyboard; cancel: () => void; stop: () => Promise<void> }) => unknown)[] = [
      ({ keyboard }) => keyboard.write('\u0003'),
      ({ cancel }) => cancel(),
      ({ stop }) => stop(),
    ];
    const found: unknown[] = [];
    for (const end of ends) {
      const keyboard = new Keyboard();
      const screen = capture(true);
      const { cli, cancel, daemon } = await against(SERVICES, {}, { out: screen, stdin: asStdin(keyboard) });
      const code = statsVerb.run(cli, []).catch(error => error.failure.code);
      await expect.poll(() => screen.text()).toContain('q: quit');
      end({ keyboard, cancel, stop: daemon.stop });
      found.push(await code);
      expect([keyboard.raw, screen.text().includes('\u001b[?25h\u001b[?1049l')]).toEqual([false, true]);
    }
    expect(found).toEqual([130, 130, 'daemon-unavailable']);
  });
});

describe('the screen', () => {
  it('writes lines that changed only, all of them after a resize, and cuts what does not fit', () => {
    let [columns, rows, text] = [10, 4, ''];
    const write = (more: string) => {
      text += printable(more);
    };
    const out = { ...capture(true), columns: () => columns, rows: () => rows, write };
    const screen = new RedrawnScreen(out);
    const written = (lines: readonly string[]) => {
      text = '';
      screen.draw(lines);
      return text;
    };
    expect(written(['one', 'two', 'three', 'four'])).toBe(
      '\u001b[?2026h\u001b[?1049h\u001b[?25l\u001b[2J\u001b[1;1Hone\u001b[K\u001b[2;1Htwo\u001b[K\u001b[3;1Hthree\u001b[K\u001b[?2026l',
    );
    expect(written(['one', 'two', 'three'])).toBe('');
    expect(written(['one', '2'])).toBe('\u001b[?2026h\u001b[2;1H2\u001b[K\u001b[3;1H\u001b[K\u001b[?2026l');
    [columns, rows] = [5, 3];
    expect(written(['one', 'twelve'])).toBe('\u001b[?2026h\u001b[2J\u001b[1;1Hone\u001b[K\u001b[2;1Htwel…\u001b[K\u001b[?2026l');
    screen.close();
    screen.close();
    expect(text.split('\u001b[?1049l')).toHaveLength(2);
  });

  it('takes no keys where the input is no terminal', () => {
    const stdin = new PassThrough();
    onKeys(stdin as unknown as NodeJS.ReadStream, () => undefined)();
    expect(stdin.listenerCount('data')).toBe(0);
  });
});
