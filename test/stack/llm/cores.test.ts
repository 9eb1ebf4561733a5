import { expect, test } from 'vitest';
import { cores } from '../../../compose/services/llm-advisor/src/cores.js';

const V2 = '/sys/fs/cgroup/cpu.max';
const V1 = '/sys/fs/cgroup/cpu/cpu.cfs_quota_us';

test.each([
  ['one core', 1, {}, 1],
  ['two cores: one is left to all else', 2, {}, 1],
  ['eight cores', 8, {}, 7],
  ['no quota', 8, { [V2]: 'max 100000' }, 7],
  ['a quota of 2.5', 8, { [V2]: '250000 100000' }, 2],
  ['a quota of a half', 8, { [V2]: '50000 100000' }, 1],
  ['a quota of all', 8, { [V2]: '800000 100000' }, 7],
  ['cgroup v1, no quota', 4, { [V1]: '-1', '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000' }, 3],
  ['cgroup v1, a quota of 2', 4, { [V1]: '200000', '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000' }, 2],
])('%s', (_what, available, files: Record<string, string>, threads) => expect(cores(available, path => files[path] ?? null)).toBe(threads));
