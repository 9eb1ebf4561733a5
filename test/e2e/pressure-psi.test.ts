import { join } from 'node:path';
import { describe } from 'vitest';
import { FakeProc, HAS_PSI, hog } from './support/pressure.js';
import { pressureTests } from './support/pressure-tests.js';

// Where the kernel tells none, a /proc that does: the rules are the same.
describe.sequential(`a host short of memory, told by ${HAS_PSI ? "its kernel's PSI: something thrashes" : 'PSI in a /proc'}`, () => {
  // As PID 1's child under qemu it is the only one there; elsewhere others may run tests that are killed for memory.
  pressureTests(
    own => (HAS_PSI ? hog(`${own.name}-hog`) : new FakeProc(join(own.root, 'proc'), true)),
    process.env['LAPTOP_DEV_TEST_ALONE'] === '1',
  );
});
