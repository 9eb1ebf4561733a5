import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createTracker, type ProtocolTracker } from '../../daemon/activation/protocols/tracker.js';
import type { Protocol } from '../../daemon/model/spec.js';
import { rounds } from '../support/deep.js';

/** One line of a recorded conversation: who speaks, what, and whether the service is held afterwards. */
type Line = readonly ['client' | 'server', string, boolean];

function say(looker: ProtocolTracker, who: 'client' | 'server', text: string): void {
  looker[who](Buffer.from(text, 'latin1'));
}

/** Plays a conversation whole, then byte by byte: the same at each line's end. */
function play(protocol: Protocol, lines: readonly Line[], holdBlocked = true): void {
  for (const size of [Number.POSITIVE_INFINITY, 1, 3]) {
    const looker = createTracker(protocol, holdBlocked);
    const seen = lines.map(([who, text]) => {
      for (let at = 0; at < text.length; at += size) say(looker, who, text.slice(at, at + size));
      return looker.holding;
    });
    expect(seen).toEqual(lines.map(([, , holding]) => holding));
  }
}

const message = (type: string, body = ''): string =>
  `${type}\0\0${String.fromCharCode((body.length + 4) >> 8, (body.length + 4) & 255)}${body}`;
const ready = (status: string): string => message('Z', status);
const STARTUP = '\0\0\0\x10\0\x03\0\0user\0a\0\0';
const SSL = '\0\0\0\x08\x04\xd2\x16\x2f';
const GREETING = message('R', '\0\0\0\0') + message('S', 'TimeZone\0UTC\0') + ready('I');
const resp = (...words: string[]): string => `*${words.length}\r\n${words.map(word => `$${word.length}\r\n${word}\r\n`).join('')}`;

describe('postgres', () => {
  const LOGIN: Line[] = [
    ['client', STARTUP, true],
    ['server', message('R', '\0\0\0\x0aSCRAM-SHA-256\0\0'), true],
    ['client', message('p', 'SCRAM-SHA-256\0....'), true],
    ['server', GREETING, false],
  ];

  test('a pooled connection that is silent does not hold; a query does, a transaction does, a failed one does', () => {
    play('postgres', [
      ...LOGIN,
      ['client', message('Q', 'begin\0'), true],
      ['server', message('C', 'BEGIN\0') + ready('T'), true],
      ['client', message('Q', 'select 1/0\0'), true],
      ['server', message('E', 'SERROR\0\0') + ready('E'), true],
      ['client', message('Q', 'rollback\0'), true],
      ['server', message('C', 'ROLLBACK\0') + ready('I'), false],
    ]);
  });

  test('extended queries, pipelined: held until the last answer', () => {
    play('postgres', [
      ...LOGIN,
      ['client', message('P', '\0select 1\0\0\0') + message('B', '\0\0'), true],
      ['client', message('E', '\0') + message('S'), true],
      ['client', message('B', '\0\0') + message('E', '\0') + message('S'), true],
      ['server', message('1') + message('2') + message('D', 'x'.repeat(300)) + ready('I'), true],
      ['server', message('2') + ready('I'), false],
    ]);
  });

  test('COPY: a Sync sent before the data is not answered', () => {
    play('postgres', [
      ...LOGIN,
      ['client', message('P', 'copy') + message('B') + message('E') + message('S'), true],
      ['server', message('1') + message('2') + message('G', '\0\0\0'), true],
      ['client', message('d', 'row') + message('c') + message('S'), true],
      ['server', message('C', 'COPY 1\0') + ready('I'), false],
      ['client', message('Q', 'copy t from stdin\0'), true],
      ['server', message('G', '\0\0\0'), true],
      ['client', message('d', 'row') + message('c'), true],
      ['server', message('C', 'COPY 1\0') + ready('I'), false],
    ]);
  });

  test('TLS refused, then plain; TLS accepted: only traffic counts', () => {
    play('postgres', [['client', SSL, true], ['server', 'N', true], ...LOGIN]);
    play('postgres', [
      ['client', SSL, true],
      ['server', 'S', false],
      ['client', '\x16\x03\x01 something encrypted', false],
      ['server', 'Z\0\0\0\x05T', false],
    ]);
  });

  test('Terminate lets go', () => {
    play('postgres', [...LOGIN, ['client', message('Q', 'begin\0'), true], ['server', ready('T'), true], ['client', message('X'), false]]);
  });
});

