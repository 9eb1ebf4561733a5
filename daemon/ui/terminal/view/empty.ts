import { formatSpan } from '../../../shared/span.js';
import type { Row } from '../cells.js';
import type { Dash } from '../state.js';
import { span } from '../text/rows.js';
import { wrap } from '../text/width.js';

/** Before the first picture. */
export function waitingRows({ link, now, size }: Dash): readonly Row[] {
  if (link.kind !== 'lost') {
    const waited = link.kind === 'waiting' ? now - link.since : 0;
    return [[], [span(`  asks the daemon …${waited >= 2_000 ? ` ${formatSpan(waited)}` : ''}`, 'dim')]];
  }
  const remedies = link.failure.remedies.flatMap(remedy => wrap(`→ ${remedy}`, size.columns - 4));
  return [[], [span('  There is no daemon to ask.', 'strong')], [], ...remedies.map((line): Row => [span(`  ${line}`)])];
}

/** No service to show. */
export function emptyRows({ live, filter }: Dash): readonly Row[] {
  const command = (text: string, what: string): Row => [span(`    ${text.padEnd(28)}`, 'key'), span(what, 'dim')];
  if ((live?.services.length ?? 0) > 0) {
    return [[], [span(`  No service matches "${filter}".`, 'strong')], [], command('escape', 'shows all again')];
  }
  return [
    [],
    [span('  Nothing is up.', 'strong')],
    [],
    command('laptop-dev up minimal', 'the built-in stack: an API and its database'),
    command('laptop-dev init', 'writes laptop-dev.yaml for the compose.yaml of this folder'),
    command('laptop-dev up', 'brings it up'),
    [],
    [span('  They show here as soon as they are up; this screen may stay open.', 'dim')],
  ];
}
