import { describe, expect, it } from 'vitest';
import type { LiveDelta } from '../../../daemon/api/live.js';
import type { Plan } from '../../../daemon/api/plan.js';
import { MiB } from '../../../daemon/shared/bytes.js';
import { failure } from '../../../daemon/shared/failure.js';
import type { DashboardAction, Input } from '../../../daemon/ui/terminal/input.js';
import { holder } from '../../support/failures.js';
import { Player } from './player.js';
import { EIGHT, live, NOW, notice, service, snapshot } from './sample-screens.js';

const ACTION = (verb: DashboardAction['verb'], name: string): DashboardAction => ({ verb, project: 'shop', services: [name] });
const PLAN: Plan = {
  starts: [],
  keeps: [],
  stops: [],
  sleeps: [],
  evicts: [],
  shrinks: [],
  budget: 10_240 * MiB,
  grantedBefore: 3_648 * MiB,
  grantedAfter: 3_648 * MiB,
};
const planned = (action: DashboardAction, plan: Partial<Plan>): Input => ({
  kind: 'planned',
  action,
  plan: { ...PLAN, ...plan },
  failure: null,
});
const delta = (change: Omit<LiveDelta, 'at'>, secondsLater = 1): Input => ({
  kind: 'frame',
  frame: { type: 'delta', seq: 2, live: { at: NOW + secondsLater * 1000, ...change } },
});
const GONE = failure('daemon-unavailable', 'The daemon does not answer.');
/** The line under the cursor. */
const cursor = (player: Player) => player.lines('▸ ')[0]?.slice(2).trimEnd();
/** The names in the table, from above. */
const names = (player: Player) =>
  player
    .screen()
    .split('\n')
    .flatMap(line => /^[▸ ] ([a-z]+) +(?:\S) (?:running|failed|frozen|asleep|starting|stopped|stopping|unhealthy)/.exec(line)?.[1] ?? []);

describe('filter', () => {
  it('narrows with each letter, keeps with enter, and goes with escape', () => {
    const player = new Player().type("/ 'ru'");
    expect(names(player)).toEqual(['api', 'ollama', 'postgres', 'redis']);
    expect(player.lines('filter: ru')).toHaveLength(1);
    expect(names(player.type("'nning' backspace enter"))).toEqual(['api', 'ollama', 'postgres', 'redis']);
    expect(player.lines('filter "runnin": 4 of 8')).toHaveLength(1);
    expect(names(player.type('escape'))).toHaveLength(8);
  });
  it('is as before after escape, and q is a letter in it', () => {
    const player = new Player().type("/ 'api' enter / 'qq'");
    expect(player.effects()).toEqual([]);
    expect(player.lines('No service matches "apiqq"')).toHaveLength(1);
    expect(names(player.type('escape'))).toEqual(['api']);
  });
  it('takes a paste, without what steers a terminal', () => {
    const player = new Player().type('/').do({ kind: 'key', key: { name: 'paste', text: '\u001b[31mredis' } });
    expect(names(player)).toEqual(['redis']);
  });
  it('puts the cursor on what is left, and leaves it there', () => {
    const player = new Player().type("G / 'search'");
    expect(cursor(player)).toContain('search');
    expect(cursor(player.type('escape'))).toContain('search');
  });
});

