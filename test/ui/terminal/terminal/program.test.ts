import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { FailureError, failure } from '../../../../daemon/shared/failure.js';
import type { DashboardAction, Effect, Input } from '../../../../daemon/ui/terminal/input.js';
import type { Backend } from '../../../../daemon/ui/terminal/terminal/backend.js';
import { Program } from '../../../../daemon/ui/terminal/terminal/program.js';
import { EMPTY_PLAN } from '../../../server/harness.js';
import { FakeTerminal, fakeBackend, heartbeat, notingMachine, Pushed, wordOf } from './support/fakes.js';

const CAPABILITIES = { color: '256', ascii: false } as const;
const ACTION: DashboardAction = { verb: 'stop', project: 'shop', services: ['api'] };

function start(effects?: (input: Input) => readonly Effect[], parts: Partial<Backend> = {}) {
  const terminal = new FakeTerminal();
  const backend = fakeBackend(parts);
  const machine = notingMachine(effects);
  const over = new AbortController();
  const program = new Program({ machine, terminal, backend, capabilities: CAPABILITIES, now: () => 1_000 });
  const ended = program.run(over.signal);
  onTestFinished(async () => {
    over.abort();
    await ended.catch(() => undefined);
  });
  const heard = () =>
    machine
      .inputs()
      .filter(({ kind }) => kind !== 'tick')
      .map(wordOf);
  return { terminal, backend, machine, ended, heard, abort: () => over.abort() };
}

/** The machine asks for this when the key is pressed. */
const on = (name: string, effect: Effect) => (input: Input) => (input.kind === 'key' && input.key.name === name ? [effect] : []);

