import { describe, expect, it } from 'vitest';
import { configText } from '../../daemon/core/config-hash.js';
import { containerSpec, serviceSpec } from './specs.js';

const text = (container: Parameters<typeof containerSpec>[0], service: Parameters<typeof serviceSpec>[0] = {}) =>
  configText(serviceSpec({ container: containerSpec(container), ...service }));

describe('configText', () => {
  it('does not depend on the order of keys', () => {
    expect(text({ environment: { A: '1', B: '2' } })).toBe(text({ environment: { B: '2', A: '1' } }));
  });

  it.each([
    ['the image', text({ image: 'other' })],
    ['a variable', text({ environment: { A: '1' } })],
    ['the order of arguments', text({ command: ['a', 'b'] })],
    ['the maximum', text({}, { memory: { standard: 128 * 1024 ** 2, maximum: 257 * 1024 ** 2 } })],
    ['the runtime', text({}, { runtime: 'node' })],
  ])('changes with %s', (_what, changed) => {
    expect(changed).not.toBe(text({}));
    expect(changed).not.toBe(text({ command: ['b', 'a'] }));
  });

  it('does not change with what the container is not made from', () => {
    expect(text({}, { priority: 99, idle: 1, startTimeout: 1, stopTimeout: 1, start: 'manual', name: 'x' })).toBe(text({}));
  });
});
