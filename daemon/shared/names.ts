/** Names of projects and profiles: safe in paths, URLs, labels and as DNS labels. */
export const NAME = /^[a-z0-9][a-z0-9_-]{0,62}$/;
export const NAME_RULE = 'lower-case letters, digits, - and _, beginning with a letter or a digit, at most 63 characters';

export function isName(text: string): boolean {
  return NAME.test(text);
}

/**
 * Names of services: Compose's `[a-zA-Z0-9._-]+` without what is no part of a path (`..`, a leading dot), looks like a flag
 * (a leading dash) or is no key of an object (`__proto__`); as long as a DNS label.
 */
export const SERVICE_NAME = /^(?!__proto__$)(?!.*\.\.)[a-zA-Z0-9_][a-zA-Z0-9._-]{0,62}$/;
export const SERVICE_NAME_RULE =
  'letters, digits, dots, - and _, beginning with a letter, a digit or _, without two dots in a row, at most 63 characters';

export function isServiceName(text: string): boolean {
  return SERVICE_NAME.test(text);
}

/**
 * The name of the image that a service without `image` is built into: `<project>-<service>` as in Compose. Images have no capitals and no two
 * separators in a row; a service whose name has is told from others that would be called the same by a hash of its name.
 */
export function builtImageName(project: string, service: string): string {
  const plain = `${project}-${service}`;
  if (/^[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*$/.test(plain)) return plain;
  const words = plain.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return [...words, fingerprint(service)].join('-');
}

/** A project's name from a folder's or a person's spelling, as Compose makes it; null when nothing usable remains. */
export function toProjectName(text: string): string | null {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '')
    .replace(/^[_-]+/, '')
    .slice(0, 63);
  return isName(name) ? name : null;
}

/** FNV-1a, 32 bits, as 8 hex digits: tells folders apart, keeps no secret. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, '0');
}

/**
 * The name of the project in folder `root`: `name`, unless a project in another folder has it (two git worktrees, two clones);
 * then `name` and the first 4 hex digits of a hash of the folder, 8 when those are taken as well. `taken`: the projects
 * known to the daemon, name → root (empty: nobody knows, so it may be this one). A folder that once got a suffix keeps it while it is known: its volumes carry that name.
 */
export function uniqueProjectName(name: string, root: string, taken: Readonly<Record<string, string>>): string {
  const hash = fingerprint(root);
  const candidates = [name, ...[4, 8].map(digits => `${name.slice(0, 62 - digits)}-${hash.slice(0, digits)}`)];
  const owner = (candidate: string) => (Object.hasOwn(taken, candidate) ? taken[candidate] || undefined : undefined);
  return (
    candidates.find(candidate => owner(candidate) === root) ??
    candidates.find(candidate => owner(candidate) === undefined) ??
    `${name.slice(0, 54)}-${fingerprint(`${hash}${root}`)}`
  );
}
