import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../../scripts/laptop-dev.sh', import.meta.url));

/** Once before the end-to-end tests, which drive what is in dist/: the program as people start it sees to packages and build. */
export function setup(): void {
  execFileSync(PROGRAM, ['completion', 'bash'], { stdio: ['ignore', 'ignore', 'inherit'] });
}
