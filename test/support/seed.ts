import fc from 'fast-check';
import { FAST, LEAST, SEED } from './deep.js';

/** Before each test file: properties use the seed of the run, and in a fast run the least runs. A failure names the seed, and the path to the case. */
fc.configureGlobal({ seed: SEED, ...(FAST ? { numRuns: LEAST } : {}) });
