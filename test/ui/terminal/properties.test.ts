import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LiveService } from '../../../daemon/api/live.js';
import { MiB } from '../../../daemon/shared/bytes.js';
import { failure } from '../../../daemon/shared/failure.js';
import type { Capabilities } from '../../../daemon/ui/terminal/cells.js';
import type { Input } from '../../../daemon/ui/terminal/input.js';
import { widthOf } from '../../../daemon/ui/terminal/text/width.js';
import { rounds, runs } from '../../support/deep.js';
import { holder } from '../../support/failures.js';
import { ASCII, key, letter, Player } from './player.js';
import { EIGHT, live, NOW, notice, service, snapshot } from './sample-screens.js';

const NAMES = [
  'enter',
  'escape',
  'up',
  'down',
  'left',
  'right',
  'tab',
  'shift-tab',
  'pageup',
  'pagedown',
  'home',
  'end',
  'backspace',
  'paste',
  'f5',
];
const text = fc.string({
  unit: fc.constantFrom('a', ' ', '日', '🚀', '\u0301', '\u001b[31m', '\n', 'long-word', '█', '\u202e'),
  maxLength: 60,
});
const figure = fc.oneof(fc.constantFrom(0, 1, -1, 1e15), fc.integer({ min: 0, max: 40_000 * MiB }));

const someService: fc.Arbitrary<LiveService> = fc
  .record({
    name: fc.oneof(fc.constantFrom('api', 'db', 'a'.repeat(63)), text),
    project: fc.constantFrom('shop', 'blog', 'a-project-with-a-long-name'),
    state: fc.constantFrom('asleep', 'starting', 'running', 'frozen', 'stopping', 'stopped', 'failed'),
    figures: fc.tuple(fc.option(figure), figure, figure, figure),
    why: text,
    stopsIn: fc.option(figure),
    rank: fc.option(fc.integer({ min: 1, max: 99 })),
    cpu: fc.option(fc.double({ min: 0, max: 6_400, noNaN: true })),
  })
  .map(({ name, project, state, figures: [used, standard, grant, maximum], why, stopsIn, rank, cpu }) => ({
    ...service(name, [used === null ? null : used / MiB, standard / MiB, grant / MiB, maximum / MiB], {
      project,
      why,
      stopsIn,
      uses: { cpu },
    }),
    state,
    next: rank === null ? null : { rank, frees: grant },
  }));

const frame: fc.Arbitrary<Input> = fc.oneof(
  fc.uniqueArray(someService, { selector: ({ id }) => id, maxLength: 12 }).map((services): Input => ({ kind: 'frame', frame: snapshot(live(services)) })),
  fc.tuple(someService, fc.integer({ min: 0, max: 100_000 })).map(
    ([change, later]): Input => ({ kind: 'frame', frame: { type: 'delta', seq: 2, live: { at: NOW + later, services: [change] } } }),
  ),
  fc.constantFrom(...EIGHT).map(({ id }): Input => ({ kind: 'frame', frame: { type: 'delta', seq: 2, live: { at: NOW, removed: [id] } } })),
  text.map((words): Input => ({ kind: 'frame', frame: { type: 'notice', seq: 3, notice: notice(9, 1, 'api', 'oom', words) } })),
); // biome-ignore format: a list

