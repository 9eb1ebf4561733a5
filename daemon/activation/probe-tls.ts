import type { Target } from '../ports/listeners.js';
import type { Ms } from '../shared/span.js';

/** none: it does not speak TLS. spoken: it does; a handshake that it refuses (no certificate of ours, another name) is TLS too. */
export type Greeting =
  | { readonly kind: 'none'; readonly listens: boolean }
  | { readonly kind: 'spoken' }
  | { readonly kind: 'answered'; readonly reply: string };

/** What OpenSSL says of an alert that the other side has sent: only a TLS server sends one. */
const ALERT = /ALERT|CERTIFICATE_REQUIRED/;

/** A TLS hello; certificates are not checked: it is asked whether it is there. With `words` those are said after the handshake. */
export async function greetTls(target: Target, words: string | null, time: Ms, signal: AbortSignal): Promise<Greeting> {
  // Few services speak TLS: what it takes in memory is loaded for those.
  const { connect } = await import('node:tls');
  // Who is told to stop before it begins is not told again.
  if (signal.aborted) return { kind: 'none', listens: false };
  return new Promise(resolve => {
    let listens = false;
    let isSecure = false;
    const socket = connect({ ...target, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] });
    const timer = setTimeout(() => end(), time);
    const end = (greeting: Greeting = isSecure ? { kind: 'spoken' } : { kind: 'none', listens }): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      socket.destroy();
      resolve(greeting);
    };
    const abort = (): void => end();
    signal.addEventListener('abort', abort);
    socket.once('connect', () => {
      listens = true;
    });
    socket.once('secureConnect', () => {
      isSecure = true;
      if (words === null) end();
      else socket.write(words, 'latin1');
    });
    socket.once('data', reply => end({ kind: 'answered', reply: reply.toString('latin1') }));
    socket.on('error', (error: NodeJS.ErrnoException) => end(listens && ALERT.test(error.code ?? '') ? { kind: 'spoken' } : undefined));
    socket.once('close', () => end());
  });
}
