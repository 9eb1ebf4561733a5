import { TINY, type ToyShape, writeToy } from './gguf/toy.js';

/** node dist/make-toy.js FILE [large]: writes a toy model; large: one of 593 MiB. */
const LARGE: ToyShape = { layers: 16, width: 2048, feedForward: 8192, heads: 32, context: 8192, words: 32_000 };

const [path, size] = process.argv.slice(2);
if (path === undefined) {
  process.stderr.write('usage: node dist/make-toy.js FILE [large]\n');
  process.exit(2);
}
await writeToy(path, size === 'large' ? LARGE : TINY);