const ACTION = { verb: 'stop', project: 'shop', services: ['api'] } as const;
const input: fc.Arbitrary<Input> = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...'hjklgGuxrpPleLbDwszftnNyq?/&0'.split(''), ' ').map(letter) },
  { weight: 5, arbitrary: fc.constantFrom(...NAMES).map(key) },
  { weight: 3, arbitrary: frame },
  { weight: 2, arbitrary: fc.record({ columns: fc.integer({ min: 1, max: 220 }), rows: fc.integer({ min: 1, max: 60 }) }).map((size): Input => ({ kind: 'resize', size })) },
  fc.record({ kind: fc.constant('mouse' as const), what: fc.constantFrom('press', 'wheel-up', 'wheel-down'), column: fc.integer({ min: 0, max: 200 }), row: fc.integer({ min: 0, max: 60 }) }),
  fc.integer({ min: 0, max: 10_000_000 }).map((later): Input => ({ kind: 'tick', now: NOW + later })),
  text.map((words): Input => ({ kind: 'lost', failure: failure('daemon-unavailable', words) })),
  text.map((words): Input => ({ kind: 'planned', action: ACTION, plan: null, failure: failure('over-budget', words, { holders: [{ id: words, grant: 1, keptBecause: words }, holder({ service: words, grant: 1, keptBecause: words })] }) })),
  fc.constant<Input>({ kind: 'planned', action: ACTION, failure: null, plan: { starts: [], keeps: [], stops: ['shop/api', 'shop/none'], sleeps: [], evicts: [], shrinks: [], budget: 0, grantedBefore: 1, grantedAfter: 0 } }),
  text.map((words): Input => ({ kind: 'acted', action: ACTION, failure: failure('exited', words) })),
  fc.tuple(fc.integer({ min: 1, max: 3 }), fc.array(text, { maxLength: 30 })).map(
    ([serial, lines]): Input => ({ kind: 'logs', serial, lines: lines.map((words, at) => ({ service: 'api', stream: 'stdout', at: NOW + at, text: words })) }),
  ),
  fc.integer({ min: 1, max: 3 }).map((serial): Input => ({ kind: 'logsEnded', serial, failure: null })),
  figure.map((peak): Input => ({ kind: 'history', id: 'shop/api', span: '24h', history: { slot: 60_000, entries: [{ at: NOW - 5_000, workingSet: 1, peak, cpu: null }] } })),
); // biome-ignore format: a list

describe('whatever happens', () => {
  it('nothing throws, no row is wider than the screen, the last row stays free', () => {
    fc.assert(
      fc.property(
        fc.array(input, { maxLength: 40 }),
        fc.constantFrom<Capabilities>({ color: '256', ascii: false }, ASCII),
        (inputs, capabilities) => {
          const player = new Player();
          for (const each of inputs) {
            player.do(each);
            const { columns, rows } = player.dash.size;
            const seen = player.rows(capabilities);
            expect(seen.length).toBeLessThanOrEqual(Math.max(0, rows - 1));
            for (const row of seen) {
              const line = row.map(({ text: part }) => part).join('');
              expect(widthOf(line)).toBeLessThanOrEqual(columns);
              expect(line).not.toMatch(/[\p{Cc}\u202e]/u);
              if (capabilities.ascii) expect(line).toMatch(/^[\x20-\x7e]*$/);
            }
          }
        },
      ),
      { numRuns: rounds(400) },
    );
  }, 120_000);

  it('the cursor stays on its service while the order changes', () => {
    const change = fc.record({
      at: fc.integer({ min: 0, max: 7 }),
      used: fc.integer({ min: 0, max: 4_000 }),
      state: fc.constantFrom('running', 'asleep', 'failed'),
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 7 }),
        fc.integer({ min: 0, max: 4 }),
        fc.array(change, { maxLength: 30 }),
        (down, sorts, changes) => {
          const player = new Player();
          for (let press = 0; press < down; press++) player.type('j');
          for (let press = 0; press < sorts; press++) player.type('s');
          const { selected } = player.dash;
          changes.forEach(({ at, used, state }, step) => {
            const changed = EIGHT[at];
            if (!changed?.usage) return;
            const now = NOW + step * 4_000;
            const usage = { ...changed.usage, workingSet: used * MiB };
            player.do({ kind: 'frame', frame: { type: 'delta', seq: 2, live: { at: now, services: [{ id: changed.id, usage, state }] } } });
            player.do({ kind: 'tick', now });
            expect(player.dash.selected).toBe(selected);
            expect(player.lines('▸ ')).toHaveLength(1);
          });
        },
      ),
      { numRuns: runs(100) },
    );
  }, 60_000);
});
