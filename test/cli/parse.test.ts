import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { buildProgram, type Invocation, parseSince } from '../../daemon/cli/parser/program.js';
import { cliFailure } from '../../daemon/cli/run.js';
import { type LoadedVerb, loadVerbs } from '../../daemon/cli/verb.js';
import { VERBS } from '../../daemon/cli/verbs.js';
import { parseDuration } from '../../daemon/shared/duration.js';
import { formatTime } from '../../daemon/shared/span.js';

const NOW = Date.parse('2026-01-31T12:00:00Z');

async function parse(line: string) {
  let found: Invocation | null = null;
  const said: string[] = [];
  const printed: string[] = [];
  const call = async (invocation: Invocation) => {
    found = invocation;
  };
  const argv = line === '' ? [] : line.split(' ');
  try {
    const program = await buildProgram(argv, call, { out: text => printed.push(text), err: text => said.push(text) }, NOW);
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { refused: cliFailure(error, said), printed: printed.join('') };
  }
  const { verb, args, options } = found ?? { verb: '', args: [], options: {} };
  return { verb, args, options };
}

describe('the command line', () => {
  it.each(['why ../api', 'start api x/y', 'exec a..b ls', 'pin __proto__'])(
    '%s: a word that no service can be called is refused with it',
    async line => {
      const word = line.split(' ').find(each => /[./_]/.test(each));
      await expect(parse(line)).rejects.toThrow(`"${word}" is not a service name: letters, digits`);
    },
  );

  it.each(['llm', 'llm models', 'daemon', 'wsl', 'config'])('%s alone is refused with the verbs that it has', async line => {
    const pattern = new RegExp(`^laptop-dev ${line} needs one more word: [a-z]+(, [a-z-]+)+\\.$`);
    await expect(parse(line)).rejects.toThrow(pattern);
    expect((await parse(`${line} --help`)).printed).toContain(`Usage: laptop-dev ${line}`);
  });

  it('a name that no project can have is refused with it', async () => {
    expect(await parse('down -p Über')).toMatchObject({
      refused: { message: expect.stringMatching(/'Über'.*It must be lower-case letters/s) },
    });
  });

  it.each([
    ['ps', { verb: 'ps', args: [], options: {} }],
    ['ps -a --json', { verb: 'ps', args: [], options: { all: true, json: true } }],
    ['--json -p x ps', { verb: 'ps', args: [], options: { json: true, projectName: 'x' } }],
    ['-f a.yaml -f b.yaml up minimal', { verb: 'up', args: ['minimal'], options: { file: ['a.yaml', 'b.yaml'] } }],
    ['up -f a.yaml --file b.yaml', { verb: 'up', args: [], options: { file: ['a.yaml', 'b.yaml'] } }],
    ['up minimal api --no-wait --trust', { verb: 'up', args: ['minimal', 'api'], options: { wait: false, trust: true } }],
    ['up --wait --wait-timeout 2m', { verb: 'up', args: [], options: { wait: true, waitTimeout: 120_000 } }],
    [
      'up --wait-timeout 90 --engine podman --dry-run',
      { verb: 'up', args: [], options: { waitTimeout: 90_000, engine: 'podman', dryRun: true } },
    ],
    ['logs -f --since 10m -n 5 api db', { verb: 'logs', args: ['api', 'db'], options: { follow: true, since: NOW - 600_000, tail: 5 } }],
    ['logs --file c.yaml', { verb: 'logs', args: [], options: { file: ['c.yaml'] } }],
    [
      'exec -T -e A=b -e C api ls -la --json',
      { verb: 'exec', args: ['api', 'ls', '-la', '--json'], options: { tty: false, env: ['A=b', 'C'] } },
    ],
    ['exec api -- sh -c x', { verb: 'exec', args: ['api', '--', 'sh', '-c', 'x'], options: { tty: true } }],
    ['down --all --volumes -y', { verb: 'down', args: [], options: { all: true, volumes: true, yes: true } }],
    ['config show minimal --show-values', { verb: 'config show', args: ['minimal'], options: { showValues: true } }],
    ['daemon start -q', { verb: 'daemon start', args: [], options: { quiet: true } }],
    ['stop', { verb: 'stop', args: [], options: {} }],
    ['llm models ls --json', { verb: 'llm models ls', args: [], options: { json: true } }],
    [
      'llm models add m.gguf --name a --sha256 00 --replace --service llm',
      { verb: 'llm models add', args: ['m.gguf'], options: { name: 'a', sha256: '00', replace: true, service: 'llm' } },
    ],
    ['llm models make-tiny --large', { verb: 'llm models make-tiny', args: [], options: { large: true } }],
    ['llm estimate', { verb: 'llm estimate', args: [], options: {} }],
  ])('reads %s', async (line, expected) => {
    expect(await parse(line)).toEqual(expected);
  });

  it.each([
    ['pss', "unknown command 'pss'\n(Did you mean ps?)"],
    ['up --dryrun', "unknown option '--dryrun'\n(Did you mean --dry-run?)"],
    ['up --engine lxc', "option '--engine <kind>' argument 'lxc' is invalid. Allowed choices are docker, podman."],
    ['up --wait-timeout soon', "option '--wait-timeout <time>' argument 'soon' is invalid. It must be a time, such as 90, 90s or 2m."],
    ['up --wait-timeout 0', "option '--wait-timeout <time>' argument '0' is invalid. It must be a time, such as 90, 90s or 2m."],
    [
      'logs --since yesterday',
      "option '--since <time>' argument 'yesterday' is invalid. It must be a time, such as 10m, 2h or 2026-01-31T12:00.",
    ],
    ['logs -n -1', "option '-n, --tail <count>' argument '-1' is invalid. It must be a whole number, or all."],
    ['why', "missing required argument 'service'"],
    ['llm models add', "missing required argument 'source'"],
    ['llm models lss', "unknown command 'lss'\n(Did you mean ls?)"],
    ['exec api', "missing required argument 'command'"],
    ['budget now', "too many arguments for 'budget'. Expected 0 arguments but got 1."],
  ])('refuses %s with usage', async (line, message) => {
    const { refused } = await parse(line);
    expect([refused?.code, refused?.message]).toEqual(['usage', message]);
  });

  it('shows help without failing', async () => {
    for (const line of ['--help', 'help up', 'up --help', 'daemon --help']) {
      const { refused, printed } = await parse(line);
      expect([line, refused]).toEqual([line, null]);
      expect(printed).toContain('Usage: laptop-dev');
    }
  });

  it('every verb runs, or has verbs of its own', async () => {
    const all = (verbs: readonly LoadedVerb[]): LoadedVerb[] => verbs.flatMap(verb => [verb, ...all(verb.verbs)]);
    for (const { name, run, verbs } of all(await loadVerbs(VERBS)))
      if (verbs.length === 0) expect([name, typeof run]).toEqual([name, 'function']);
  });
});

