import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GiB, MiB } from '../../daemon/shared/bytes.js';
import { byGear } from '../support/deep.js';
import type { Home } from './support/home.js';
import { type Sleeper, sleepers, type Wanted } from './support/sleepers.js';
import { statesIn, stays, tinyHome } from './support/tiny.js';
import { patience } from './support/until.js';

/** What goes through, each way: far more than the daemon may grow by. */
const SIZE = byGear({ deep: GiB, usual: 256 * MiB, fast: 128 * MiB });
const SAID = `${SIZE / MiB} MB`;
/** Not a power of two, so that its ends meet those of no buffer. */
const BLOCK = 1_000_003;
const BLOCKS = Math.ceil(SIZE / BLOCK);
/** What the daemon may grow by meanwhile. */
const MOST_GROWN = 30 * MiB;

/** A program that gets each connection as its input and output; a TCP service, so that the daemon understands nothing of it. */
const program = (script: string, prepare = 'true'): Wanted => ({
  memory: '{ standard: 64MB, maximum: 64MB }',
  idle: '10m',
  protocol: 'tcp',
  command: stays(`${prepare}; echo '${script}' > /serve; nc -ll -p 80 -e sh /serve & true`),
});
/** The same each time, made as it is sent; random, so that nothing that is lost, doubled or out of order goes unseen. */
const SEND = `i=0; while [ $$i -lt ${BLOCKS} ]; do cat /block || exit; i=$$((i + 1)); done`;

let own: Home;
let services: Record<'sum' | 'source', Sleeper>;
let folder: string;
beforeAll(async () => {
  own = await tinyHome();
  const made = await sleepers(own, 'through', {
    sum: program('md5sum'),
    source: program(SEND, `dd if=/dev/urandom of=/block bs=${BLOCK} count=1`),
  });
  folder = made.folder;
  services = Object.fromEntries(made.services.map(each => [each.name, each])) as typeof services;
});
afterAll(() => own?.close());

/** A client that may send its FIN and go on reading. */
function client({ port }: Sleeper): Socket {
  return connect({ port, host: '127.0.0.1', allowHalfOpen: true });
}

/** What `md5sum` says of what comes in. */
async function answerTo(input: Readable): Promise<string> {
  const socket = client(services.sum);
  const answer = text(socket);
  await pipeline(input, socket);
  return (await answer).split(' ')[0] ?? '';
}

/** So many blocks, each different, made as they are read; and their checksum once all are. */
function blocks(count: number): { readonly stream: Readable; readonly sum: () => string } {
  const hash = createHash('md5');
  function* made(): Generator<Buffer> {
    for (let index = 0; index < count; index++) {
      const block = Buffer.alloc(BLOCK, `block ${index} of ${count}, `);
      hash.update(block);
      yield block;
    }
  }
  return { stream: Readable.from(made()), sum: () => hash.digest('hex') };
}

/** By how much the daemon's memory peaked above what it was, while something was done; bytes, as the kernel keeps the peak. */
async function growthDuring<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly grown: number }> {
  const folder = `/proc/${await own.daemonPid()}`;
  const figure = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(readFileSync(`${folder}/status`, 'utf8'))?.[1]) * 1024;
  writeFileSync(`${folder}/clear_refs`, '5'); // the peak begins anew
  const before = figure('VmRSS');
  const result = await work();
  return { result, grown: figure('VmHWM') - before };
}

describe.sequential('bytes through the daemon', () => {
  it('a client that sends and half-closes, while the service sleeps, gets its whole answer', async () => {
    expect(await statesIn(own, folder)).toContain('sum asleep');
    const { stream, sum } = blocks(3);
    expect(await answerTo(stream)).toBe(sum());
    const nothing = blocks(0);
    expect(await answerTo(nothing.stream)).toBe(nothing.sum());
  });

  it(
    `${SAID} to the service arrive intact, and the daemon hardly grows`,
    async () => {
      const { stream, sum } = blocks(BLOCKS);
      const began = performance.now();
      const { result, grown } = await growthDuring(() => answerTo(stream));
      console.log(
        `to the service: ${BLOCKS * BLOCK} bytes in ${Math.round(performance.now() - began)} ms, daemon + ${(grown / MiB).toFixed(1)} MB`,
      );
      expect(result).toBe(sum());
      expect(grown).toBeLessThan(MOST_GROWN);
    },
    patience(120_000),
  );

  it(
    `${SAID} from the service, to a client that has sent its FIN, arrive intact, and the daemon hardly grows`,
    async () => {
      const { stdout } = await own.cli(['exec', 'source', 'base64', '/block'], { cwd: folder });
      const block = Buffer.from(stdout, 'base64');
      expect(block).toHaveLength(BLOCK);
      const sent = createHash('md5');
      for (let left = BLOCKS; left > 0; left--) sent.update(block);
      const began = performance.now();
      const { result, grown } = await growthDuring(async () => {
        const hash = createHash('md5');
        const socket = client(services.source);
        socket.end();
        for await (const chunk of socket) hash.update(chunk as Buffer);
        return hash.digest('hex');
      });
      console.log(
        `from the service: ${BLOCKS * BLOCK} bytes in ${Math.round(performance.now() - began)} ms, daemon + ${(grown / MiB).toFixed(1)} MB`,
      );
      expect(result).toBe(sent.digest('hex'));
      expect(grown).toBeLessThan(MOST_GROWN);
    },
    patience(120_000),
  );
});