describe('redis', () => {
  test('a command is under way until its answer; a transaction until EXEC or DISCARD', () => {
    play('redis', [
      ['client', resp('GET', 'a'), true],
      ['server', '$-1\r\n', false],
      ['client', resp('GET', 'long'), true],
      ['server', '$5\r\nab', true],
      ['server', 'cde\r\n', false],
      ['client', resp('multi'), true],
      ['server', '+OK\r\n', true],
      ['client', resp('SET', 'a', 'x'.repeat(5000)), true],
      ['server', '+QUEUED\r\n', true],
      ['client', resp('EXEC'), true],
      ['server', '*1\r\n+OK\r\n', false],
      ['client', 'MULTI\r\n', true],
      ['server', '+OK\r\n', true],
      ['client', 'discard\r\n', true],
      ['server', '+OK\r\n', false],
    ]);
  });

  test.each([
    resp('BLPOP', 'queue', '0'),
    resp('XREADGROUP', 'GROUP', 'g', 'c', 'COUNT', '1', 'BLOCK', '0', 'STREAMS', 's', '>'),
    'brpop queue 0\r\n',
  ])('%j holds while it blocks, as the setting says', blocking => {
    const lines = (held: boolean): Line[] => [
      ['client', resp('GET', 'a'), true],
      ['server', '$-1\r\n', false],
      ['client', blocking, held],
      ['server', '*2\r\n$1\r\nq\r\n$1\r\nv\r\n', false],
    ];
    play('redis', lines(true), true);
    play('redis', lines(false), false);
  });

  test('a blocked command behind others is not taken for answered with them', () => {
    play('redis', [
      ['client', resp('CLIENT', 'SETNAME', 'w') + resp('BLPOP', 'q', '0'), true],
      ['server', '+OK\r\n', true],
    ]);
  });

  test('subscriptions and MONITOR, as the setting says', () => {
    const lines = (held: boolean): Line[] => [
      ['client', resp('SUBSCRIBE', 'a', 'b'), true],
      ['server', '*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n', held],
      ['client', resp('UNSUBSCRIBE', 'a'), true],
      ['server', '*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:1\r\n', held],
      ['client', resp('UNSUBSCRIBE'), true],
      ['server', '*3\r\n$11\r\nunsubscribe\r\n$1\r\nb\r\n:0\r\n', false],
      ['client', resp('MONITOR'), true],
      ['server', '+OK\r\n', held],
      ['client', resp('RESET'), true],
      ['server', '+RESET\r\n', false],
    ];
    play('redis', lines(true), true);
    play('redis', lines(false), false);
  });

  test('answers of every kind are followed to their end, RESP3 too', () => {
    for (const answer of [
      '*-1\r\n',
      '*0\r\n',
      '$0\r\n\r\n',
      '_\r\n',
      '*2\r\n*2\r\n:1\r\n$2\r\nab\r\n$-1\r\n',
      '%1\r\n+key\r\n~2\r\n#t\r\n,1.5\r\n',
      '|1\r\n+ttl\r\n:3600\r\n$5\r\nhello\r\n',
    ]) {
      play('redis', [
        ['client', resp('GET', 'a'), true],
        ['server', answer.slice(0, -1), true],
        ['server', '\n', false],
        ['client', resp('GET', 'a') + resp('GET', 'a'), true],
        ['server', answer, true],
        ['server', answer, false],
      ]);
    }
  });

  test('PSYNC makes it a stream of its own', () => {
    play('redis', [['client', resp('PSYNC', '?', '-1'), false]]);
  });

  test('property: pipelined commands of any words in any chunks are counted as one conversation', () => {
    const word = fc.string({ unit: 'binary-ascii', maxLength: 40 });
    fc.assert(
      fc.property(fc.array(fc.array(word, { minLength: 1, maxLength: 12 }), { maxLength: 8 }), fc.nat(30), (commands, size) => {
        const looker = createTracker('redis', true);
        const text = commands.map(words => resp('SET', ...words)).join('') + resp('MULTI');
        for (let at = 0; at < text.length; at += size + 1) say(looker, 'client', text.slice(at, at + size + 1));
        say(looker, 'client', resp('EXEC'));
        say(looker, 'server', '+OK\r\n'.repeat(commands.length + 1));
        expect(looker.holding).toBe(true);
        say(looker, 'server', '*0\r\n');
        expect(looker.holding).toBe(false);
      }),
      { numRuns: rounds(500) },
    );
  });
});

