import { LARGE, TINY, writeToy } from './gguf/toy.js';

/** node dist/make-toy.js FILE [large]: writes a toy model; large: one of 593 MiB. */
const [path, size] = process.argv.slice(2);
if (path === undefined) {
  process.stderr.write('usage: node dist/make-toy.js FILE [large]\n');
  process.exit(2);
}
await writeToy(path, size === 'large' ? LARGE : TINY);