describe('the program', () => {
  it('draws the first frame when the daemon has answered', async () => {
    const { terminal, backend } = start();
    backend.streams[0]?.push(heartbeat(1));
    await terminal.seen('40x6 frame 1');
    expect(terminal.written).not.toContain('nothing yet');
  });

  it('does not wait for a daemon that is silent', async () => {
    const { terminal } = start();
    await terminal.seen('40x6 nothing yet');
  });

  it('draws a key at once, and many frames together', async () => {
    const { terminal, backend } = start();
    backend.streams[0]?.push(heartbeat(1));
    await terminal.seen('frame 1');
    terminal.type('x');
    expect(terminal.written).toContain('key x');
    for (let seq = 2; seq < 1_000; seq++) backend.streams[0]?.push(heartbeat(seq));
    await terminal.seen('999');
    expect(terminal.written.split('\u001b[?2026h').length).toBeLessThan(30);
  });

  it('ticks while nothing else happens', async () => {
    const { machine } = start();
    await vi.waitFor(() => expect(machine.inputs()).toContainEqual({ kind: 'tick', now: 1_000 }), 10_000);
  });

  it('tells what begins with ESC from ESC alone', async () => {
    const { terminal, heard } = start();
    terminal.type('\u001b');
    await terminal.seen('key escape');
    terminal.type('\u001b[A');
    expect(heard()).toEqual(['key escape', 'key up']);
  });

  it('says once that the daemon is gone, and comes back by itself', async () => {
    const { terminal, backend, heard } = start();
    backend.streams[0]?.push(heartbeat(1));
    await terminal.seen('frame 1');
    const gone = new FailureError(failure('daemon-unavailable', 'gone'));
    backend.streams[0]?.end(gone);
    await terminal.seen('lost gone');
    await vi.waitFor(() => expect(backend.streams).toHaveLength(2), 10_000);
    backend.streams[1]?.end(gone);
    await vi.waitFor(() => expect(backend.streams).toHaveLength(3), 10_000);
    backend.streams[2]?.push(heartbeat(7));
    await terminal.seen('frame 7');
    expect(heard()).toEqual(['frame 1', 'lost gone', 'frame 7']);
  });

  it('repaints all after a resize', async () => {
    const { terminal, heard } = start();
    terminal.current = { columns: 60, rows: 16 };
    terminal.resize();
    await terminal.seen('60x16 resize');
    expect(heard()).toEqual(['resize']);
    expect(terminal.written).toContain('\u001b[16;1H\u001b[J');
  });

  it('gives the terminal back when it is left, asked to end, or hung up', async () => {
    for (const leave of ['key', 'signal', 'end'] as const) {
      const { terminal, ended, abort } = start(on('q', { kind: 'quit' }));
      if (leave === 'key') terminal.type('q');
      if (leave === 'signal') abort();
      if (leave === 'end') terminal.hangUp();
      await ended;
      expect(terminal.history).toEqual(['take', 'give']);
    }
  });

  it('gives the terminal back when the machine breaks, and says why', async () => {
    const { terminal, ended } = start();
    terminal.type('!');
    await expect(ended).rejects.toThrow('broken by a test');
    expect(terminal.history).toEqual(['take', 'give']);
  });

  it('stops on ctrl-z without a stream, and repaints when it goes on', async () => {
    const { terminal, backend, heard } = start(on('ctrl-z', { kind: 'suspend' }));
    backend.streams[0]?.push(heartbeat(1));
    await terminal.seen('frame 1');
    terminal.type('\u001a');
    expect(terminal.history).toEqual(['take', 'give']);
    const { written } = terminal;
    backend.streams[0]?.push(heartbeat(2));
    terminal.wake();
    await vi.waitFor(() => expect(backend.streams).toHaveLength(2));
    await terminal.seen('40x6 resize');
    expect(terminal.history).toEqual(['take', 'give', 'take']);
    expect(terminal.written.slice(written.length)).toContain('\u001b[1;1H\u001b[2K');
    expect(heard()).toEqual(['frame 1', 'key ctrl-z', 'resize']);
  });

  it('lends the terminal to a shell, draws nothing meanwhile, and tells how it ended', async () => {
    let end: (code: number) => void = () => undefined;
    const shell = () =>
      new Promise<number>(resolve => {
        end = resolve;
      });
    const { terminal, backend } = start(on('e', { kind: 'shell', project: 'shop', service: 'api' }), { shell });
    backend.streams[0]?.push(heartbeat(1));
    await terminal.seen('frame 1');
    terminal.type('e');
    expect(terminal.taken).toBe(false);
    const { written } = terminal;
    backend.streams[0]?.push(heartbeat(2));
    await new Promise(resolve => setImmediate(resolve));
    expect(terminal.written).toBe(written);
    end(3);
    await terminal.seen('resize');
    expect(terminal.taken).toBe(true);
    expect(terminal.written).not.toContain('frame 2');
  });

  it('asks for plans, carries actions out, and hands on what comes of them', async () => {
    const refusal = failure('over-budget', 'too much', { holders: [] });
    const effects = (input: Input): readonly Effect[] => {
      if (input.kind === 'key' && input.key.name === 'x') return [{ kind: 'plan', action: ACTION }];
      return input.kind === 'planned' ? [{ kind: 'act', action: ACTION }] : [];
    };
    const { terminal, machine } = start(effects, { plan: async () => EMPTY_PLAN, act: async () => refusal });
    terminal.type('x');
    await vi.waitFor(() => expect(machine.inputs()).toHaveLength(3));
    expect(machine.inputs().slice(1)).toEqual([
      { kind: 'planned', action: ACTION, plan: EMPTY_PLAN, failure: null },
      { kind: 'acted', action: ACTION, failure: refusal },
    ]);
  });

  it('follows one log at a time, in batches', async () => {
    const opened: Pushed<{ service: string; stream: 'stdout'; at: number; text: string }>[] = [];
    const signals: AbortSignal[] = [];
    const open = (serial: number): Effect => ({ kind: 'openLogs', serial, project: 'shop', services: ['api'], tail: 10 });
    const effects = (input: Input): readonly Effect[] =>
      input.kind === 'key' && /\d/.test(input.key.name) ? [open(Number(input.key.name))] : [];
    const logs: Backend['logs'] = (_project, _services, _tail, signal) => {
      const log = new Pushed<{ service: string; stream: 'stdout'; at: number; text: string }>();
      signal.addEventListener('abort', () => log.end());
      signals.push(signal);
      opened.push(log);
      return log;
    };
    const { terminal, machine } = start(effects, { logs });
    terminal.type('1');
    for (const text of ['a', 'b', 'c']) opened[0]?.push({ service: 'api', stream: 'stdout', at: 1, text });
    const reported = () => machine.inputs().filter(({ kind }) => kind === 'logs' || kind === 'logsEnded');
    await vi.waitFor(() => expect(reported()).toHaveLength(1));
    expect(reported()[0]).toMatchObject({ serial: 1, lines: [{ text: 'a' }, { text: 'b' }, { text: 'c' }] });
    terminal.type('2');
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    opened[1]?.end(new FailureError(failure('not-found', 'no such log')));
    await vi.waitFor(() => expect(reported()).toHaveLength(2));
    expect(reported()[1]).toMatchObject({ kind: 'logsEnded', serial: 2, failure: { code: 'not-found' } });
  });
});
