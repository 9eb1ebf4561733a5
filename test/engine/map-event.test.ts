import { describe, expect, test } from 'vitest';
import { mapEvent } from '../../daemon/engine/mapping/map-event.js';
import { jsonLines } from '../../daemon/engine/streams/events.js';

const event = (Action: string, Attributes: Record<string, string> = {}, more = {}) =>
  mapEvent({ Type: 'container', Action, Actor: { ID: 'c1', Attributes }, time: 1795217975, timeNano: 1795217975484000000, ...more });
const at = 1795217975484;

describe('mapEvent', () => {
  test.each([
    ['start', {}, { kind: 'started' }],
    ['die', { exitCode: '7' }, { kind: 'died', exitCode: 7 }],
    ['died', { containerExitCode: '137' }, { kind: 'died', exitCode: 137 }],
    ['oom', {}, { kind: 'oom' }],
    ['kill', { signal: '15' }, { kind: 'killed', signal: 15 }],
    ['kill', { signal: 'SIGKILL' }, { kind: 'killed', signal: 9 }],
    ['health_status: healthy', {}, { kind: 'health', health: 'healthy' }],
    ['health_status: unhealthy', {}, { kind: 'health', health: 'unhealthy' }],
    ['pause', {}, { kind: 'paused' }],
    ['unpause', {}, { kind: 'unpaused' }],
    ['update', {}, { kind: 'updated' }],
    ['destroy', {}, { kind: 'destroyed' }],
    ['remove', {}, { kind: 'destroyed' }],
  ])('%s', (action, attributes, expected) => {
    expect(event(action, attributes)).toEqual({ id: 'c1', at, ...expected });
  });

  test.each(['exec_start: sh -c true', 'exec_die', 'attach', 'rename', 'init', 'cleanup', 'top', 'resize'])(
    '%s is nobody’s business',
    action => {
      expect(event(action)).toBeNull();
    },
  );

  test('Podman’s health in a field of its own', () => {
    expect(event('health_status', {}, { HealthStatus: 'healthy' })).toMatchObject({ kind: 'health', health: 'healthy' });
  });

  test('other types and events without an id', () => {
    expect(mapEvent({ Type: 'network', Action: 'destroy', Actor: { ID: 'n1' } })).toBeNull();
    expect(mapEvent({ Type: 'container', Action: 'start' })).toBeNull();
  });

  test('seconds where there are no nanoseconds', () => {
    expect(mapEvent({ status: 'start', id: 'c1', time: 12 })).toEqual({ kind: 'started', id: 'c1', at: 12_000 });
  });
});

describe('jsonLines', () => {
  async function parse(...chunks: (string | Buffer)[]): Promise<unknown[]> {
    const values: unknown[] = [];
    async function* stream() {
      for (const chunk of chunks) yield Buffer.from(chunk);
    }
    for await (const value of jsonLines(stream())) values.push(value);
    return values;
  }

  test('chunks may end anywhere, inside a character too', async () => {
    const text = Buffer.from('{"a":"é"}\n{"b":2}\n');
    const cut = text.indexOf(0xa9);
    expect(await parse(text.subarray(0, cut), text.subarray(cut, cut + 5), text.subarray(cut + 5))).toEqual([{ a: 'é' }, { b: 2 }]);
  });

  test('a line that is not JSON is left out; a last one without a newline counts', async () => {
    expect(await parse('{"a":1}\nnonsense\n\n{"b"', ':2}')).toEqual([{ a: 1 }, { b: 2 }]);
  });

  test('an endless line does not fill the memory', async () => {
    expect(await parse('x'.repeat(2_000_000), '\n{"a":1}\n')).toEqual([{ a: 1 }]);
  });
});