describe('sort', () => {
  it('goes through its orders', () => {
    const player = new Player();
    const orders = ['', 's', 's', 's', 's', 's'].map(key => names(key === '' ? player : player.type(key)).slice(0, 3).join(' ')); // biome-ignore format: a line an order
    expect(orders).toEqual([
      'billing api ollama',
      'api billing mail',
      'ollama search api',
      'ollama api postgres',
      'redis search api',
      'billing api ollama',
    ]);
  });
  it('by memory does not jump: only who is clearly above, and not while somebody moves', () => {
    const player = new Player().type('s s');
    const grows = (mb: number) => {
      const api = EIGHT[0]?.usage ?? null;
      return { services: [{ id: 'shop/api' as const, usage: api && { ...api, workingSet: mb * MiB } }] };
    };
    const before = names(player);
    expect(before.slice(0, 3)).toEqual(['ollama', 'search', 'api']);
    expect(names(player.do(delta(grows(640), 20)).later(0))).toEqual(before);
    player.type('j').do(delta(grows(900), 21));
    expect(names(player)).toEqual(before);
    player.do({ kind: 'tick', now: NOW + 40_000 });
    expect(names(player).slice(0, 3)).toEqual(['ollama', 'api', 'search']);
  });
  it('leaves the cursor on its service', () => {
    const player = new Player().type('j j');
    const id = player.dash.selected;
    for (const key of ['s', 's', 's', 's', 's']) expect(player.type(key).dash.selected).toBe(id);
  });
});

