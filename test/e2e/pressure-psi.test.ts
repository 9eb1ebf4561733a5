import { join } from 'node:path';
import { describe } from 'vitest';
import { FakeProc, HAS_PSI, hog } from './support/pressure.js';
import { pressureTests } from './support/pressure-tests.js';

// As PID 1's child under qemu it has the machine to itself, and makes it short in earnest. Elsewhere a /proc says so: the rules are the same.
const REAL = HAS_PSI && process.env['LAPTOP_DEV_TEST_ALONE'] === '1';
describe.sequential(`a host short of memory, told by ${REAL ? "its kernel's PSI: something thrashes" : 'PSI in a /proc'}`, () => {
  pressureTests(own => (REAL ? hog(`${own.name}-hog`) : new FakeProc(join(own.root, 'proc'), true)), REAL);
});
