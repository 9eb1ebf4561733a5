import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { ContainerCheck, ObservedContainer } from '../../daemon/model/observed.js';
import { type ContainerSpec, type Healthcheck, PLAIN_ACTIVATION, type PortSpec, type ServiceSpec } from '../../daemon/model/spec.js';
import type { ProbeOutcome, ProbeQuestion } from '../../daemon/ports/listeners.js';
import { awaitReady, type ReadinessContext } from '../../daemon/runtime/effects/readiness.js';
import { containerSpec, serviceSpec } from '../scheduler/specs.js';
import { observed } from '../scheduler/support/specs.js';

const port = (container: number): PortSpec => ({ hostIp: '127.0.0.1', host: container, container, protocol: 'tcp' });
const CHECK: ContainerCheck = { command: ['is-ready'], interval: 30_000, timeout: null, startPeriod: null, retries: null };
const none = (test: readonly string[]): Healthcheck => ({
  test,
  interval: 5_000,
  timeout: null,
  startPeriod: null,
  startInterval: null,
  retries: null,
});
const silent: ProbeOutcome = { ready: false, why: 'nothing listens', listens: false, speaks: null };

interface Scene {
  readonly container?: Partial<ContainerSpec>;
  readonly spec?: Partial<ServiceSpec>;
  readonly seen?: Partial<ObservedContainer>;
  /** By port; what is missing never answers. */
  readonly answers?: Readonly<Record<number, ProbeOutcome>>;
  readonly awaited?: readonly number[];
  readonly exits?: readonly number[];
  readonly isLocal?: boolean;
  /** ns of CPU time a ms. */
  readonly load?: number;
}

/** Readiness of one service, with what was asked for it. The clock is the test's: each reading is 100 ms later, and a pause takes no real time. */
async function ready({ container = {}, spec = {}, seen = {}, answers = {}, awaited = [], exits = [], isLocal = true, load = 1e6 }: Scene) {
  const asked: string[] = [];
  const left = [...exits];
  let now = 0;
  const context: ReadinessContext = {
    clock: { now: () => (now += 100), wall: () => now },
    containers: {
      inspect: async () => found,
      probe: async (_id, command) => {
        asked.push(command.join(' '));
        return left.shift() ?? 0;
      },
      exec: async () => {
        throw new Error('no exec here');
      },
    },
    untilReady: async (question: ProbeQuestion, signal, trying) => {
      asked.push(
        `${question.protocol}${question.guessed ? '?' : ''} ${question.target.host}:${question.target.port}${question.path ?? ''}`,
      );
      const answer = answers[question.target.port];
      if (answer?.ready) return answer;
      trying?.(answer ?? silent);
      return new Promise(resolve => signal.addEventListener('abort', () => resolve(answer ?? silent)));
    },
    awaited: () => new Set(awaited),
    heard: () => undefined,
    cpu: () => now * load,
    isLocal: async () => isLocal,
    sleep: async (ms, signal) => {
      await turn(); // what has answered is told first
      if (signal?.aborted !== true) now += ms;
    },
  };
  const service = serviceSpec({ startTimeout: 20_000, container: containerSpec(container), ...spec });
  const found = observed(service, { ip: '172.18.0.2', gateway: '172.18.0.1', ...seen });
  const readiness = await awaitReady(service, found, context).catch(error => ({ kind: 'failed', why: String(error.message) }) as const);
  return { readiness, asked };
}

const http: ProbeOutcome = { ready: true, protocol: 'http' };
const guessed = { activation: { ...PLAIN_ACTIVATION, protocolFrom: 'port' as const } };

describe('what never sleeps is asked too', () => {
  test('at its own address, in the protocol of its port', async () => {
    const { readiness, asked } = await ready({ spec: guessed, container: { ports: [port(3000)] }, answers: { 3000: http } });
    expect(asked).toEqual(['http? 172.18.0.2:3000']);
    expect(readiness).toEqual({ kind: 'answered', ports: [{ port: 3000, protocol: 'http' }], silent: [] });
  });

  test('for the path that its profile names, before its health check', async () => {
    const activation = { ...PLAIN_ACTIVATION, readyPath: '/health', protocolFrom: 'port' as const };
    const { asked } = await ready({
      spec: { activation },
      container: { ports: [port(25), port(7000)] },
      seen: { check: CHECK },
      answers: { 25: http },
    });
    expect(asked).toEqual(['http? 172.18.0.2:25/health']);
  });

  test('without check and port it is unprobed', async () => {
    expect((await ready({})).readiness).toEqual({ kind: 'unprobed', why: 'it has no health check and no TCP port' });
    expect((await ready({ container: { networkMode: 'host', ports: [port(80)] } })).readiness?.kind).toBe('unprobed');
  });

  test('an address of a network that is not here is not asked', async () => {
    const ports = [{ hostIp: '127.0.0.1', host: 35_089, container: 3000, protocol: 'tcp' as const }];
    const { asked } = await ready({
      spec: guessed,
      container: { ports: [port(3000)] },
      seen: { ports },
      isLocal: false,
      answers: { 35089: http },
    });
    expect(asked).toEqual(['http? 127.0.0.1:35089']);
  });
});