describe('times', () => {
  it('reads durations', () => {
    const read = ['90', '1.5', '1500ms', '2m', '1h30m', '1d', '', 'm', '5 m', '-5', '1h x'].map(text => parseDuration(text, 'option'));
    expect(read).toEqual([90_000, 1_500, 1_500, 120_000, 5_400_000, 86_400_000, null, null, null, null, null]);
  });
  it('reads points in time', () => {
    expect(parseSince('10m', NOW)).toBe(NOW - 600_000);
    expect(parseSince('2026-01-31T10:00:00Z', NOW)).toBe(NOW - 7_200_000);
    expect(parseSince('2026-01-31T11:00:00+01:00', NOW)).toBe(NOW - 7_200_000);
    expect(parseSince('2026-01-31', NOW)).toBe(new Date(2026, 0, 31).getTime());
    expect(parseSince('2026-01-31 10:00', NOW)).toBe(new Date(2026, 0, 31, 10).getTime());
    expect(parseSince('1700000000', NOW)).toBe(1_700_000_000_000);
    expect(['soon', '2026-13-01', '31.01.2026'].map(text => parseSince(text, NOW))).toEqual([null, null, null]);
  });
  it('writes durations', () => {
    expect([0, 440, 9_999, 12_300, 185_000, 7_800_000].map(formatTime)).toEqual([
      '0.0 s',
      '0.4 s',
      '10.0 s',
      '12 s',
      '3 m 5 s',
      '2 h 10 m',
    ]);
  });
});
