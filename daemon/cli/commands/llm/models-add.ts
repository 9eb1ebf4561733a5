import { basename } from 'node:path';
import { formatBytes, MiB } from '../../../shared/bytes.js';
import { FailureError, failure } from '../../../shared/failure.js';
import { answer, type Cli, remark } from '../../cli.js';
import { barFor } from '../../llm/bar.js';
import { tooLarge } from '../../llm/failures.js';
import { openManage } from '../../llm/manage.js';
import { advisorOf } from '../../llm/service.js';
import { nameFor } from '../../llm/source.js';
import { MODEL_OPTIONS, OUTPUT_OPTIONS } from '../../parser/options.js';
import { type Added, renderAdded } from '../../render/llm.js';
import type { Verb } from '../../verb.js';

export const modelsAddVerb = {
  name: 'add',
  summary: 'Copy a GGUF model into the volume, from a file or an http(s) URL; resumes where it stopped',
  args: '<source>',
  options: [...MODEL_OPTIONS, 'name', 'sha256', 'replace', ...OUTPUT_OPTIONS],
  run,
} satisfies Verb;

/** What the service's runtime takes beside a model: the least that a load adds to the file's size. */
const RUNTIME = 60 * MiB;

/** Copies a model into the service's volume. */
async function run(cli: Cli, [given = '']: readonly string[]): Promise<number> {
  const [{ openFile }, { openUrl }, { transfer }] = await Promise.all([
    import('../../llm/source-file.js'),
    import('../../llm/source-url.js'),
    import('../../llm/transfer.js'),
  ]);
  const sha256 = checksum(cli.options.sha256);
  const url = urlIn(given);
  const name = nameFor(cli.options.name, url ? decodeURIComponent(basename(url.pathname)) : basename(given));
  const service = await advisorOf(cli);
  const source = url ? await openUrl(url.href, { signal: cli.cancelled, onAgain: again(cli) }) : await openFile(given, cli.cwd);
  try {
    const { maximum } = service.memory;
    if (source.bytes + RUNTIME > maximum) throw new FailureError(tooLarge(given, source.bytes + RUNTIME, maximum, service.name));
    const replace = cli.options.replace ?? false;
    const manage = await openManage(cli, service, ['receive', name, String(source.bytes), source.of, ...(replace ? ['replace'] : [])]);
    const bar = barFor(cli, name, source.bytes);
    try {
      const options = { sha256, replace, name, cancelled: cli.cancelled, onBegin: begun(cli, bar.begin), onBytes: bar.at };
      const data = (await transfer(manage, source, options)) as Added;
      bar.end();
      answer(cli, { service: service.name, ...data }, () => renderAdded(data));
    } finally {
      bar.end();
      manage.close();
    }
  } finally {
    await source.close();
  }
  return 0;
}

function begun(cli: Cli, begin: (from: number) => void): (from: number) => void {
  return from => {
    if (from > 0) remark(cli, `Goes on after ${formatBytes(from)}.`);
    begin(from);
  };
}

function again(cli: Cli): (at: number, why: string) => void {
  return (at, why) => remark(cli, `The download was interrupted after ${formatBytes(at)} (${why}); it resumes.`);
}

/** The address that was given; null for a file. Throws FailureError usage for an address of another kind. */
function urlIn(text: string): URL | null {
  if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(text)) return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new FailureError(failure('usage', `${text} is not a URL that models can be downloaded from: use http or https.`));
}

function checksum(text: string | undefined): string | null {
  if (text === undefined) return null;
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase();
  throw new FailureError(failure('usage', '--sha256 takes 64 hexadecimal digits.'));
}
