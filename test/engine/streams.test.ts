import { describe, expect, test } from 'vitest';
import { createDemux, type Frame, framesOf } from '../../daemon/engine/client/demux.js';
import { mapBounded } from '../../daemon/engine/client/map-bounded.js';
import { tarOf } from '../../daemon/engine/mapping/content.js';
import { pidInside } from '../../daemon/engine/streams/hang-up.js';
import { createLineReader } from '../../daemon/engine/streams/log-lines.js';

function frame(stream: 1 | 2, text: string | Buffer): Buffer {
  const data = Buffer.from(text);
  const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(data.length, 4);
  return Buffer.concat([header, data]);
}

describe('demux', () => {
  test('frames come whole, however the bytes are cut', () => {
    const bytes = Buffer.concat([frame(1, 'one'), frame(2, ''), frame(2, 'two')]);
    for (let cut = 1; cut < bytes.length; cut++) {
      const demux = createDemux();
      const frames = [...demux(bytes.subarray(0, cut)), ...demux(bytes.subarray(cut))];
      expect(frames.map(({ stream, data }) => `${stream}:${data}`)).toEqual(['stdout:one', 'stderr:', 'stderr:two']);
    }
  });

  test('something else than a multiplexed stream is refused, not kept', () => {
    expect(() => createDemux()(Buffer.from('plain text that is long enough'))).toThrow(/not a multiplexed/);
  });

  test('a TTY is passed through', async () => {
    async function* stream() {
      yield Buffer.from('raw');
    }
    const frames: Frame[] = [];
    for await (const each of framesOf(stream(), true)) frames.push(each);
    expect(frames).toEqual([{ stream: 'stdout', data: Buffer.from('raw') }]);
  });
});

describe('lines', () => {
  const stamp = '2026-11-20T23:15:37.123456789Z';
  const at = Date.parse('2026-11-20T23:15:37.123Z');
  const read = (...frames: [Frame['stream'], string | Buffer][]) => {
    const reader = createLineReader();
    const lines = frames.flatMap(([stream, data]) => reader.push({ stream, data: Buffer.from(data) }));
    return [...lines, ...reader.flush()];
  };

  test('time stamp and text; an empty line; the last one without a newline', () => {
    expect(read(['stdout', `${stamp} a b\n`], ['stdout', `${stamp} \n`], ['stderr', `${stamp} end`])).toEqual([
      { stream: 'stdout', at, text: 'a b' },
      { stream: 'stdout', at, text: '' },
      { stream: 'stderr', at, text: 'end' },
    ]);
  });

  test('parts of a long line join, each with a stamp, the other stream in between', () => {
    const lines = read(['stdout', `${stamp} first `], ['stderr', `${stamp} other\n`], ['stdout', '2026-11-20T23:15:38Z second\n']);
    expect(lines.map(line => line.text)).toEqual(['other', 'first second']);
    expect(lines[1]?.at).toBe(at);
  });

  test('a character cut in two, Windows line ends, a stamp with an offset', () => {
    const bytes = Buffer.from(`2026-11-21T00:15:37.123+01:00 é\r\n`);
    expect(read(['stdout', bytes.subarray(0, -3)], ['stdout', bytes.subarray(-3)])).toEqual([{ stream: 'stdout', at, text: 'é' }]);
  });

  test('a part that ends inside of a letter', () => {
    const bytes = Buffer.from('é');
    const second = Buffer.concat([Buffer.from(`${stamp} `), bytes.subarray(1), Buffer.from('!\n')]);
    expect(read(['stdout', Buffer.concat([Buffer.from(`${stamp} a`), bytes.subarray(0, 1)])], ['stdout', second])[0]?.text).toBe('aé!');
  });

  describe('of a TTY, where only the count of bytes tells where a part begins', () => {
    const other = '2026-11-20T23:15:38.5+01:00';
    const parts = (text: Buffer, size: number) => {
      const found: Buffer[] = [];
      for (let from = 0; from < text.length; from += size)
        found.push(Buffer.from(`${from === 0 ? stamp : other} `), text.subarray(from, from + size));
      return Buffer.concat(found);
    };
    const readTty = (bytes: Buffer, chunk: number) => {
      const reader = createLineReader(true);
      const lines = [];
      for (let from = 0; from < bytes.length; from += chunk)
        lines.push(...reader.push({ stream: 'stdout', data: bytes.subarray(from, from + chunk) }));
      return [...lines, ...reader.flush()];
    };

    test.each([
      [16 * 1024, 32 * 1024],
      [16 * 1024, 1_000],
      [16 * 1024, 7],
      [8 * 1024, 4_096],
    ])('parts of %d bytes in chunks of %d join without stamps', (size, chunk) => {
      const long = 'né'.repeat(20_000);
      const bytes = Buffer.concat([
        parts(Buffer.from(`${long}\r\n`), size),
        parts(Buffer.from(`${other} is what it says\r\n`), size),
        parts(Buffer.from('end'), size),
      ]);
      expect(readTty(bytes, chunk)).toEqual([
        { stream: 'stdout', at, text: long },
        { stream: 'stdout', at, text: `${other} is what it says` },
        { stream: 'stdout', at, text: 'end' },
      ]);
    });

    test('a stamp that a service writes inside of a line stays', () => {
      const text = `begin ${stamp} ${'x'.repeat(9_000)} ${stamp} end`;
      expect(readTty(parts(Buffer.from(`${text}\n`), 16 * 1024), 5).map(line => line.text)).toEqual([text]);
    });
  });

  test('an endless line is cut', () => {
    const lines = read(...Array.from({ length: 20 }, (): ['stdout', string] => ['stdout', 'x'.repeat(16_000)]));
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) expect(line.text.length).toBeLessThan(90_000);
  });
});

test('mapBounded keeps the order and the bound', async () => {
  let running = 0;
  let most = 0;
  const result = await mapBounded([5, 1, 4, 2, 3], 2, async value => {
    most = Math.max(most, ++running);
    for (let turn = 0; turn < value; turn++) await Promise.resolve();
    running--;
    return value * 10;
  });
  expect(result).toEqual([50, 10, 40, 20, 30]);
  expect(most).toBe(2);
  expect(await mapBounded([], 2, async () => 1)).toEqual([]);
});

test('the PID inside the container is the last of NSpid', () => {
  expect(pidInside('Name:\tsh\nNSpid:\t4242\t17\n')).toBe(17);
  expect(pidInside('Name:\tsh\n')).toBeNull();
});

test('a tar header as POSIX has it: size and checksum in octal', () => {
  const archive = tarOf([{ name: 'run/secrets/a', mode: 0o440, data: Buffer.from('secret') }]);
  expect(archive.length % 512).toBe(0);
  expect(archive.subarray(0, 13).toString()).toBe('run/secrets/a');
  expect(archive.subarray(124, 135).toString()).toBe('00000000006');
  const sum = archive.subarray(0, 512).reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0);
  expect(Number.parseInt(archive.subarray(148, 154).toString(), 8)).toBe(sum);
  expect(() => tarOf([{ name: 'x'.repeat(101), mode: 0, data: Buffer.alloc(0) }])).toThrow(/too long/);
});
