import { describe, expect, it } from 'vitest';
import { configText } from '../../daemon/model/config-hash.js';
import type { PortSpec } from '../../daemon/model/spec.js';
import { canonical } from '../../daemon/shared/canonical.js';
import { containerSpec, serviceSpec } from '../scheduler/specs.js';

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

  describe('with a published port', () => {
    const web = (over: Partial<PortSpec>) => ({
      ports: [{ hostIp: '127.0.0.1', host: 80, container: 80, protocol: 'tcp' as const, ...over }],
    });

    it('changes when the service becomes able to sleep: the daemon holds its ports then', () => {
      expect(text(web({}), { start: 'on-demand' })).not.toBe(text(web({})));
      expect(text(web({}), { idle: 1 })).toBe(text(web({}), { start: 'on-demand', idle: 2 }));
    });

    it('stays when it is asked to sleep and has no listener', () => {
      for (const port of [{ protocol: 'udp' as const }, { host: null }]) expect(text(web(port), { idle: 1 })).toBe(text(web(port)));
    });

    it('is what it was before there were listeners, for all that have none', () => {
      const { container, memory, runtime } = serviceSpec({ container: containerSpec(web({})) });
      expect(text(web({}))).toBe(canonical({ container, memory, runtime }));
    });
  });
});