describe('a health check', () => {
  test('of the image is run by us until it passes', async () => {
    const { readiness, asked } = await ready({
      container: { ports: [port(3000)] },
      seen: { check: CHECK, health: 'starting' },
      exits: [1, 1, 0],
    });
    expect([readiness, asked]).toEqual([{ kind: 'checked' }, ['is-ready', 'is-ready', 'is-ready']]);
  });

  test('that the image allows more time than the service gets it', async () => {
    const exits = Array.from({ length: 60 }, () => 1);
    expect((await ready({ spec: { startTimeout: 1_000 }, seen: { check: CHECK }, exits: exits.slice(0, 12) })).readiness).toEqual({
      kind: 'checked',
    });
    const written = { healthcheck: none(['CMD', 'is-ready']) };
    expect((await ready({ spec: { startTimeout: 1_000 }, container: written, seen: { check: CHECK }, exits })).readiness?.kind).toBe(
      'failed',
    );
  });

  test.each([[['NONE']], [[]]])('that is none, %j: its ports are asked', async given => {
    const { asked } = await ready({ spec: guessed, container: { ports: [port(3000)], healthcheck: none(given) }, answers: { 3000: http } });
    expect(asked).toEqual(['http? 172.18.0.2:3000']);
  });
});

describe('of several ports', () => {
  const two = { spec: guessed, container: { ports: [port(3000), port(9229)] } };

  test('the one that a client waits for decides', async () => {
    const { readiness } = await ready({ ...two, awaited: [3000], answers: { 3000: http } });
    expect(readiness).toEqual({ kind: 'answered', ports: [{ port: 3000, protocol: 'http' }], silent: [9229] });
  });

  test('one that never listens holds up nobody for long, and is named', async () => {
    expect((await ready({ ...two, answers: { 3000: http } })).readiness).toMatchObject({ kind: 'answered', silent: [9229] });
  });
});

describe('nothing listens', () => {
  test('what rests and was only guessed to listen runs on, and is not ready', async () => {
    const { readiness } = await ready({ spec: guessed, container: { ports: [port(3000)] }, load: 0 });
    expect(readiness).toEqual({ kind: 'unready', why: 'nothing listens' });
  });

  test('what may sleep is used through its ports: it is stopped when its time is over', async () => {
    const { readiness } = await ready({
      spec: { ...guessed, start: 'on-demand', startTimeout: 3_000 },
      container: { ports: [port(3000)] },
      load: 0,
    });
    expect(readiness?.kind).toBe('failed');
  });

  test('a client that waits has it stopped when the time is over', async () => {
    const { readiness } = await ready({
      spec: { ...guessed, startTimeout: 3_000 },
      container: { ports: [port(3000)] },
      awaited: [3000],
      load: 0,
    });
    expect(readiness).toEqual({ kind: 'failed', why: 'app was not healthy within 3 s: nothing listens. It was stopped.' });
  });

  test('a protocol that a person has written fails, with the one that would work', async () => {
    const tls: ProbeOutcome = { ready: false, why: '8443 speaks TLS, not http', listens: true, speaks: 'tls' };
    const { readiness } = await ready({
      spec: { protocol: 'http', startTimeout: 3_000 },
      container: { ports: [port(8443)] },
      answers: { 8443: tls },
    });
    expect(readiness).toMatchObject({ kind: 'failed', why: expect.stringContaining('8443 speaks TLS, not http') });
  });

  test("a worker of a web server's image is not asked at the port that its image exposes", async () => {
    const exposed = { exposed: [3000] };
    expect((await ready({ spec: guessed, seen: exposed, answers: { 3000: http } })).asked).toEqual(['http? 172.18.0.2:3000']);
    expect((await ready({ spec: guessed, container: { command: ['work'] }, seen: exposed })).readiness?.kind).toBe('unprobed');
  });
});
