import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A program that a test uses as people do. Installed first where there is none, as root on Debian or Ubuntu; `program` is its package's name too. */
export async function ensureProgram(program: string): Promise<void> {
  const install = `apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ${program}`;
  await run('sh', ['-c', `command -v ${program} || { ${install}; }`]).catch(error => {
    throw new Error(`This test needs ${program} (Debian: apt-get install ${program}).`, { cause: error });
  });
}
