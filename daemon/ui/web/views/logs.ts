import type { LogEntry } from '../../../api/contract.js';
import { make } from '../dom.js';
import { fetchLines } from '../session.js';

const MOST = 200;
const FIRST = 50;

/** The last lines of a service's log, and those that come, until `close`. */
export function createLog(token: string, project: string, service: string) {
  const element = make('pre', { class: 'log', text: '' });
  element.tabIndex = 0;
  element.setAttribute('aria-label', `Log of ${service}`);
  const left = new AbortController();
  void read();
  return { element, close: () => left.abort() };

  async function read(): Promise<void> {
    const path = `/v1/projects/${project}/logs?services=${service}&tail=${FIRST}&follow=1`;
    try {
      for await (const entry of fetchLines<LogEntry>(token, path, left.signal)) add(entry);
    } catch {
      if (!left.signal.aborted && element.childElementCount === 0)
        element.textContent = 'No log: it has never run, or the daemon does not answer.';
    }
  }

  function add({ text: written, stream }: LogEntry): void {
    const text = stream === 'notice' ? `─ ${written} ─` : written;
    const atEnd = element.scrollTop + element.clientHeight >= element.scrollHeight - 4;
    element.append(make('span', { class: stream, text: `${text}\n` }));
    while (element.childElementCount > MOST) element.firstElementChild?.remove();
    if (atEnd) element.scrollTop = element.scrollHeight;
  }
}
