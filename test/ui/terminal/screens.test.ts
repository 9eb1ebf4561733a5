import { describe, expect, it } from 'vitest';
import type { Size } from '../../../daemon/ui/terminal/cells.js';
import { widthOf } from '../../../daemon/ui/terminal/text/width.js';
import { ASCII, Player } from './player.js';
import { live, service, snapshot } from './sample-screens.js';

const SIZES: readonly Size[] = [
  { columns: 60, rows: 16 },
  { columns: 80, rows: 24 },
  { columns: 120, rows: 40 },
  { columns: 200, rows: 50 },
];

/** Where the keys lead, from the first screen on. */
const PLACES: Readonly<Record<string, string>> = { services: '', detail: 'j enter', budget: 'b', events: 'tab', help: '?' };

describe.each(SIZES)('at $columns × $rows', size => {
  it.each(Object.entries(PLACES))('shows %s', async (place, way) => {
    const player = new Player(size);
    if (way !== '') player.type(way);
    for (const [name, capabilities] of [
      ['unicode', undefined],
      ['ascii', ASCII],
    ] as const) {
      const rows = player.rows(capabilities);
      expect(rows.length).toBeLessThanOrEqual(size.rows - 1);
      for (const row of rows) expect(row.reduce((sum, { text }) => sum + widthOf(text), 0)).toBeLessThanOrEqual(size.columns);
      const screen = player.screen(capabilities);
      if (name === 'ascii') expect(screen).toMatch(/^[\n\x20-\x7e]*$/);
      await expect(screen).toMatchFileSnapshot(`screens/${place}-${size.columns}x${size.rows}-${name}.txt`);
    }
  });
});

it('says how large the screen has to be', () => {
  const player = new Player({ columns: 50, rows: 12 });
  expect(player.screen()).toMatchInlineSnapshot(`
    "
    50 × 12 is too small
    needs 60 × 16; q quits
    "
  `);
  expect(player.type('q').effects()).toEqual([{ kind: 'quit' }]);
});

it('says with styles what it says with words', () => {
  const letters = { plain: ' ', dim: '.', strong: 'S', title: 'T', good: 'g', busy: 'b', warn: 'w', bad: 'x', accent: 'a', used: 'u', granted: 'r', reserve: '-', cache: 'c', selected: '#', key: 'k' };
  const rows = new Player().type('j').rows();
  const lines = rows.map(row => row.map(({ text, style }) => letters[style].repeat(widthOf(text))).join('').trimEnd());
  expect(`\n${lines.join('\n')}\n`).toMatchInlineSnapshot(`
    "
    TTTTTTTTTTTT##########................            .............................
    TTTTTTTTuuuuuSr------------- .....uuuu......SSSS..........rrrr.......
    TTTTTTTTccccccccccccccc-----     ..............ggggggggggg......

      ........ SSSSSSSSSSS ................ ...... ..... ..... .... ... ..... .....
               xxxxxxxxxxx -----------S---- ...... ..... ..... .... ... ..... .....
    kk######## ggggggggggg bbbbbbbbSrrrrrrr bbbbbb       .....                aaaaa
               ggggggggggg xxxxSx---------- xxxxxx       .....      ... ..... .....
               ggggggggggg uuuuuurrS------- SSSSSS       .....          ..... .....
               ggggggggggg urrrrrrrS------- SSSSSS       .....      ... aaaaa aaaaa
               aaaaaaaaaaa uuuuuSrr-------- SSSSSS       .....      ...       aaaaa
               bbbbbbbbbbb rrrrrrrrSrrrrrrr ......       ..... .... ... ..... .....
               ........... --------S------- ...... ..... ..... .... ... ..... .....

    .. TTT .........................................................................

    ..............uuuuuuuuuuuuuuuuuuuuuuuuu......aaaaaaaaaaaaaaaaaaaaaaaaa
     SSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSSS...             ...
    .. TTTTTT ......................................................................
    ..........xx        xxxxxxxxxx
    ..........          ..........
     ............     aaaaaaa.......................     aaaaaaaaaaaaaaaa
     kkkkk.........k.....k.......k..........k......k.......k.........k.......k.....
    "
  `);
}); // biome-ignore format: a table

it('shows how far the load of a model is', () => {
  const llm = service('llm-advisor', [400, 1024, 1024, 2048], {
    loading: { model: 'big-Q4', share: 0.42 },
    why: 'loads big-Q4: 42 %; woken on demand',
  });
  const player = new Player({ columns: 80, rows: 24 }, [{ kind: 'frame', frame: snapshot(live([llm])) }]).type('j');
  expect(player.screen()).toContain('load 42 %');
  expect(player.screen()).toContain(' ████');
  expect(player.type('enter').screen()).toContain('loads big-Q4: 42 %');
});
