import { describe, expect, it } from 'vitest';
import { inferSettings } from '../../../daemon/config/project/services/infer.js';
import type { PortSpec } from '../../../daemon/model/spec.js';
import { MiB } from '../../../daemon/shared/bytes.js';
import { containerSpec } from '../../scheduler/specs.js';

const port = (container: number, protocol: 'tcp' | 'udp' = 'tcp'): PortSpec => ({ hostIp: '127.0.0.1', host: null, container, protocol });

describe('guess by image', () => {
  it.each([
    ['postgres:16', 'postgres', 'postgres', 512],
    ['docker.io/library/postgres', 'postgres', 'postgres', 512],
    ['registry.example:5000/pgvector/pgvector:pg16', 'postgres', 'postgres', 512],
    ['bitnami/postgresql:16', 'postgres', null, 512],
    ['redis:7-alpine@sha256:0123', 'redis', 'redis', 256],
    ['valkey/valkey', 'redis', null, 256],
    ['node:22-slim', 'tcp', 'node', 512],
    ['localhost/node', 'tcp', 'node', 512],
    ['eclipse-temurin:21', 'tcp', 'jvm', 1024],
    ['python', 'tcp', 'python', 512],
    ['golang:1.23', 'tcp', null, 512],
    ['nginx', 'http', null, 128],
    ['mysql:8', 'tcp', null, 1024],
    ['my/node-app', 'tcp', null, 512],
    ['postgres-exporter', 'tcp', null, 512],
  ])('%s: %s, %s, at most %d MB', (image, protocol, runtime, maximum) => {
    expect(inferSettings(containerSpec({ image }))).toMatchObject({ protocol, runtime, memory: { maximum: maximum * MiB } });
  });
});

describe('a heap that is written counts', () => {
  it.each([
    [{ environment: { ES_JAVA_OPTS: '-Xms1g -Xmx2g' } }, 1280, 2304],
    [{ environment: { JAVA_OPTS: '-Xmx3000M' } }, 256, 3256],
    [{ command: ['java', '-Xms524288k', '-jar', 'app.jar'] }, 768, 768],
    [{ entrypoint: ['node', '--max-old-space-size=2048', 'x.js'] }, 256, 2304],
    [{ environment: { NODE_OPTIONS: '--max_old_space_size 1024' } }, 256, 1280],
    [{ environment: { NOTE: '-Xmx16' } }, 256, 512],
    [{ environment: { NOTE: '-Xmxfoo -Xms1gig' } }, 256, 512],
  ])('%j: %d to %d MB', (over, standard, maximum) => {
    expect(inferSettings(containerSpec(over)).memory).toMatchObject({
      standard: standard * MiB,
      maximum: expect.closeTo(maximum * MiB, -2),
    });
  });
});

describe('guess by port', () => {
  it.each([
    [[port(3000)], [], 'http'],
    [[port(9229), port(8080)], [], 'http'],
    [[], ['5432'], 'postgres'],
    [[], ['6379/tcp'], 'redis'],
    [[port(53, 'udp'), port(80, 'udp')], [], 'tcp'],
    [[port(443)], [], 'tcp'],
    [[], [], 'tcp'],
  ])('%j and %j: %s', (ports, expose, protocol) => expect(inferSettings(containerSpec({ ports, expose })).protocol).toBe(protocol));
});
