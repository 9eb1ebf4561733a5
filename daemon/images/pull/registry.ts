import { type Failure, failure } from '../../shared/failure.js';

/** The registry of a reference, as the engine understands it: docker.io unless the first part looks like a host. */
export function registryOf(reference: string): string {
  const slash = reference.indexOf('/');
  const first = slash < 0 ? '' : reference.slice(0, slash);
  return /[.:]/.test(first) || first === 'localhost' ? first : 'docker.io';
}

/** Words of engines for a registry that cannot be reached; what is left is a registry that answered with a no. */
const UNREACHABLE =
  /no such host|dial tcp|i\/o timeout|timed? ?out|deadline exceeded|connection (refused|reset)|network is unreachable|TLS handshake|x509|proxyconnect|server misbehaving|name resolution|\bEOF\b|request canceled|pinging container registry/i;

/** `reason` in the details tells `no-registry` from `refused`; `answer`: the engine's, to which dockerode adds the status and a line end. */
export function pullFailure(reference: string, answer: string): Failure {
  const words = answer.replace(/^\(HTTP code \d+\) [^-]{1,40} - /, '').trim();
  if (UNREACHABLE.test(words)) return unanswered(reference, words);
  const registry = registryOf(reference);
  return failure('image-missing', `${reference} cannot be pulled: ${words}`, { reference, registry, reason: 'refused' }, [
    `Check the name and the tag; if the image is private, docker login ${registry}.`,
  ]);
}

/** `why`: how it is known that the registry does not answer. */
export function unanswered(reference: string, why: string): Failure {
  const registry = registryOf(reference);
  const message = `${reference} is not on this machine and its registry (${registry}) does not answer: ${why}`;
  return failure('image-missing', message, { reference, registry, reason: 'no-registry' }, [
    'Reach the registry: network, VPN, or the proxy settings of the engine.',
    `Or carry it over: docker save ${reference} on another machine, docker load -i FILE on this one.`,
    'Or give the service a build: of its own whose Dockerfile starts FROM the argument BASE (docs/images.md); that base needs no registry.',
  ]);
}

/** The registry did not answer. */
export function isUnanswered({ code, details }: Failure): boolean {
  return code === 'image-missing' && details.reason === 'no-registry';
}
