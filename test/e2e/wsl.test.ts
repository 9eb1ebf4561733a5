import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ENGINES, startEngine } from '../platform/doctor/engine.js';
import { type Simulated, type SimulatedHost, simulate } from '../platform/wsl/simulated.js';
import { type CliResult, runCli } from './support/cli.js';

/** The command line as a process of its own, on a simulated host. */
async function on(parts: Partial<Simulated>, use: (host: SimulatedHost, run: (line: string) => Promise<CliResult>) => Promise<void>) {
  const host = simulate({ ...parts, programs: 'scripts' });
  const engine = await startEngine(host.root, ENGINES.docker);
  const env = { ...host.env, LAPTOP_DEV_STATE: host.state, LAPTOP_DEV_SOCKET: `${host.root}/daemon.sock` };
  try {
    await use(host, line => runCli(line.split(' '), { cwd: host.project, env }));
  } finally {
    engine.close();
    host.remove();
  }
}

test('a preset is applied, found missing in the VM, and taken back', async () => {
  const before = '# mine\r\n[wsl2]\r\nmemory=4GB\r\n';
  await on({ config: before, changedAfterBoot: 60, wsl: 'localized' }, async (host, run) => {
    const presets = (await run('wsl presets full --json')).data<{ presets: { memory: number }[] }>().presets;
    expect(presets.map(({ memory }) => memory / 2 ** 30)).toEqual([5, 8, 10, 10]);
    const applied = await run('wsl apply minimal full');
    expect([applied.code, applied.stderr]).toEqual([0, '']);
    expect(applied.stdout).toMatch(/- memory=4GB\n\+ memory=5GB\n\+ processors=4\n/);
    expect(readFileSync(host.config, 'utf8')).toBe('# mine\r\n[wsl2]\r\nmemory=5GB\r\nprocessors=4\r\n');
    const verified = await run('wsl verify --json');
    expect([verified.code, verified.error().code]).toEqual([7, 'wsl-pending']);
    expect((await run('wsl undo')).code).toBe(0);
    expect(readFileSync(host.config, 'utf8')).toBe(before);
  });
});

test('a PowerShell that hangs is given up and ended, and the host is estimated', async () => {
  await on({ powershell: 'hangs', config: '' }, async (host, run) => {
    const { code, stdout, ms } = await run('wsl show');
    expect([code, stdout]).toEqual([0, expect.stringMatching(/host memory +16 GB +estimated/)]);
    expect(stdout).toContain('powershell.exe gave no answer within 10 s');
    expect(ms).toBeGreaterThan(9000);
    const pid = Number(readFileSync(`${host.root}/hanging`, 'utf8'));
    await expect.poll(() => runs(pid)).toBe(false);
  });
});

test('the doctor ends with 7 when something is wrong, and with 0 when nothing is', async () => {
  await on({}, async (_, run) => {
    const { code, stdout, stderr } = await run('doctor full');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('checks found nothing wrong');
  });
  await on({ config: '[wsl2]\nmemory=8gb\n' }, async (_, run) => {
    const { code, stdout } = await run('doctor full');
    expect([code, stdout]).toEqual([7, expect.stringContaining('[wsl-config-mistake]')]);
  });
});

/** One that has ended and that nobody has waited for is a zombie. */
function runs(pid: number): boolean {
  return existsSync(`/proc/${pid}/stat`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}
