/** `scripts/build.sh`: makes images without a daemon. Arguments: `base`, or NAME=FOLDER for laptop-dev/NAME; `--rebuild` makes them anew. */
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { imageProgressText } from '../../api/notice-text.js';
import { judgedPath } from '../../path-gate/judge.js';
import type { ImageRequest } from '../../ports/ports.js';
import { FailureError } from '../../shared/failure.js';
import { BASE_REFERENCE } from '../base/base-reference.js';
import { createImages } from '../images.js';

const names = process.argv.slice(2).filter(name => name !== '--rebuild');
const rebuild = process.argv.includes('--rebuild');
const nothing = (): void => undefined;
const images = createImages({
  endpoint: process.env['LAPTOP_DEV_ENGINE'] ?? 'unix:///var/run/docker.sock',
  stateDir: process.env['LAPTOP_DEV_STATE'] || join(process.env['XDG_STATE_HOME'] || join(homedir(), '.local/state'), 'laptop-dev'),
  log: { debug: nothing, info: nothing, warn: nothing, error: nothing },
});

function requestOf(name: string): ImageRequest {
  const [image = '', context] = name.split('=');
  if (context === undefined) return { reference: BASE_REFERENCE, build: null, pull: 'missing', rebuild };
  const build = { context: judgedPath(resolve(context)), dockerfile: null, dockerfileInline: null, target: null, args: {}, labels: {} };
  return { reference: `laptop-dev/${image}`, build, pull: 'missing', rebuild };
}

async function make(name: string): Promise<boolean> {
  const request = requestOf(name);
  const start = performance.now();
  try {
    await images.ensure(request, progress => console.error(imageProgressText(progress)));
    console.log(`${request.reference} is current (${((performance.now() - start) / 1000).toFixed(1)} s)`);
    return true;
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    console.error([error.failure.message, ...error.failure.remedies].join('\n'));
    return false;
  }
}

const made = await Promise.all(names.map(make));
process.exit(made.every(Boolean) ? 0 : 7);