describe('what an action would do', () => {
  it('asks before it stops, and does nothing on n', () => {
    const player = new Player().type('j x');
    const action = ACTION('stop', 'api');
    expect(player.effects()).toEqual([{ kind: 'plan', action }]);
    expect(player.lines('asking what that would do')).toHaveLength(1);
    player.do(planned(action, { stops: ['shop/api'], grantedAfter: 3_136 * MiB }));
    expect(player.screen()).toMatchInlineSnapshot(`
      "
       laptop-dev [services] events  budget             docker 28.5.1 · self 56M 0.3%
       budget █████│▒░░░░░░░░░░░░░ used 2.5G  std 2.3G  granted 3.6G  free 6.6G/10.2G
       WSL VM ███████████████░░░░░ 9.1G of 12G used  no pressure  PSI 0.4/0.1

        NAME     STATE▾      MEMORY │standard    NOW GRANT   MAX  CPU CON STOPS NEXT
        billing  ✗ failed    ░░░░░░░░░░░│░░░░      -     -  384M    -   -     -
      ▸ api      ● running   ████████│▒▒▒▒▒▒▒  ▲297M  512M  512M  12%   3  4m12 #3
        ollama   ● running   ████│█░░░░░░░░░░  !1.5G  1.5G    4G 187%   -     - pin
        postgres ● running   ██████▒▒│░░░░░░░   184M  256M  512M 3.1%   5     - held
        redis    ● running   █▒▒▒▒▒▒▒│░░░░░░░   9.4M   64M  128M 0.4%   -   42s #1
        search   ‖ frozen    █████│▒▒░░░░░░░░   612M    1G    2G   0%   - 18m50 #2
        worker   ◐ starting  ▒▒▒▒▒▒▒▒│▒▒▒▒▒▒▒      ?  256M  256M    -   -     - held
        mail     ○ asleep    ░░░░░░░░│░░░░░░░      -     -  128M    -   -     -

      ── api ─────────────────────────────────────────────────────────────────────────
       part of profile typescript
       60 s  memory ▄▄▅▅▅▅▅▅▄▃▂▂▁▁▁▁▂▃▃▄▅▅▅▅▅  CPU ▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁
      ── stop api? ───────────────────────────────────────────────────────────────────
       stops         api  frees 512M, 3 connections are open
       budget now    ██████████▒▒▒▒░░░░░░░░░░░░░░░░░░░░░░░░░░ 3.6G of 10G granted
       after         █████████▒▒▒░░░░░░░░░░░░░░░░░░░░░░░░░░░░ 3.1G of 10G granted
       sleeps next redis in 42s · if memory is short: redis goes, frees 64M
       y stop  n no
      "
    `);
    expect(player.type('enter n').effects()).toEqual([]);
    expect(player.lines('stop api?')).toEqual([]);
    player
      .type('x')
      .do(planned(action, { stops: ['shop/api'] }))
      .type('y');
    expect(player.effects()).toEqual([{ kind: 'plan', action }, { kind: 'act', action }]); // biome-ignore format: two effects
    expect(player.lines('stopping api')).toHaveLength(1);
    expect(player.do({ kind: 'acted', action, failure: null }).lines('api has stopped')).toHaveLength(1);
  });
  it('starts at once what disturbs nobody', () => {
    const player = new Player().type("/ 'mail' enter u");
    const action = ACTION('start', 'mail');
    player.do(
      planned(action, { starts: [{ id: 'shop/mail', grant: 128 * MiB, standard: 64 * MiB, recreate: false }], grantedAfter: 3_776 * MiB }),
    );
    expect(player.effects()).toEqual([{ kind: 'plan', action }, { kind: 'act', action }]); // biome-ignore format: two effects
    expect(player.lines('starting mail: 3.6 GB → 3.7 GB of 10 GB granted')).toHaveLength(1);
    expect(player.type('u').effects()).toEqual([]);
  });
  it('asks before others go for it', () => {
    const player = new Player().type("/ 'mail' enter u");
    const action = ACTION('start', 'mail');
    player.do(
      planned(action, {
        starts: [{ id: 'shop/mail', grant: 64 * MiB, standard: 64 * MiB, recreate: false }],
        evicts: ['shop/redis'],
        shrinks: [{ id: 'shop/api', to: 380 * MiB, frees: 132 * MiB }],
      }),
    );
    expect(player.effects()).toEqual([{ kind: 'plan', action }]);
    expect(player.lines('puts to sleep')[0]).toContain('redis  frees 64M; a connection wakes it');
    expect(player.lines('lowers')[0]).toContain('api    to 380M, frees 132M');
    expect(player.type('y').effects()).toEqual([{ kind: 'act', action }]);
  });
  it('shows what would be, and leaves it', () => {
    const player = new Player().type('w');
    player.do(
      planned(ACTION('start', 'billing'), { starts: [{ id: 'shop/billing', grant: 384 * MiB, standard: 256 * MiB, recreate: false }] }),
    );
    expect(player.lines('start billing?')).toHaveLength(1);
    expect(player.type('escape').effects()).toEqual([{ kind: 'plan', action: ACTION('start', 'billing') }]);
  });
  it('says why it is refused, with who holds the memory', () => {
    const holders = [holder({ service: 'ollama', grant: 1_536 * MiB, workingSet: 1_490 * MiB, keptBecause: 'pinned' })];
    const refusal = failure('over-budget', 'billing needs 2 GB, but 120 MB are free.', { holders }, [
      'laptop-dev stop ollama -p shop frees 1.5 GB',
    ]);
    const player = new Player().type('u').do({ kind: 'planned', action: ACTION('start', 'billing'), plan: null, failure: refusal });
    expect(player.screen()).toMatchInlineSnapshot(`
      "
       laptop-dev [services] events  budget             docker 28.5.1 · self 56M 0.3%
       budget █████│▒░░░░░░░░░░░░░ used 2.5G  std 2.3G  granted 3.6G  free 6.6G/10.2G
       WSL VM ███████████████░░░░░ 9.1G of 12G used  no pressure  PSI 0.4/0.1

        NAME     STATE▾      MEMORY │standard    NOW GRANT   MAX  CPU CON STOPS NEXT
      ▸ billing  ✗ failed    ░░░░░░░░░░░│░░░░      -     -  384M    -   -     -
        api      ● running   ████████│▒▒▒▒▒▒▒  ▲297M  512M  512M  12%   3  4m12 #3
        ollama   ● running   ████│█░░░░░░░░░░  !1.5G  1.5G    4G 187%   -     - pin
        postgres ● running   ██████▒▒│░░░░░░░   184M  256M  512M 3.1%   5     - held
        redis    ● running   █▒▒▒▒▒▒▒│░░░░░░░   9.4M   64M  128M 0.4%   -   42s #1
        search   ‖ frozen    █████│▒▒░░░░░░░░   612M    1G    2G   0%   - 18m50 #2
        worker   ◐ starting  ▒▒▒▒▒▒▒▒│▒▒▒▒▒▒▒      ?  256M  256M    -   -     - held
        mail     ○ asleep    ░░░░░░░░│░░░░░░░      -     -  128M    -   -     -



      ── ✗ start billing: refused ────────────────────────────────────────────────────
       billing needs 2 GB, but 120 MB are free.
       HOLDER   GRANT    NOW  KEPT BECAUSE
       ollama    1.5G   1.5G  pinned
       → laptop-dev stop ollama -p shop frees 1.5 GB
       sleeps next redis in 42s · if memory is short: redis goes, frees 64M
       enter close
      "
    `);
    player.effects();
    expect(player.type('y').effects()).toEqual([]);
    expect(player.type('enter').lines('refused')).toEqual([]);
  });
  it('forgets the answer to a question that was given up', () => {
    const player = new Player().type('x escape').do(planned(ACTION('stop', 'billing'), { stops: ['shop/billing'] }));
    expect(player.lines('stop billing?')).toEqual([]);
  });
  it('says what went wrong, with what to do', () => {
    const player = new Player().do({
      kind: 'acted',
      action: ACTION('start', 'billing'),
      failure: failure('exited', 'billing exited with 3.'),
    });
    expect(player.lines('✗ start billing: billing exited with 3.')).toHaveLength(1);
    expect(player.lines('start billing: billing exited')[0]).toContain('→ laptop-dev logs');
  });
  it('pins at once what runs, unpins, and asks for what a pin would start', () => {
    const player = new Player().type('j p');
    expect(player.effects()).toEqual([{ kind: 'act', action: ACTION('pin', 'api') }]);
    expect(player.type('j p').effects()).toEqual([{ kind: 'act', action: ACTION('unpin', 'ollama') }]);
    player.type('G p');
    expect(player.effects()).toEqual([{ kind: 'plan', action: ACTION('start', 'mail') }]);
    player.do(planned(ACTION('start', 'mail'), { starts: [{ id: 'shop/mail', grant: 64 * MiB, standard: 64 * MiB, recreate: false }] }));
    expect(player.effects()).toEqual([{ kind: 'act', action: ACTION('pin', 'mail') }]);
  });
  it('takes a project down, after it has asked', () => {
    const player = new Player().type('D');
    const action: DashboardAction = { verb: 'down', project: 'shop', services: [] };
    player.do(planned(action, { stops: ['shop/api', 'shop/postgres'] }));
    expect(player.lines('down shop?')).toHaveLength(1);
    expect(player.lines('postgres  frees 256M, 5 connections are open, api, worker need it')).toHaveLength(1);
    expect(player.type('y').effects()).toEqual([{ kind: 'plan', action }, { kind: 'act', action }]); // biome-ignore format: two effects
  });
  it('opens a shell', () => {
    expect(new Player().type('j e').effects()).toEqual([{ kind: 'shell', project: 'shop', service: 'api' }]);
  });
});

