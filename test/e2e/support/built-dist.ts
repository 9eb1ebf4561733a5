import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Once before the end-to-end tests, which drive what is in dist/: builds it when a source is newer. */
export function setup(): void {
  const built = join(ROOT, 'dist/main.js');
  if (existsSync(built) && statSync(built).mtimeMs >= newest(join(ROOT, 'daemon'))) return;
  execFileSync('npm', ['run', 'build'], { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
}

/** Latest modification in a folder, in ms since the epoch. */
function newest(folder: string): number {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  return Math.max(...entries.map(entry => statSync(join(entry.parentPath, entry.name)).mtimeMs));
}
