import fc from 'fast-check';
import { SEED } from './deep.js';

/** Before each test file: properties use the seed of the run. A failure names it, and the path to the case. */
fc.configureGlobal({ seed: SEED });
