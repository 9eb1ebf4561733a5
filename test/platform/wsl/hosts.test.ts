import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { byGear, sampled, some } from '../../support/deep.js';
import { runOn, type Told } from './run-cli.js';
import { type Simulated, type SimulatedHost, simulate } from './simulated.js';

async function on<T>(parts: Partial<Simulated>, use: (host: SimulatedHost) => Promise<T>): Promise<T> {
  const host = simulate(parts);
  try {
    return await use(host);
  } finally {
    host.remove();
  }
}

const answerOf = (parts: Partial<Simulated>, line: string): Promise<Told> => on(parts, host => runOn(host, line));
const dataOf = ({ out }: Told) => JSON.parse(out).data;

/** A fast run takes a few of the hosts. */
const RARE = 15;

describe.concurrent('presets on hosts of all sizes', () => {
  const off = (gib: number): Partial<Simulated> => ({ host: gib, vm: gib / 2, interop: false, config: '' });
  it.each(
    sampled<readonly [string, Partial<Simulated>, readonly number[], boolean]>(
      [
        ['8 GB, 4 processors', { host: 8, cpus: 4 }, [3, 4, 3, 2], true],
        ['16 GB', { host: 16 }, [5, 8, 10, 10], true],
        ['32 GB', { host: 32, cpus: 16 }, [5, 8, 10, 20], true],
        ['64 GB', { host: 64, cpus: 24 }, [5, 8, 10, 40], true],
        ['8 GB, interop off', off(8), [3, 4, 3, 2], false],
        ['16 GB, interop off', off(16), [5, 8, 10, 10], false],
        ['32 GB, interop off', off(32), [5, 8, 10, 20], false],
        ['64 GB, interop off', off(64), [5, 8, 10, 40], false],
        ['PowerShell prints UTF-16', { powershell: 'utf16' }, [5, 8, 10, 10], true],
        ['PowerShell fails', { powershell: 'fails', vm: 8, config: '' }, [5, 8, 10, 10], false],
        ['PowerShell is not there', { powershell: 'absent', vm: 16, config: '' }, [5, 8, 10, 20], false],
        ['a cap hides the host', { ...off(16), vm: 4, config: '[wsl2]\nmemory=4GB\n' }, [1, 2, 1, 1], false],
      ],
      RARE,
    ),
  )('%s', async (_, parts, memory, sure) => {
    const data = dataOf(await answerOf(parts, 'wsl presets full --json'));
    expect(data.presets.map((preset: { memory: number }) => preset.memory / 2 ** 30)).toEqual(memory);
    expect(data.host.memory.sure).toBe(sure);
    expect(data.profile).toEqual({ name: 'full', standard: 2816 * 2 ** 20, maximum: 5632 * 2 ** 20 });
  });
});

