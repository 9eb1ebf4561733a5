import { describe, expect, it } from 'vitest';
import type { Input, LogText } from '../../../daemon/ui/terminal/input.js';
import { Player } from './player.js';
import { NOW, snapshot } from './sample-screens.js';

const line = (number: number, text = `line ${number}.`, more: Partial<LogText> = {}): LogText => ({
  service: 'api',
  stream: 'stdout',
  at: NOW + number,
  text,
  ...more,
});
const logs = (lines: readonly LogText[], serial = 1): Input => ({ kind: 'logs', serial, lines });
const some = (count: number, from = 1) => Array.from({ length: count }, (_, at) => line(from + at));

describe('logs', () => {
  it('follow, stand still while one looks up, and follow again', () => {
    const player = new Player().type('j l');
    expect(player.effects()).toEqual([{ kind: 'openLogs', serial: 1, project: 'shop', services: ['api'], tail: 500 }]);
    player.do(logs(some(100)));
    expect(player.lines('line 100.')).toHaveLength(1);
    expect(player.lines('● follows')).toHaveLength(1);
    player.type('k k k').do(logs(some(10, 101)));
    expect(player.lines('line 97.')).toHaveLength(1);
    expect(player.lines('line 98.')).toEqual([]);
    expect(player.lines('‖ 13 below')).toHaveLength(1);
    expect(player.type('f').lines('line 110.')).toHaveLength(1);
    player.type('space').type('g');
    expect(player.lines('line 1.')).toHaveLength(1);
    expect(player.type('escape').effects()).toEqual([{ kind: 'closeLogs' }]);
  });
  it('are searched up and down, and round', () => {
    const player = new Player().type('l').do(logs(some(100)));
    player.do(logs([line(101, 'An Error here'), ...some(50, 102)]));
    player.type("/ 'error' enter");
    expect(player.lines('"error": 1 of 1')).toHaveLength(1);
    expect(player.lines('An Error here')).toHaveLength(1);
    expect(player.rows().flat()).toContainEqual({ text: 'Error', style: 'selected' });
    player.type("escape / 'line 5' enter");
    expect(player.lines('"line 5": 11 of 11')).toHaveLength(1);
    expect(player.type('N').lines('"line 5": 10 of 11')).toHaveLength(1);
    expect(player.type('n n').lines('"line 5": 1 of 11')).toHaveLength(1);
    expect(player.type("escape / 'Error' enter").lines('"Error": 1 of 1')).toHaveLength(1);
    expect(player.type("escape / 'ERROR' enter").lines('"ERROR" is in none of the lines')).toHaveLength(1);
  });
  it('are filtered', () => {
    const player = new Player()
      .type('l')
      .do(logs(some(100)))
      .type("& '9' enter");
    expect(player.lines('only "9": 19 of 100')).toHaveLength(1);
    expect(player.lines('line 98.')).toHaveLength(1);
    expect(player.lines('line 88.')).toEqual([]);
    expect(player.type('escape').lines('line 88.')).toHaveLength(1);
  });
  it('wrap long lines, or are moved sideways', () => {
    const long = `${'x'.repeat(100)} the end`;
    const player = new Player().type('l').do(logs([line(1, long)]));
    expect(player.lines('the end')).toEqual([]);
    expect(player.type('w').lines('the end')).toHaveLength(1);
    player.type('w right right right');
    expect(player.lines('the end')).toHaveLength(1);
    expect(player.lines('from column 49')).toHaveLength(1);
  });
  it('name their services in colours of their own, and mark stderr', () => {
    const player = new Player().type('L');
    expect(player.effects()).toEqual([{ kind: 'openLogs', serial: 1, project: 'shop', services: [], tail: 500 }]);
    player.do(logs([line(1, 'one'), line(2, 'two', { service: 'postgres', stream: 'stderr' })]));
    expect(player.lines('api      │ one')).toHaveLength(1);
    expect(player.lines('postgres ! two')).toHaveLength(1);
    const styles = player.rows().flat().filter(({ text }) => /^(api|postgres) +$/.test(text)).map(({ style }) => style); // biome-ignore format: one line
    expect(new Set(styles).size).toBe(2);
  });
  it('never reach the terminal with their escapes', () => {
    const player = new Player().type('l').do(logs([line(1, '\u001b[2J\u001b]0;x\u0007red\u001b[0m\ttab\r\n'), line(2, 'a\u0000b\u009bc')]));
    expect(player.lines('red     tab')).toHaveLength(1);
    expect(player.screen().replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });
  it('keep the last 5,000 lines, and 2 million characters', () => {
    const player = new Player().type('l').do(logs(some(4_000)), logs(some(4_000, 4_001)));
    expect(player.dash.logs?.lines).toHaveLength(5_000);
    expect(player.dash.logs?.first).toBe(3_000);
    player.do(logs(Array.from({ length: 800 }, (_, at) => line(9_000 + at, 'x'.repeat(4_000)))));
    expect(player.dash.logs?.characters).toBeLessThanOrEqual(2_000_000);
    expect(player.dash.logs?.lines).toHaveLength(500);
  });
  it('go on when the service runs again, without saying a line twice', () => {
    const player = new Player().type('j l').do(logs(some(3)));
    player.effects();
    player.do({ kind: 'logsEnded', serial: 1, failure: null });
    expect(player.lines('ended')).toHaveLength(1);
    expect(player.later(10).effects()).toEqual([]);
    const at = NOW + 12_000;
    player.do({ kind: 'frame', frame: { type: 'delta', seq: 2, live: { at, services: [{ id: 'shop/api', since: at }] } } });
    expect(player.effects()).toEqual([{ kind: 'openLogs', serial: 2, project: 'shop', services: ['api'], tail: 500 }]);
    player.do(logs(some(5), 2), logs(some(9, 50), 1));
    expect(player.dash.logs?.lines.map(({ text }) => text)).toEqual(['line 1.', 'line 2.', 'line 3.', 'line 4.', 'line 5.']);
  });
  it('say why there are none', () => {
    const failure = { code: 'not-found' as const, message: 'mail has no container yet.', details: {}, remedies: [] };
    const player = new Player(undefined, [{ kind: 'frame', frame: snapshot() }]).type('G l').do({ kind: 'logsEnded', serial: 1, failure });
    expect(player.lines('mail has no container yet.')).toHaveLength(1);
  });
});
