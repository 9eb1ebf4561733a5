import type { Cli, Options, Output } from '../../daemon/cli/cli.js';
import { loadVerbs } from '../../daemon/cli/verb.js';
import { VERBS } from '../../daemon/cli/verbs.js';
import { Client } from '../../daemon/client/client.js';
import { findPaths } from '../../daemon/files/paths.js';
import { coloursOf } from '../../daemon/ui/shared/colours.js';
import { Gate } from '../../daemon/ui/shared/gate.js';

export const PLAIN = coloursOf(false);

export interface Captured extends Output {
  text(): string;
}
export function capture(terminal = false): Captured {
  let text = '';
  const gate = new Gate({
    write: (more: string | Uint8Array) => {
      text += typeof more === 'string' ? more : Buffer.from(more).toString();
      return true;
    },
  });
  return {
    write: more => gate.write(more),
    pass: data => gate.pass(data),
    terminal,
    columns: () => 80,
    rows: () => 24,
    colours: PLAIN,
    text: () => text,
  };
}

/** A Cli over a socket, whose output a test reads. `cancel` is ctrl-C. */
export function testCli(socket: string, options: Options = {}, parts: Partial<Cli> = {}) {
  const out = capture();
  const err = capture();
  const controller = new AbortController();
  const cli: Cli = {
    env: {},
    cwd: '/',
    packageRoot: '/nonexistent',
    paths: findPaths({ LAPTOP_DEV_SOCKET: socket, LAPTOP_DEV_STATE: '/nonexistent' }, 1000, '/home/me', () => false),
    client: new Client(socket),
    out,
    err,
    stdin: process.stdin,
    version: '9.9.9',
    interactive: false,
    options: { projectName: 'shop', ...options },
    verbs: () => loadVerbs(VERBS),
    cancelled: controller.signal,
    ...parts,
  };
  return { cli, out, err, cancel: () => controller.abort() };
}
