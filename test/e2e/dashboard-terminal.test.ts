import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { BIN } from './support/cli.js';
import { type Home, home } from './support/home.js';
import { openSession, type Place, type Session } from './support/session.js';

const SCRIPT = fileURLToPath(new URL('../../scripts/monitor-resources.sh', import.meta.url));
const DIST = new URL('../../dist/', import.meta.url).href;

let own: Home;
beforeAll(async () => {
  own = await home();
});
afterAll(() => own?.close());

/** Ended with the test. */
function session(file: string, args: readonly string[], where: Place): Session {
  const opened = openSession(file, args, where);
  onTestFinished(() => opened.kill());
  return opened;
}

const place = () => ({ cwd: own.root, env: own.env });
const dashboard = () => session(process.execPath, [BIN, 'dashboard'], place());

/** A shell with job control in which `laptop-dev` is the program under test. */
async function shell(): Promise<Session> {
  const opened = session('bash', ['--norc', '--noprofile', '-i'], place());
  opened.type(`PS1='ready> '; laptop-dev() { "${process.execPath}" "${BIN}" "$@"; }\r`);
  await opened.until(/^ready> $/m);
  return opened;
}

/** What a person is left with: main screen, cursor shown, no mouse, no brackets round pastes, lines wrapped. */
function expectRestored({ screen, output }: Session): void {
  expect(screen.isAlternate).toBe(false);
  expect(screen.modes).toMatchObject({ mouseTrackingMode: 'none', wraparoundMode: true, synchronizedOutputMode: false });
  expect(output().lastIndexOf('\u001b[?25h')).toBeGreaterThan(output().lastIndexOf('\u001b[?25l'));
  expect(output().lastIndexOf('\u001b[?2004l')).toBeGreaterThan(-1);
}

describe('the dashboard without a daemon', () => {
  it('opens, says so, and can be left', async () => {
    const opened = dashboard();
    await opened.until('daemon');
    expect(opened.screen.isAlternate).toBe(true);
    opened.type('q');
    expect(await opened.ended).toBe(0);
    expectRestored(opened);
  });

  it('is what laptop-dev alone opens on a terminal', async () => {
    const opened = session(process.execPath, [BIN], place());
    await opened.until('daemon');
    expect(opened.screen.isAlternate).toBe(true);
    opened.type('\u0003');
    expect(await opened.ended).toBe(0);
  });

  it('needs a terminal; laptop-dev alone shows help without one', async () => {
    const { code, stderr } = await own.cli(['dashboard']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('The dashboard needs a terminal')]);
    const alone = await own.cli([]);
    expect([alone.code, alone.stdout]).toEqual([0, expect.stringContaining('Usage: laptop-dev')]);
    const script = spawn(SCRIPT, { cwd: own.root, env: own.env, stdio: ['ignore', 'ignore', 'pipe'] });
    const said = text(script.stderr);
    expect((await once(script, 'close'))[0]).toBe(2);
    expect(await said).toContain('The dashboard needs a terminal');
  });

  it('does not draw on a dumb terminal', async () => {
    const opened = session('sh', ['-c', `TERM=dumb "${process.execPath}" "${BIN}" dashboard`], place());
    expect(await opened.ended).toBe(2);
    expect(opened.screen.rows().join('\n')).toContain('a terminal of type dumb cannot show it');
  });
});