describe('details', () => {
  const entries = Array.from({ length: 15 }, (_, at) => ({
    at: NOW - (15 - at) * 60_000,
    workingSet: at * 20 * MiB,
    peak: at * 30 * MiB,
    cpu: at,
  }));
  it('opens with its log, and goes through its spans', () => {
    const player = new Player({ columns: 80, rows: 24 }).type('j enter');
    expect(player.effects()).toEqual([{ kind: 'openLogs', serial: 1, project: 'shop', services: ['api'], tail: 50 }]);
    player.type('right');
    expect(player.effects()).toEqual([{ kind: 'fetchHistory', id: 'shop/api', span: '15m' }]);
    player.do({ kind: 'history', id: 'shop/api', span: '15m', history: { slot: 60_000, entries } });
    expect(player.lines('memory 297M now, peak 420M')).toHaveLength(1);
    expect(player.later(5).effects()).toEqual([]);
    expect(player.later(6).effects()).toEqual([{ kind: 'fetchHistory', id: 'shop/api', span: '15m' }]);
    expect(player.type('right').effects()).toEqual([{ kind: 'fetchHistory', id: 'shop/api', span: '24h' }]);
    expect(player.lines('[24h]')).toHaveLength(1);
    expect(player.type('escape').effects()).toEqual([{ kind: 'closeLogs' }]);
    expect(player.lines('[services]')).toHaveLength(1);
  });
  it('goes on to the next service, scrolls, and zooms', () => {
    const player = new Player().type('j enter tab');
    expect(player.lines('shop/ollama · ● running')).toHaveLength(1);
    expect(player.lines('4G│')).toHaveLength(1);
    expect(player.type('z').lines('4G│')).toEqual([]);
    expect(player.lines('OOM kills: 1')).toEqual([]);
    expect(player.type('G').lines('was killed at its limit')).toHaveLength(1);
    expect(player.type('g').lines('shop/ollama · ● running')).toHaveLength(1);
  });
  it('says so when the service goes', () => {
    const player = new Player().type('j enter').do(delta({ removed: ['shop/api'] }));
    expect(player.lines('shop/api is not there any more')).toHaveLength(1);
    expect(player.type('escape').lines('[services]')).toHaveLength(1);
  });
});

