import { describe, expect, it } from 'vitest';
import { loadProject } from '../../../daemon/config/project/load.js';
import type { ServiceSpec } from '../../../daemon/model/spec.js';
import { risks } from '../../../daemon/model/trust/trust.js';
import { MiB } from '../../../daemon/shared/bytes.js';
import { find, tree } from './tree.js';

async function advisorOf(profile: string, environment: Record<string, string> = {}): Promise<ServiceSpec> {
  const { spec, failure, warnings } = await loadProject(await find(tree({}), {}, environment), { profile, services: null, taken: {} });
  expect([failure, warnings]).toEqual([null, []]);
  expect(spec && risks(spec)).toEqual([]);
  const advisor = spec?.services.find(({ name }) => name === 'llm-advisor');
  if (!advisor) throw new Error(`${profile} has no llm-advisor`);
  return advisor;
}

/** Whatever runs behind the name: the same budget, port, waking and sleep, and nothing that the others may not do. */
const SAME = {
  memory: { standard: 1024 * MiB, maximum: 2048 * MiB },
  priority: 20,
  start: 'eager',
  idle: 600_000,
  protocol: 'http',
  startTimeout: 300_000,
  activation: { path: 'splice' },
  dependsOn: [],
  container: {
    readOnly: true,
    capDrop: ['ALL'],
    securityOpt: ['no-new-privileges:true'],
    pidsLimit: 128,
    ports: [{ container: 8090, host: 8090, hostIp: '127.0.0.1', protocol: 'tcp' }],
  },
};

describe('the service llm-advisor', () => {
  it('is our own, with its models read-only', async () => {
    const { container, ...advisor } = await advisorOf('llm');
    expect({ ...advisor, container }).toMatchObject(SAME);
    expect(advisor.activation.readyPath).toBe('/health');
    expect(container).toMatchObject({ image: 'laptop-dev/llm-advisor', user: '10002:10002', build: { args: {} } });
    expect(volumesOf(container)).toEqual(['llm-models /models ro', 'llm-state /state rw']);
    expect(container?.environment).toEqual({ PORT: '8090', MODEL: '', CONTEXT: '4096', UNLOAD_AFTER_MS: '300000' });
    expect(container?.healthcheck?.test).toEqual(['CMD', '/usr/local/bin/healthcheck']);
  });

  it("can be llama.cpp's server: one model, one conversation, no cache of past ones", async () => {
    const { container, ...advisor } = await advisorOf('llm-llama-server', { LLM_CONTEXT: '2048' });
    expect({ ...advisor, container }).toMatchObject(SAME);
    expect([advisor.runtime, advisor.activation.readyPath]).toEqual([null, '/health']);
    expect(container).toMatchObject({ image: 'ghcr.io/ggml-org/llama.cpp:server', user: '10002:10002', build: null });
    const flags = { host: '0.0.0.0', port: 8090, 'models-dir': '/models', 'models-max': 1, 'ctx-size': 2048, parallel: 1, 'cache-ram': 0 };
    expect(container?.command).toEqual(Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, `${value}`]));
    expect(container?.environment).toEqual({
      HOME: '/tmp',
      LLAMA_ARG_THREADS: '-1',
      LLAMA_ARG_MMAP: '0',
      LLAMA_ARG_LOAD_MODE: 'none',
    });
    expect(volumesOf(container)).toEqual(['llm-models /models ro']);
    expect(container?.healthcheck?.test).toContain('http://127.0.0.1:8090/health');
  });

  it('can be Ollama: one model, one conversation, unloaded after 5 minutes', async () => {
    const { container, ...advisor } = await advisorOf('llm-ollama');
    expect({ ...advisor, container }).toMatchObject(SAME);
    expect([advisor.runtime, advisor.activation.readyPath]).toEqual([null, '/']);
    expect(container).toMatchObject({ image: 'ollama/ollama', build: null, command: null });
    expect(container?.environment).toEqual({
      OLLAMA_HOST: '0.0.0.0:8090',
      OLLAMA_MODELS: '/root/.ollama/models',
      OLLAMA_MAX_LOADED_MODELS: '1',
      OLLAMA_NUM_PARALLEL: '1',
      OLLAMA_MAX_QUEUE: '8',
      OLLAMA_KEEP_ALIVE: '5m',
      OLLAMA_CONTEXT_LENGTH: '4096',
      LLAMA_ARG_CACHE_RAM: '0',
    });
    expect(volumesOf(container)).toEqual(['llm-models /models ro', 'ollama /root/.ollama rw']);
    expect(container?.healthcheck?.test.at(-1)).toContain('$line == *200*');
  });

  it.each(['LLAMA_SERVER_IMAGE', 'OLLAMA_IMAGE'])('%s names the image of another engine', async variable => {
    const profile = variable === 'OLLAMA_IMAGE' ? 'llm-ollama' : 'llm-llama-server';
    expect((await advisorOf(profile, { [variable]: 'mirror/engine:1' })).container?.image).toBe('mirror/engine:1');
  });

  it.each(['minimal', 'full'])('%s: the API knows where it is and does not start it', async profile => {
    const { spec } = await loadProject(await find(tree({})), { profile, services: null, taken: {} });
    const api = spec?.services.find(({ name }) => name === 'api');
    expect(api?.container?.environment['LLM_URL']).toBe('http://llm-advisor:8090');
    expect(api?.dependsOn.map(({ service }) => service)).toEqual(['postgres', 'redis']);
  });
});

function volumesOf(container: ServiceSpec['container']): string[] {
  return (container?.mounts ?? [])
    .flatMap(mount => (mount.kind === 'volume' ? [`${mount.volume} ${mount.target} ${mount.readOnly ? 'ro' : 'rw'}`] : []))
    .sort();
}
