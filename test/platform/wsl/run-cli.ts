import { buildProgram, type Invocation } from '../../../daemon/cli/parser/program.js';
import { cliFailure, tell } from '../../../daemon/cli/run.js';
import { findPaths } from '../../../daemon/files/paths.js';
import { capture, testCli } from '../../cli/harness.js';
import type { SimulatedHost } from './simulated.js';

export interface Told {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line through the real parser and verbs, in this process, on a simulated host. */
export async function runOn(host: SimulatedHost, line: string, socket = `${host.root}/daemon.sock`): Promise<Told> {
  const said: string[] = [];
  const [out, err] = [capture(), capture()];
  const argv = line.split(' ');
  let code = 0;
  const paths = findPaths({ LAPTOP_DEV_SOCKET: socket, LAPTOP_DEV_STATE: host.state }, 1000, host.root, () => false);
  const call = async ({ run, options, args }: Invocation) => {
    const { env, start, wait, project: cwd } = host;
    const { cli } = testCli(paths.socket, {}, { env, start, wait, cwd, packageRoot: PACKAGE, paths, out, err, options });
    code = await run(cli, args);
  };
  try {
    const write = { out: (text: string) => out.write(text), err: (text: string) => said.push(text) };
    const program = await buildProgram(argv, call, write, Date.now());
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    code = tell(cliFailure(error, said), argv.includes('--json'), out, err);
  }
  return { code, out: out.text(), err: err.text() };
}

const PACKAGE = new URL('../../..', import.meta.url).pathname.replace(/\/$/, '');