describe('tabs', () => {
  it('go round, by keys and by the mouse', () => {
    const player = new Player();
    const tab = () => player.lines('laptop-dev')[0]?.match(/\[(\w+)\]/)?.[1];
    const seen = ['tab', 'tab', 'tab', 'shift-tab', 'shift-tab', 'b', 'b', 'b'].map(each => {
      player.type(each);
      return tab();
    });
    expect(seen).toEqual(['events', 'budget', 'services', 'budget', 'events', 'budget', 'services', 'budget']);
    const column = player.screen().split('\n')[1]?.indexOf('events') ?? 0;
    player.do({ kind: 'mouse', what: 'press', column, row: 0 });
    expect(tab()).toBe('events');
  });
  it('a click selects, another one opens, the wheel moves', () => {
    const player = new Player();
    const row = player.screen().split('\n').findIndex(line => line.includes('redis ')) - 1; // biome-ignore format: one line
    const press: Input = { kind: 'mouse', what: 'press', column: 10, row };
    expect(cursor(player.do(press))).toContain('redis');
    expect(player.do(press).lines('shop/redis')).toHaveLength(1);
    player.type('escape').do({ kind: 'mouse', what: 'wheel-up', column: 0, row: 0 });
    expect(cursor(player)).toContain('postgres');
  });
  it('events scroll, and new ones come at the bottom', () => {
    const many = Array.from({ length: 60 }, (_, at) => notice(at + 1, 600 - at, 'api', 'started', `number ${at + 1}.`));
    const player = new Player(undefined, [{ kind: 'frame', frame: snapshot(live(), many) }]).type('tab');
    expect(player.lines('number 60.')).toHaveLength(1);
    player.type('k k').do({ kind: 'frame', frame: { type: 'notice', seq: 2, notice: notice(61, 0, 'api', 'ready', 'number 61.') } });
    expect(player.lines('number 60.')).toEqual([]);
    expect(player.lines('3 newer below')).toHaveLength(1);
    expect(player.type('G').lines('number 61.')).toHaveLength(1);
    expect(player.type('g').lines('number 1.')).toHaveLength(1);
  });
});