describe.concurrent('what a host is', () => {
  it.each(
    sampled<readonly [string, Partial<Simulated>, string, RegExp]>(
      [
        ['5.15: no PSI, cgroup v1', { release: '2.3.26' }, 'wsl show --json', /"psi":false,"cgroup":"v1"/],
        ['6.6: PSI', { release: '2.6.1' }, 'wsl show --json', /"psi":true/],
        ['6.18: no PSI', { release: '2.9.4' }, 'wsl show --json', /"psi":false,"cgroup":"v2"/],
        ['6.18 with psi=1', { release: '2.9.4', commandLine: 'a psi=1' }, 'wsl show --json', /"psi":true/],
        ['the version by wslinfo', { release: '2.9.4' }, 'wsl show --json', /"wslVersion":\{"value":"2\.9\.4\.0","source":"wslinfo"/],
        [
          'by wsl.exe in UTF-16',
          { wslinfo: 'absent', wsl: 'utf16' },
          'wsl show --json',
          /"value":"2\.6\.1\.0","source":"wsl\.exe --version"/,
        ],
        ['by wsl.exe in UTF-8', { wslinfo: 'fails', wsl: 'utf8' }, 'wsl show --json', /"value":"2\.6\.1\.0","source":"wsl\.exe --version"/],
        ['by wsl.exe in German', { wslinfo: 'fails', wsl: 'localized' }, 'wsl show --json', /"value":"2\.6\.1\.0","source":"wsl\.exe/],
        ['no version at all', { wslinfo: 'hangs', wsl: 'hangs' }, 'wsl show --json', /"wslVersion":null,"networkingMode":null/],
        ['mirrored networking', { networkingMode: 'mirrored' }, 'wsl show', /networking +mirrored +wslinfo/],
        ['interop off is said', { interop: false, config: '' }, 'wsl show', /Windows could not be asked: interop is off\./],
        [
          'a failing PowerShell is said',
          { powershell: 'fails', config: '' },
          'wsl show',
          /could not be asked: powershell\.exe failed \(3\)/,
        ],
        ['the user of Windows', { users: ['Jo Doe'] }, 'wsl show', /mnt\/c\/Users\/Jo Doe\/\.wslconfig does not exist: all defaults hold/],
        ['a user outside ASCII', { users: ['José'] }, 'wsl show', /mnt\/c\/Users\/José\/\.wslconfig/],
        ['the only user', { interop: false }, 'wsl show', /Users\/me\/\.wslconfig does not exist.*guessed: the only folder of a user$/m],
        ['what was never tried', {}, 'wsl show --explain', /Unverified on a real host/],
      ],
      RARE,
    ),
  )('%s', async (_, parts, line, expected) => {
    const { code, out } = await answerOf(parts, line);
    expect(out).toMatch(expected);
    expect(code).toBe(0);
  });

  it.each(sampled<readonly [string, Partial<Simulated>, string, number, RegExp]>([
    ['WSL1', { kind: 'wsl1' }, 'wsl show', 4, /the kernel 4\.4\.0-22621-Microsoft is WSL1[\s\S]*--set-version NAME 2/],
    ['plain Linux', { kind: 'linux' }, 'wsl presets', 4, /This is not WSL2: the kernel 6\.12\.9-amd64 is that of a plain Linux/],
    ['several users, interop off', { interop: false, users: ['a', 'b'] }, 'wsl show', 3, /it may be any of\s+\S*a\/\.wslconfig,\s+\S*b\/\.wslconfig/],
    ['drives not mounted', { wslConf: '[automount]\nroot = /win\n' }, 'wsl show', 3, /there is no user's folder below\s+\/win\//],
    ['an unknown preset', {}, 'wsl apply blanced', 2, /No preset is called blanced[\s\S]*Did you mean balanced/],
    ['an unknown profile', {}, 'wsl apply balanced fulll', 3, /No profile is called fulll[\s\S]*Did you mean full/],
    ['a preset that is too small', { host: 8, cpus: 4 }, 'wsl apply minimal full', 5, /gives the VM 3 GB; the profile full needs 4\.3 GB[\s\S]*wsl apply minimal small: that profile needs 2 GB/],
    ['a size that is none', {}, 'wsl presets --host-memory lots', 2, /It\s+must\s+be\s+a\s+size/],
    ['no file to take back', {}, 'wsl undo', 2, /No change to \.wslconfig is known/],
    ['UTF-16 without a mark', { config: Buffer.from('[wsl2]', 'utf16le') }, 'wsl apply balanced full', 3, /UTF-16 without its mark/],
    ['a file that is none', { config: Buffer.alloc(300_000) }, 'wsl show', 3, /it has 300000\s+bytes/],
  ], RARE))('%s is refused', async (_, parts, line, code, expected) => {
    const answer = await answerOf(parts, line);
    expect([answer.code, answer.out]).toEqual([code, '']);
    expect(answer.err).toMatch(expected);
  }); // biome-ignore format: a table

  /** What a host answers through pipes and exit codes; everywhere else here the same answers come without a process. */
  const PROCESSES: readonly (readonly [string, Partial<Simulated>, RegExp])[] = [
    ['answers in UTF-16', { powershell: 'utf16', wslinfo: 'absent', wsl: 'utf16' }, /host memory +15\.7 GB +PowerShell$[\s\S]*2\.6\.1\.0 +wsl\.exe --version/m],
    ['slow, and localized', { powershell: 'slow', wslinfo: 'fails', wsl: 'localized' }, /host memory +15\.7 GB +PowerShell$[\s\S]*2\.6\.1\.0 +wsl\.exe --version/m],
    ['exit codes', { powershell: 'fails', config: '', wslinfo: 'fails', wsl: 'fails' }, /could not be asked: powershell\.exe failed \(3\)/],
    ['nothing there', { powershell: 'absent', config: '', wslinfo: 'absent', wsl: 'absent' }, /could not be asked: there is no powershell\.exe/],
  ]; // biome-ignore format: a table
  it.each(some(PROCESSES, byGear({ deep: PROCESSES.length, usual: PROCESSES.length, fast: 2 })))(
    'by processes: %s',
    async (_, parts, expected) => {
      const { code, out } = await answerOf({ ...parts, programs: 'scripts' }, 'wsl show');
      expect([code, out]).toEqual([0, expect.stringMatching(expected)]);
    },
  );

  it('a file named by hand needs no WSL', async () => {
    await on({ kind: 'linux', config: '[wsl2]\nmemory=8gb\n' }, async host => {
      const { code, out } = await runOn(host, `wsl show --wslconfig ${host.config}`);
      expect([code, out]).toEqual([0, expect.stringContaining('! line 2: wsl2.memory: "8gb" is no size; the default holds → memory=8GB')]);
      expect(await runOn(host, `wsl presets small --wslconfig ${host.config}`)).toMatchObject({ code: 2, err: expect.stringContaining('--memory 16GB') });
      expect((await runOn(host, `wsl presets full --host-memory 16GB --wslconfig ${host.config}`)).out).toMatch(/balanced +8 GB/);
    }); // biome-ignore format: short
  });

  it('PowerShell is asked once in a boot', async () => {
    await on({}, async host => {
      for (const line of ['wsl show', 'wsl presets full', 'wsl verify']) expect([line, (await runOn(host, line)).code]).toEqual([line, 0]);
      const calls = host.calls().split('\n');
      expect(calls.filter(call => call.startsWith('powershell.exe'))).toHaveLength(1);
      expect(calls.join('\n')).not.toContain('shutdown');
    });
  });
});

const ME = 'wslc-cli-me';
const sessions = (running: boolean) => ({ [ME]: { running } });

describe.concurrent("WSL's own containers", () => {
  const shown = (data: { wslc: unknown }) => data.wslc;
  it.each(sampled<readonly [string, Partial<Simulated>, object | null]>([
    ['never used', { release: '3.0.1' }, null],
    ['settings alone', { release: '3.0.1', wslc: { settings: 'session:\n  memorySize: 4GB\n', sessions: {} } }, { memory: { value: 4 * 2 ** 30, source: 'settings.yaml, line 2', sure: true }, sessions: [] }],
    ['the default: half of the host', { release: '3.0.1', wslc: { settings: null, sessions: sessions(false) } }, { memory: { value: 16_462_643 * 512, source: 'default: half of the host', sure: false }, sessions: [{ name: ME, running: false, storage: 8 }] }],
    ['its machine runs', { release: '3.0.1', wslc: { settings: 'session:\n  memorySize: 2048mb\n', sessions: sessions(true) } }, { memory: { value: 2 ** 31 }, sessions: [{ running: true }] }],
    ['more than the host has', { release: '3.0.1', wslc: { settings: 'session:\n  memorySize: 64GB\n', sessions: sessions(true) } }, { memory: { value: 16_462_643 * 1024, source: 'settings.yaml, line 2' } }],
    ['a value that it does not take', { release: '3.0.2', wslc: { settings: 'session:\n  memorySize: 4 GB\n', sessions: sessions(true) } }, { memory: { source: 'default: half of the host' }, diagnostics: [{ line: 2, kind: 'bad-value' }] }],
    ['small letters, which 2.9.4 does not read', { release: '2.9.4', wslc: { settings: 'session:\n  memorySize: 4gb\n', sessions: sessions(true) } }, { memory: { source: 'default: half of the host' } }],
    ['broken YAML', { release: '3.0.2', wslc: { settings: 'session: [\n', sessions: sessions(true) } }, { memory: { source: 'default: half of the host' }, diagnostics: [{ kind: 'broken' }] }],
    ['elsewhere', { release: '3.0.2', wslc: { settings: 'session:\n  storagePath: C:\\Data\n', sessions: {} }, files: { 'mnt/c/Data/wslc/sessions/moved/storage.vhdx': '' } }, { sessions: [{ name: 'moved', storage: 0 }] }],
    ['no Windows', { release: '2.9.12', interop: false, config: '', wslc: { settings: null, sessions: sessions(true) } }, { memory: { value: 2 ** 33 } }],
  ], RARE))('%s', async (_, parts, expected) => {
    const { wslc } = dataOf(await answerOf(parts, 'wsl show --json'));
    if (expected === null) expect(wslc).toBeNull();
    else expect(shown({ wslc })).toMatchObject(expected);
  }); // biome-ignore format: a table

  it.each(sampled<readonly [string, Partial<Simulated>, string, readonly number[]]>([
    ['16 GB, used: half of the host is its', { wslc: { settings: null, sessions: sessions(false) } }, '', [4, 4, 4, 4]],
    ['16 GB, used, with a limit', { wslc: { settings: 'session: { memorySize: 4GB }\n', sessions: sessions(false) } }, '', [5, 8, 8, 8]],
    ['16 GB, asked for', {}, ' --wslc 6GB', [5, 6, 6, 6]],
    ['16 GB, opened and never used', { wslc: { settings: '', sessions: {} } }, '', [5, 8, 10, 10]],
    ['32 GB, used', { host: 32, cpus: 16, wslc: { settings: null, sessions: sessions(true) } }, '', [5, 8, 10, 12]],
    ['8 GB, used', { host: 8, cpus: 4, wslc: { settings: null, sessions: sessions(true) } }, '', [1, 1, 1, 1]],
  ], RARE))('and the presets: %s', async (_, parts, more, memory) => {
    const data = dataOf(await answerOf({ release: '3.0.1', ...parts }, `wsl presets full --json${more}`));
    expect(data.presets.map((preset: { memory: number }) => preset.memory / 2 ** 30)).toEqual(memory);
  }); // biome-ignore format: a table

  it('apply writes settings.yaml when it is asked to, and undo takes both back', async () => {
    const settings = 'session:\r\n  cpuCount: 2 # all\r\n';
    await on({ release: '3.0.1', config: '[wsl2]\r\n', wslc: { settings, sessions: sessions(true) } }, async host => {
      const file = join(host.config, '../AppData/Local/wslc/settings.yaml');
      const text = (path: string) => readFileSync(path, 'utf8');
      await runOn(host, 'wsl apply balanced small');
      expect(text(file)).toBe(settings);
      await runOn(host, 'wsl undo');
      const dry = await runOn(host, 'wsl apply balanced full --wslc 4GB --dry-run');
      expect(dry.out).toMatch(/This would change \S+\.wslconfig:[\s\S]*This would change \S+settings\.yaml:[\s\S]*\n\+ {3}memorySize: 4GB/);
      expect([text(file), text(host.config)]).toEqual([settings, '[wsl2]\r\n']);
      const { code, out } = await runOn(host, 'wsl apply balanced full --wslc 4GB');
      expect([code, out]).toEqual([0, expect.stringContaining(`wslc --session ${ME} system session terminate`)]);
      expect(text(file)).toBe('session:\r\n  cpuCount: 2 # all\r\n  memorySize: 4GB\r\n');
      expect(text(host.config)).toBe('[wsl2]\r\nmemory=8GB\r\nprocessors=6\r\n');
      expect(text(`${file}.laptop-dev-backup`)).toBe(settings);
      expect((await runOn(host, 'wsl apply balanced full --wslc 4GB')).out).toMatch(/settings\.yaml has that memorySize already/);
      const undone = await runOn(host, 'wsl undo --json');
      expect(JSON.parse(undone.out).data.files).toHaveLength(2);
      expect([text(file), text(host.config)]).toEqual([settings, '[wsl2]\r\n']);
    });
  });

  it.each(sampled<readonly [string, Partial<Simulated>, number, RegExp]>([
    ['never used', { release: '3.0.1' }, 3, /WSL's own containers were never used here[\s\S]*wslc settings, in PowerShell/],
    ['broken YAML', { release: '3.0.1', wslc: { settings: 'session: [\n', sessions: sessions(false) } }, 3, /is\s+left\s+as\s+it\s+is:[\s\S]*is\s+no\s+YAML[\s\S]*Nothing\s+was\s+written/],
    ['a key twice', { release: '3.0.1', wslc: { settings: 'session:\n  memorySize: 1GB\n  memorySize: 2GB\n', sessions: sessions(false) } }, 3, /it\s+has\s+session\.memorySize\s+twice/],
    ['too much for both', { release: '3.0.1', wslc: { settings: '', sessions: sessions(false) } }, 5, /WSL's\s+own\s+containers\s+may\s+take\s+12\s+GB[\s\S]*--wslc\s+2GB/],
  ], RARE))('apply --wslc is refused, and nothing is written: %s', async (why, parts, code, expected) => {
    await on({ ...parts, config: '[wsl2]\n' }, async host => {
      const told = await runOn(host, `wsl apply balanced full --wslc ${why.startsWith('too') ? 12 : 4}GB`);
      expect([told.code, told.err]).toEqual([code, expect.stringMatching(expected)]);
      expect(readFileSync(host.config, 'utf8')).toBe('[wsl2]\n');
    });
  }); // biome-ignore format: a table
});

describe.concurrent('settings.yaml alone', () => {
  const settings = 'session:\n  memorySize: 8GB\n';
  const used = (parts: Partial<Simulated> = {}): Partial<Simulated> => ({ release: '3.0.1', config: '[wsl2]\n', wslc: { settings, sessions: sessions(true) }, ...parts }); // biome-ignore format: short
  const fileOf = ({ config }: SimulatedHost) => join(config, '../AppData/Local/wslc/settings.yaml');

  it('is written by --wslc without a preset; undo tells how that counts, and not of a shutdown', async () => {
    await on(used(), async host => {
      const { code, out } = await runOn(host, 'wsl apply --wslc 4GB');
      expect([code, out]).toEqual([
        0,
        expect.stringMatching(/Wrote memorySize to [\s\S]*Unverified on a real host[\s\S]*system session terminate/),
      ]);
      expect(out).not.toContain('shutdown');
      expect([readFileSync(fileOf(host), 'utf8'), readFileSync(host.config, 'utf8')]).toEqual([
        'session:\n  memorySize: 4GB\n',
        '[wsl2]\n',
      ]);
      const undone = await runOn(host, 'wsl undo');
      expect([undone.code, readFileSync(fileOf(host), 'utf8')]).toEqual([0, settings]);
      expect([undone.out.includes('system session terminate'), undone.out.includes('shutdown')]).toEqual([true, false]);
    });
  });

  it('both files are as they were when one cannot be written', async () => {
    await on(used(), async host => {
      // In the place of the backup, which is written before the file, is a folder.
      mkdirSync(`${fileOf(host)}.laptop-dev-backup`);
      const refused = await runOn(host, 'wsl apply balanced small --wslc 4GB');
      expect([refused.code, refused.err]).toEqual([expect.any(Number), expect.stringContaining('settings.yaml')]);
      expect(refused.code).not.toBe(0);
      expect([readFileSync(fileOf(host), 'utf8'), readFileSync(host.config, 'utf8')]).toEqual([settings, '[wsl2]\n']);
      expect((await runOn(host, 'wsl undo')).err).toContain('No change to .wslconfig is known');
    });
  });

  it('twenty changes of both are kept, each whole', async () => {
    await on(used(), async host => {
      for (let times = 0; times < 22; times++)
        await runOn(host, `wsl apply ${times % 2 ? 'balanced' : 'minimal'} small --wslc ${times % 2 ? 3 : 2}GB`);
      let undone = 0;
      for (; (await runOn(host, 'wsl undo --json')).code === 0; undone++);
      expect(undone).toBe(20);
    });
  });

  it('a preset or --wslc is needed; a file that is none is told, and nothing else fails', async () => {
    expect(await answerOf({}, 'wsl apply')).toMatchObject({ code: 2, err: expect.stringMatching(/needs a preset[\s\S]*or\s+--wslc/) });
    await on(used({ wslc: { settings: Buffer.alloc(300_000), sessions: sessions(true) } }), async host => {
      const shown = await runOn(host, 'wsl show');
      expect([shown.code, shown.out]).toEqual([0, expect.stringMatching(/settings\.yaml is not usable: it has 300000 bytes/)]);
      expect((await runOn(host, 'wsl presets small')).code).toBe(0);
      expect((await runOn(host, 'wsl apply --wslc 4GB')).code).toBe(3);
    });
    await on(used(), async host => {
      expect(await runOn(host, 'wsl apply --wslc 1000')).toMatchObject({ code: 2, err: expect.stringMatching(/a\s+megabyte\s+or\s+more/) });
      expect(readFileSync(fileOf(host), 'utf8')).toBe(settings);
    });
  });

  it('each session that runs has a machine of its own', async () => {
    const wslc = {
      settings: 'session:\n  memorySize: 3GB\n',
      sessions: { [ME]: { running: true }, 'wslc-cli-admin-me': { running: true } },
    };
    const { host } = dataOf(await answerOf({ release: '3.0.1', wslc }, 'wsl presets small --json'));
    expect(host.wslc).toMatchObject({ value: 6 * 2 ** 30, source: '2 sessions run; each 3 GB: settings.yaml, line 2' });
  });
});

describe.concurrent('presets of a machine that is described', () => {
  it.each(sampled<readonly [string, Partial<Simulated>, string, readonly number[], RegExp]>([
    ['on Linux', { kind: 'linux' }, '--memory 16GB --cores 8', [5, 8, 10, 10], /Host: 16 GB \(--memory\); 8 processors \(--cores\)\./],
    ['on WSL1, a laptop of 8 GB', { kind: 'wsl1' }, '--memory 8GB --cores 4', [3, 4, 3, 2], /needs 4\.3 GB/],
    ['with containers of WSL', { kind: 'linux' }, '--memory 32GB --cores 16 --version 3.0 --wslc 12GB', [5, 8, 10, 16], /WSL 3\.0 \(--version; docs\/design\/wsl\.md, "Releases"\):\n {2}file cache goes back to Windows once all CPU time[\s\S]* for 2 minutes/],
    ['of an older WSL', { kind: 'linux' }, '--memory 64GB --cores 16 --version 2.7.11', [5, 8, 10, 40], /CPU time of programs[\s\S]* for 10 minutes, 3 with autoMemoryReclaim=gradual\n.*no containers of its own/],
    ['of one that came later', { kind: 'linux' }, '--memory 64GB --cores 24 --version 4', [5, 8, 10, 40], /newer than 3\.0\.2/],
    ['under WSL2: not this host', { host: 64, config: '[wsl2]\n; bad\n', wslc: { settings: null, sessions: sessions(true) } }, '--host-memory 16GB --cores 2', [5, 8, 10, 10], /Host: 16 GB \(--memory\); 2 processors \(--cores\)\.\nProfile/],
  ], RARE))('%s', async (_, parts, line, memory, expected) => {
    await on(parts, async host => {
      const told = await runOn(host, `wsl presets full ${line}`);
      expect([told.code, told.out]).toEqual([0, expect.stringMatching(expected)]);
      const data = dataOf(await runOn(host, `wsl presets full --json ${line}`));
      expect(data.presets.map((preset: { memory: number }) => preset.memory / 2 ** 30)).toEqual(memory);
      expect(host.calls()).toBe('');
    });
  }); // biome-ignore format: a table

  it.each([
    ['--memory 16GB', 4, /laptop-dev wsl presets --memory 16GB --cores 8 shows/],
    ['--memory 16GB --cores 8 --version three', 2, /It\s+must\s+be\s+a\s+version,\s+such\s+as\s+3\.0/],
    ['--memory 16GB --cores few', 2, /It\s+must\s+be\s+a\s+whole\s+number/],
  ] as const)('%s is refused', async (line, code, expected) => {
    const told = await answerOf({ kind: 'linux' }, `wsl presets full ${line}`);
    expect([told.code, told.err]).toEqual([code, expect.stringMatching(expected)]);
  });
});

describe.concurrent('apply and undo', () => {
  const added = (eol: string) => ['', '[wsl2]', 'memory=8GB', 'processors=6', ''].join(eol);
  it.each(
    sampled<readonly [string, Simulated['config'], string, string | Buffer]>(
      [
        ['no file', null, '', '[wsl2]\r\nmemory=8GB\r\nprocessors=6\r\n'],
        ['an empty file', '', '', '[wsl2]\r\nmemory=8GB\r\nprocessors=6\r\n'],
        ['CR LF', '# me\r\n[wsl2]\r\nmemory=4GB # half\r\n', '', '# me\r\n[wsl2]\r\nmemory=8GB # half\r\nprocessors=6\r\n'],
        ['LF', '[wsl2]\nprocessors=2\nmemory=4GB', '', '[wsl2]\nprocessors=6\nmemory=8GB'],
        ['another section', '[experimental]\nautoMemoryReclaim=gradual\n', '', `[experimental]\nautoMemoryReclaim=gradual\n${added('\n')}`],
        ['a mark', '\ufeff[wsl2]\r\n', '', '\ufeff[wsl2]\r\nmemory=8GB\r\nprocessors=6\r\n'],
        ['UTF-16', Buffer.from('\ufeff[wsl2]\n', 'utf16le'), '', Buffer.from('\ufeff[wsl2]\nmemory=8GB\nprocessors=6\n', 'utf16le')],
        ['ANSI', Buffer.from('# caf\xe9\n[wsl2]\n', 'latin1'), '', Buffer.from('# caf\xe9\n[wsl2]\nmemory=8GB\nprocessors=6\n', 'latin1')],
        ['duplicates', '[wsl2]\nmemory=1GB\nmemory=2GB\n', '', '[wsl2]\nmemory=8GB\nmemory=2GB\nprocessors=6\n'],
        ['PSI', '[wsl2]\nkernelCommandLine=quiet psi=0\n', ' --psi', '[wsl2]\nkernelCommandLine=quiet psi=1\nmemory=8GB\nprocessors=6\n'],
      ],
      RARE,
    ),
  )('%s', async (_, config, more, expected) => {
    await on({ config }, async host => {
      const dry = await runOn(host, `wsl apply balanced full --dry-run${more}`);
      expect([dry.code, dry.out]).toEqual([0, expect.stringMatching(/^This would change [\s\S]*\n\+ .*memory=8GB/)]);
      expect(existsSync(host.config) ? readFileSync(host.config) : null).toEqual(config === null ? null : Buffer.from(config));
      const { code, out } = await runOn(host, `wsl apply balanced full${more}`);
      expect([code, out]).toEqual([0, expect.stringContaining('wsl --shutdown')]);
      expect(out).toContain('Running now: Ubuntu, docker-desktop.');
      expect(readFileSync(host.config)).toEqual(Buffer.from(expected));
      if (config !== null) expect(readFileSync(`${host.config}.laptop-dev-backup`)).toEqual(Buffer.from(config));
      expect((await runOn(host, `wsl apply balanced full${more}`)).out).toMatch(/has the preset balanced already/);
      expect((await runOn(host, 'wsl undo')).code).toBe(0);
      expect(existsSync(host.config) ? readFileSync(host.config) : null).toEqual(config === null ? null : Buffer.from(config));
    });
  });

  it('several are taken back one by one; a file changed since is left alone', async () => {
    await on({ config: '[wsl2]\n' }, async host => {
      const text = () => readFileSync(host.config, 'utf8');
      await runOn(host, 'wsl apply minimal full');
      const first = text();
      await runOn(host, 'wsl apply llm full');
      const { code, err } = await runOn(host, 'wsl apply balanced full');
      expect([code, err]).toEqual([0, expect.stringContaining('swap=4GB (line 4) stays: balanced does not change swap.')]);
      await runOn(host, 'wsl undo --quiet');
      await runOn(host, 'wsl undo --quiet');
      expect(text()).toBe(first);
      writeFileSync(host.config, `${first}# by hand\n`);
      const refused = await runOn(host, 'wsl undo --json');
      expect([refused.code, JSON.parse(refused.out).error.code]).toEqual([3, 'config-invalid']);
      expect(text()).toBe(`${first}# by hand\n`);
      expect((await runOn(host, 'wsl undo --force')).code).toBe(0);
      expect(text()).toBe('[wsl2]\n');
    });
  });

  it('nothing is written where nothing is asked for, and no temp file stays', async () => {
    await on({ config: '[wsl2]\nmemory=8GB\nprocessors=6\n' }, async host => {
      await runOn(host, 'wsl apply balanced full');
      expect(readdirSync(join(host.config, '..'))).toEqual(['.wslconfig']);
      expect(existsSync(join(host.state, 'wslconfig-undo.json'))).toBe(false);
    });
  });

  it('mistakes that stay in the file are told', async () => {
    const { err } = await answerOf({ config: '[wsl2]\n; old\nmemory=1GB\nmemory=2GB\nsawp=0\n' }, 'wsl apply balanced full');
    for (const mistake of ['line 2: only # starts', 'line 4: wsl2.memory=2GB is not read', 'line 5: WSL knows no key wsl2.sawp → did you mean wsl2.swap?'])
      expect(err).toContain(mistake); // biome-ignore format: short
  });
});

describe.concurrent('verify', () => {
  const states = (text: Told) => {
    const { data, error } = JSON.parse(text.out);
    return Object.fromEntries((data ?? error.details).checks.map(({ key, state }: { key: string; state: string }) => [key, state]));
  };
  const given = { vm: 8, vmCpus: 6, swap: 2 };
  it.each(sampled<readonly [string, Partial<Simulated>, number, Readonly<Record<string, string>>]>([
    ['all holds', { config: '[wsl2]\nmemory=8GB\nprocessors=6\nswap=2GB\n' }, 0, { 'wsl2.memory': 'holds', 'wsl2.processors': 'holds', 'wsl2.swap': 'holds' }],
    ['raw bytes', { config: '[wsl2]\nmemory=8589934592\n' }, 0, { 'wsl2.memory': 'holds' }],
    ['no file', { config: null }, 0, {}],
    ['the file is newer', { config: '[wsl2]\nmemory=4GB\n', changedAfterBoot: 60 }, 7, { 'wsl2.memory': 'pending' }],
    ['the VM is newer', { config: '[wsl2]\nmemory=4GB\n' }, 7, { 'wsl2.memory': 'differs' }],
    ['the VM has less', { config: '[wsl2]\nmemory=12GB\n' }, 7, { 'wsl2.memory': 'differs' }],
    ['more than the host has', { config: '[wsl2]\nmemory=64GB\nprocessors=99\n', host: 8, vm: 7.7, cpus: 6 }, 0, { 'wsl2.memory': 'holds', 'wsl2.processors': 'holds' }],
    ['a size that is refused', { config: '[wsl2]\nmemory=8gb\n' }, 7, { 'wsl2.memory': 'refused' }],
    ['the default', { config: '[wsl2]\nmemory=0\nprocessors=0\n' }, 0, { 'wsl2.memory': 'unseen', 'wsl2.processors': 'unseen' }],
    ['no swap though asked', { config: '[wsl2]\nswap=4GB\n', swap: 0 }, 7, { 'wsl2.swap': 'differs' }],
    ['swap off', { config: '[wsl2]\nswap=0\n', swap: 0 }, 0, { 'wsl2.swap': 'holds' }],
    ['the first duplicate', { config: '[wsl2]\nprocessors=6\nprocessors=2\n' }, 0, { 'wsl2.processors': 'holds' }],
    ['the command line', { config: '[wsl2]\nkernelCommandLine=psi=1 x\n', commandLine: 'a psi=1 x' }, 0, { 'wsl2.kernelCommandLine': 'holds' }],
    ['networking', { config: '[wsl2]\nnetworkingMode=Mirrored\n', networkingMode: 'mirrored' }, 0, { 'wsl2.networkingMode': 'holds' }],
    ['networking by its old name', { config: '[experimental]\nnetworkingMode=mirrored\n' }, 7, { 'experimental.networkingMode': 'differs' }],
    ['networking without wslinfo', { config: '[wsl2]\nnetworkingMode=nat\n', wslinfo: 'absent' }, 0, { 'wsl2.networkingMode': 'unseen' }],
    ['what only Windows knows', { config: '[general]\ninstanceIdleTimeout=-1\n' }, 0, { 'general.instanceIdleTimeout': 'unseen' }],
    ['interop off', { config: '[wsl2]\nmemory=8GB\n', interop: false }, 0, { 'wsl2.memory': 'holds' }],
  ], RARE))('%s', async (_, parts, code, expected) => {
    const answer = await answerOf({ ...given, host: 32, ...parts }, 'wsl verify --json');
    expect([answer.code, states(answer)]).toEqual([code, expected]);
  }); // biome-ignore format: a table

  it('says what to do', async () => {
    const { err } = await answerOf({ ...given, config: '[wsl2]\nmemory=4GB\n', changedAfterBoot: 60 }, 'wsl verify');
    expect(err).toMatch(/line 2: wsl2\.memory=4GB: the VM has 7\.8 GB, and was started before the\s+file\s+was\s+changed/);
    expect(err).toMatch(/→ wsl --shutdown, in PowerShell: it stops every distribution, Docker Desktop/);
  });
});
