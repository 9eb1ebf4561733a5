import { totalmem } from 'node:os';
import { expect, test } from 'vitest';
import { limitNow } from '../../../compose/services/llm-advisor/src/memory.js';

const files = (found: Readonly<Record<string, string>>) => (path: string) => found[path] ?? null;

test.each([
  ['cgroup v2', { '/sys/fs/cgroup/memory.max': '536870912\n' }, 536_870_912],
  ['cgroup v2 without a limit', { '/sys/fs/cgroup/memory.max': 'max\n' }, totalmem()],
  [
    'cgroup v1',
    { '/sys/fs/cgroup/memory/memory.limit_in_bytes': '536870912\n', '/sys/fs/cgroup/memory/memory.soft_limit_in_bytes': '1\n' },
    536_870_912,
  ],
  ['cgroup v1 without a limit', { '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n' }, totalmem()],
  ['no cgroup', {}, totalmem()],
])('the limit that holds: %s', (_, found, expected) => expect(limitNow(files(found))).toBe(expected));