describe('the screen', () => {
  it('counts down between frames', () => {
    const player = new Player();
    expect(player.lines('redis ')[0]).toContain(' 42s ');
    expect(player.later(5).lines('redis ')[0]).toContain(' 37s ');
    player.do(delta({ services: [{ id: 'shop/redis', stopsIn: 600_000 }] }, 6));
    expect(player.lines('redis ')[0]).toContain('10m00');
  });
  it('tells of what went wrong at the foot, for a while', () => {
    const oom = notice(20, 0, 'api', 'oom', 'was killed at its limit of 512 MB');
    const player = new Player().do({ kind: 'frame', frame: { type: 'notice', seq: 2, notice: oom } });
    expect(player.lines(' ✗ api: was killed at its limit of 512 MB')).toHaveLength(1);
    expect(player.later(21).lines(' ✗ api: was killed')).toEqual([]);
  });
  it('is kept while the daemon is gone, grey, and goes on when it is back', () => {
    const player = new Player().type('j').do({ kind: 'lost', failure: GONE }).later(12);
    expect(player.lines('✗ the daemon has been gone for 12 s: The daemon does not answer. Trying again')).toHaveLength(1);
    expect(player.lines('redis ')[0]).toContain(' 42s ');
    expect(new Set(player.rows().slice(1, -3).flat().map(({ style }) => style))).toEqual(new Set(['dim'])); // biome-ignore format: one line
    expect(player.type('x').effects()).toEqual([]);
    player.do({ kind: 'lost', failure: GONE }).later(1);
    expect(player.lines('gone for 13 s')).toHaveLength(1);
    player.do({ kind: 'frame', frame: snapshot() });
    expect(player.lines('the daemon is back')).toHaveLength(1);
    expect(player.dash.selected).toBe('shop/api');
    expect(player.rows().flat().some(({ style }) => style === 'good')).toBe(true); // biome-ignore format: one line
  });
  it('opens logs anew when the daemon is back', () => {
    const player = new Player().type('j l');
    player.effects();
    player.do({ kind: 'lost', failure: GONE }, { kind: 'logsEnded', serial: 1, failure: GONE }).later(3);
    expect(player.effects()).toEqual([]);
    player.do({ kind: 'frame', frame: snapshot() });
    expect(player.effects()).toEqual([{ kind: 'openLogs', serial: 2, project: 'shop', services: ['api'], tail: 500 }]);
  });
  it('waits for the first one, and says what to do when there is none', () => {
    const player = new Player(undefined, []);
    expect(player.later(3).lines('asking the daemon … 3 s')).toHaveLength(1);
    player.do({ kind: 'lost', failure: GONE });
    expect(player.lines('→ laptop-dev daemon start')).toHaveLength(1);
  });
  it('says what to do when nothing is up', () => {
    const player = new Player(undefined, [{ kind: 'frame', frame: snapshot(live([]), []) }]);
    expect(player.lines('laptop-dev up minimal')).toHaveLength(1);
    expect(player.type('enter x u r p l e w').effects()).toEqual([]);
  });
  it('says that the engine is away', () => {
    const player = new Player(undefined, [{ kind: 'frame', frame: snapshot(live(EIGHT, { engine: null })) }]);
    expect(player.lines('no engine')).toHaveLength(1);
    expect(player.lines('the container engine cannot be reached')).toHaveLength(1);
  });
  it('stands with its project where there are several', () => {
    const both = [...EIGHT, service('web', [80, 64, 128, 256], { project: 'blog' })];
    const player = new Player(undefined, [{ kind: 'frame', frame: snapshot(live(both)) }]);
    expect(player.lines('── blog · typescript · 1 service, 128M granted')).toHaveLength(1);
    expect(player.type('s s').lines('PROJECT')).toHaveLength(1);
  });
  it('fits another size at once', () => {
    const player = new Player({ columns: 200, rows: 50 }).type('j j');
    player.do({ kind: 'resize', size: { columns: 60, rows: 16 } });
    expect(player.rows()).toHaveLength(15);
    expect(cursor(player)).toContain('ollama');
  });
  it('shows nothing that steers the terminal', () => {
    const evil = service('api', [10, 64, 64, 64], { why: 'a\u001b]0;owned\u0007b\u001b[2J' });
    const player = new Player(undefined, [
      { kind: 'frame', frame: snapshot(live([evil]), [notice(1, 1, 'api', 'crashed', 'x\u001b[31my')]) },
    ]);
    expect(player.screen().replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
    expect(player.lines('ab')).not.toEqual([]);
  });
});