describe('the terminal', () => {
  it('is as it was before: settings, modes, and what had scrolled back', async () => {
    const opened = await shell();
    opened.type('for i in 1 2 3 4 5 6 7 8 9; do echo "$i$i$i$i"; echo; echo; echo; done\r');
    await opened.until('9999');
    const above = opened.screen.scrolledBack();
    opened.type('before=$(stty -g); laptop-dev; code=$?; [ "$before" = "$(stty -g)" ] && echo "same $code"\r');
    await opened.until(screen => screen.isAlternate);
    await opened.until('q quit');
    opened.type('q');
    await opened.until('same 0');
    expectRestored(opened);
    expect(opened.screen.scrolledBack()).toBeLessThanOrEqual(above + 3);
    expect(opened.screen.rows().join('\n')).toContain('9999');
  });

  it('is clean after ctrl-z, and the dashboard is there again after fg', async () => {
    const opened = await shell();
    opened.type('laptop-dev\r');
    await opened.until('q quit');
    for (let round = 0; round < 3; round++) {
      opened.type('\u001a');
      await opened.until(/Stopped[^>]*\n.*ready> $/m);
      expectRestored(opened);
      opened.type(`echo cooked-$((${round} + 1))\r`);
      await opened.until(`\ncooked-${round + 1}`);
      opened.type('clear; fg\r');
      await opened.until(screen => screen.isAlternate && screen.rows().join('\n').includes('q quit'));
    }
    opened.resize(80, 20);
    await opened.until(screen => screen.rows().length === 20 && (screen.rows()[18] ?? '').includes('quit'));
    opened.type('q');
    await opened.until(/ready> $/m);
    expectRestored(opened);
  });

  it('is drawn anew after another program has stopped and continued it', async () => {
    const opened = dashboard();
    await opened.until('q quit');
    process.kill(opened.pid, 'SIGSTOP');
    await opened.screen.write('\u001b[2J\u001b[?1049l\u001b[?25h');
    process.kill(opened.pid, 'SIGCONT');
    await opened.until(screen => screen.isAlternate && screen.rows().join('\n').includes('q quit'));
    opened.type('q');
    expect(await opened.ended).toBe(0);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 130],
    ['SIGHUP', 0],
  ] as const)('is restored after %s', async (signal, code) => {
    const opened = dashboard();
    await opened.until('q quit');
    process.kill(opened.pid, signal);
    expect(await opened.ended).toBe(code);
    expectRestored(opened);
  });

  it.each([
    [
      'throws in the middle of a frame',
      `view: () => { if (++frames > 2) throw new Error('planted'); return [[{ text: 'frame ' + frames, style: 'plain' }]]; }`,
    ],
    [
      'throws where nobody catches it',
      `view: () => { setTimeout(() => { throw new Error('planted'); }, 20); return [[{ text: 'frame', style: 'plain' }]]; }`,
    ],
    [
      'leaves a rejection unhandled',
      `view: () => { void Promise.reject(new Error('planted')); return [[{ text: 'frame', style: 'plain' }]]; }`,
    ],
  ])('is restored when the dashboard %s', async (_, view) => {
    const program = `
      import { Client } from '${DIST}client/client.js';
      import { runDashboard } from '${DIST}ui/terminal/run.js';
      let frames = 0;
      const machine = { begin: () => ({}), update: dash => ({ dash, effects: [] }), ${view} };
      const options = { client: new Client('/nonexistent'), env: process.env, ascii: false, mouse: true, every: 1000, shell: async () => 0 };
      await runDashboard(machine, { ...options, cancelled: new AbortController().signal }).catch(error => {
        console.log('caught: ' + error.message);
        process.exit(9);
      });`;
    const opened = session(process.execPath, ['--input-type=module', '-e', program], place());
    expect(await opened.ended).toBe(9);
    expect(opened.output()).toContain('\u001b[?1049h');
    expectRestored(opened);
    expect(opened.screen.rows().join('\n')).toContain('caught: planted');
  });

  it('that goes away ends it', async () => {
    const opened = dashboard();
    await opened.until('q quit');
    const { pid } = opened;
    opened.hangUp();
    await opened.ended;
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});

it('draws nothing but ASCII where the locale or the user says so', async () => {
  for (const [args, env] of [
    [['--ascii'], {}],
    [[], { LC_ALL: 'C' }],
  ] as const) {
    const opened = session(process.execPath, [BIN, 'dashboard', ...args], { cwd: own.root, env: { ...own.env, ...env } });
    await opened.until('q quit');
    opened.type('q');
    await opened.ended;
    expect([...opened.output()].filter(character => character > '\u007f')).toEqual([]);
  }
});

it('has no colour under NO_COLOR', async () => {
  const opened = session(process.execPath, [BIN, 'dashboard'], { cwd: own.root, env: { ...own.env, NO_COLOR: '1' } });
  await opened.until('q quit');
  opened.type('q');
  await opened.ended;
  const used = [...opened.output().matchAll(/\[([\d;]*)m/g)].flatMap(([, sgr = '']) => sgr.split(';'));
  expect(used.filter(part => !['', '1', '2', '4', '7'].includes(part))).toEqual([]);
});