describe('http', () => {
  const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

  test('idle keep-alive does not hold; a response under way does', () => {
    play('http', [
      ['client', GET, true],
      ['server', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel', true],
      ['server', 'lo', false],
      ['client', 'POST /x HTTP/1.1\r\ncontent-length:3\r\n\r\nab', true],
      ['client', 'c', true],
      ['server', 'HTTP/1.1 100 Continue\r\n\r\n', true],
      ['server', 'HTTP/1.1 204 No Content\r\n\r\n', false],
    ]);
  });

  test('chunked, with trailers; a stream holds for as long as it lasts', () => {
    play('http', [
      ['client', GET, true],
      ['server', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n5;x=y\r\nhello\r\n', true],
      ['server', 'A\r\n0123456789\r\n', true],
      ['server', '0\r\nX-Sum: 1\r\n\r\n', false],
    ]);
  });

  test('pipelined; HEAD and 304 have no body', () => {
    play('http', [
      ['client', `HEAD / HTTP/1.1\r\n\r\n${GET}`, true],
      ['server', 'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n', true],
      ['server', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n', false],
    ]);
  });

  test('until close; a WebSocket, CONNECT, HTTP/2, TLS: traffic only', () => {
    play('http', [
      ['client', GET, true],
      ['server', 'HTTP/1.0 200 OK\r\n\r\nsome', true],
      ['server', 'more', true],
    ]);
    play('http', [
      ['client', GET, true],
      ['server', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n', false],
      ['client', 'x', false],
    ]);
    play('http', [
      ['client', 'CONNECT a:1 HTTP/1.1\r\n\r\n', true],
      ['server', 'HTTP/1.1 200 OK\r\n\r\n', false],
    ]);
    play('http', [['client', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', false]]);
    play('http', [['client', '\x16\x03\x01\x02\0', false]]);
  });

  test('a client may move to another connection between two exchanges, not after Connection: close', () => {
    const looker = createTracker('http', true);
    expect(looker.canMove).toBe(true);
    say(looker, 'client', GET);
    expect(looker.canMove).toBe(false);
    say(looker, 'server', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    expect(looker.canMove).toBe(true);
    say(looker, 'client', GET);
    say(looker, 'server', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    expect(looker.canMove).toBe(false);
  });
});

test('property: garbage from both sides, in any chunks, is survived by each', () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc
      .constantFrom(STARTUP, SSL, GREETING, resp('BLPOP', 'a', '0'), '*9999999999\r\n', '$-1\r\n', 'GET / HTTP/1.1\r\n', '\r\n\r\n')
      .map(text => Buffer.from(text, 'latin1')),
  );
  const talk = fc.array(fc.tuple(fc.boolean(), bytes), { maxLength: 12 });
  fc.assert(
    fc.property(fc.constantFrom<Protocol>('http', 'postgres', 'redis', 'tcp'), talk, (protocol, said) => {
      const looker = createTracker(protocol, true);
      for (const [isClient, chunk] of said) looker[isClient ? 'client' : 'server'](Buffer.from(chunk));
      expect(typeof looker.holding).toBe('boolean');
    }),
    { numRuns: rounds(3000) },
  );
});

test('property: chunking makes no difference, for any bytes after a good beginning', () => {
  const beginnings: Partial<Record<Protocol, string>> = { postgres: STARTUP, redis: resp('GET', 'a'), http: 'GET / HTTP/1.1\r\n\r\n' };
  fc.assert(
    fc.property(
      fc.constantFrom<Protocol>('http', 'postgres', 'redis'),
      fc.uint8Array({ maxLength: 200 }),
      fc.integer({ min: 1, max: 40 }),
      (protocol, tail, size) => {
        const text = Buffer.concat([Buffer.from(beginnings[protocol] ?? '', 'latin1'), tail]);
        const [whole, cut] = [createTracker(protocol, true), createTracker(protocol, true)];
        whole.client(text);
        for (let at = 0; at < text.length; at += size) cut.client(text.subarray(at, at + size));
        expect(cut.holding).toBe(whole.holding);
      },
    ),
    { numRuns: rounds(3000) },
  );
});
