import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { classifyEngineError, saysExists, saysInUse, saysPoolsUsedUp, saysRemovalUnderWay } from '../../daemon/engine/client/classify.js';
import { engineFailure } from '../../daemon/engine/client/engine-failure.js';
import { FailureError } from '../../daemon/shared/failure.js';

interface Recorded {
  readonly engine: string;
  readonly status: number;
  readonly text: string;
  readonly code: string;
  readonly details: Record<string, unknown>;
}
const recorded = JSON.parse(readFileSync(new URL('fixtures/engine-errors.json', import.meta.url), 'utf8')) as Recorded[];

describe('what engines answer', () => {
  test.each(recorded)('$engine: $code: $text', ({ status, text, code, details }) => {
    const found = classifyEngineError({ status, errno: null, text }, 'start shop-db-1');
    expect(found.code).toBe(code);
    expect(found.details).toMatchObject({ ...details, engine: text });
    expect(found.message).toContain(text);
    expect(found.remedies.length).toBeGreaterThan(0);
  });
});

describe('what an engine says beside the code', () => {
  const said = (text: string) => classifyEngineError({ status: 409, errno: null, text }, 'remove x');
  test.each([
    [saysExists, 'network with name shop_default already exists', 'container is in use by'],
    [saysRemovalUnderWay, 'removal of container c1 is already in progress', 'network is in use'],
    [saysInUse, 'error while removing network: network shop has active endpoints', 'already exists'],
    [saysPoolsUsedUp, 'all predefined address pools have been fully subnetted', 'Pool overlaps with other one on this address space'],
  ])('%o', (says, yes, no) => expect([says(said(yes)), says(said(no))]).toEqual([true, false]));

  test('a program that the container does not have', () => {
    const words = 'OCI runtime exec failed: exec: "node": executable file not found in $PATH: unknown';
    expect(said(words)).toMatchObject({ code: 'engine-error', details: { program: 'missing' } });
    expect(said('boom').details).not.toHaveProperty('program');
  });

  test.each([
    ['open /sys/fs/cgroup/user.slice/user-1000.slice/cgroup.controllers: no such file or directory', /^Under WSL 2\.9\.8 to 2\.9\.12 no rootless engine .*wsl --update/],
    ['crun: open `memory.max` for writing: No such file or directory: OCI runtime attempted to invoke a command that was not found', /^Under WSL 2\.9\.8 and later .*isolateDistroCgroup=false/],
  ])('a cgroup that WSL moved is no program that the container does not have: %s', (words, remedy) => {
    const found = said(words);
    expect([found.code, found.remedies[0]]).toEqual(['engine-error', expect.stringMatching(remedy)]);
    expect(found.details).not.toHaveProperty('program');
    expect(found.remedies.join()).not.toContain('hybrid cgroups');
  }); // biome-ignore format: a table

  test('crun in general keeps its own remedy', () => {
    expect(said('crun: cgroups in hybrid mode not supported').remedies.join()).toContain('hybrid cgroups');
  });

  test('is its own words alone: what was to be done has none', () => {
    const found = classifyEngineError({ status: 500, errno: null, text: 'boom' }, 'remove network in use');
    expect(saysInUse(found)).toBe(false);
  });
});

describe('sockets', () => {
  test.each([
    ['ENOENT', 'missing'],
    ['EACCES', 'permission'],
    ['ECONNREFUSED', 'nobody listens'],
  ])('%s', (errno, words) => {
    const found = classifyEngineError({ status: null, errno, text: `connect ${errno}` }, 'list');
    expect(found.code).toBe('engine-unavailable');
    expect(found.message).toContain(words);
  });

  test('permission denied says which group', () => {
    expect(classifyEngineError({ status: null, errno: 'EACCES', text: '' }, 'list').remedies[0]).toContain('docker');
  });
});

describe('what is thrown', () => {
  test('an answer and a broken socket become failures', () => {
    expect(engineFailure(Object.assign(new Error('x'), { statusCode: 500, json: { message: 'boom' } }), 'stop')).toMatchObject({
      failure: { code: 'engine-error', message: 'stop: boom' },
    });
    expect(engineFailure(Object.assign(new Error('x'), { code: 'ECONNRESET' }), 'stop')).toMatchObject({
      failure: { code: 'engine-unavailable' },
    });
  });

  test('a bug stays what it is', () => {
    const bug = new TypeError('x is not a function');
    expect(engineFailure(bug, 'stop')).toBe(bug);
    expect(engineFailure(bug, 'stop')).not.toBeInstanceOf(FailureError);
  });
});
