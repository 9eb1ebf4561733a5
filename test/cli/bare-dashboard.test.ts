import { describe, expect, it } from 'vitest';
import { bareDashboard } from '../../daemon/cli/run.js';

const TERMINAL = { TERM: 'xterm' };

describe('the dashboard without a parser', () => {
  it.each([
    [[], { ascii: false, mouse: true }],
    [['dashboard'], { ascii: false, mouse: true }],
    [['dashboard', '--no-mouse', '--ascii'], { ascii: true, mouse: false }],
  ])('is asked for by %j on a terminal', (argv, options) => {
    expect(bareDashboard(argv, TERMINAL, true)).toMatchObject({ verb: 'dashboard', options });
  });

  it.each([[['ps']], [['dashboard', '--help']], [['dashboard', 'x']], [['-p', 'shop', 'dashboard']], [['--ascii']]])(
    'is not by %j',
    argv => {
      expect(bareDashboard(argv, TERMINAL, true)).toBeNull();
    },
  );

  it('is not by no words where nobody would see it', () => {
    expect(bareDashboard([], TERMINAL, false)).toBeNull();
    expect(bareDashboard([], { TERM: 'dumb' }, true)).toBeNull();
    expect(bareDashboard([], {}, true)).toBeNull();
    expect(bareDashboard([], { TERM: 'xterm', CI: 'true' }, true)).toBeNull();
  });

  it('is by its name even there: the failure says what it needs', () => {
    expect(bareDashboard(['dashboard'], {}, false)).not.toBeNull();
  });
});
