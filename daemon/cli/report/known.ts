import { hostname, userInfo } from 'node:os';
import { dirname } from 'node:path';
import type { ProjectSpec } from '../../model/spec.js';
import type { Evidence } from '../../platform/doctor/evidence.js';
import { harmless } from '../../shared/printable.js';
import { type Known, looksSecret } from '../../shared/redact.js';
import type { Cli } from '../cli.js';
import type { OfOthers } from './others.js';

/** Shorter values occur by chance: taken out, they would make holes in words. */
const SHORTEST = 4;
/** A value whose name does not tell that it is a secret is taken out from this length on. */
const SHORTEST_PLAIN = 8;

/** All that the report must not repeat: secrets of the caller's environment, of the project here and of all others, and the user's names, folders and hosts. */
export function knownHere(cli: Cli, home: string, seen: Evidence | null, spec: ProjectSpec | null, others: OfOthers): Known {
  const facts = seen?.facts ?? null;
  // Named after the user: wslc-cli-me.
  const sessions = (seen?.wslc?.sessions ?? []).map(({ name }) => harmless(name));
  const windows = facts?.windows?.profile ?? '';
  const mounted = facts && windows !== '' ? facts.mount + windows.slice(0, 1).toLowerCase() + windows.slice(2).replaceAll('\\', '/') : '';
  const { HOME, USER, LOGNAME } = cli.env;
  return {
    secrets: [...environmentSecrets(cli.env), ...(spec ? projectSecrets(spec) : []), ...otherSecrets(others)],
    homes: [home, HOME ?? '', windows, mounted],
    users: [safeUser(), USER ?? '', LOGNAME ?? '', windows.split('\\').at(-1) ?? '', ...sessions],
    hosts: [hostname()],
  };
}

/** A UID without an entry in /etc/passwd has no name. */
function safeUser(): string {
  try {
    return userInfo().username;
  } catch {
    return '';
  }
}

/** Every login has these, and their values are paths and ordinary words: PWD, XDG_SESSION_DESKTOP=ubuntu, SSH_AUTH_SOCK. */
const ORDINARY_NAME = /^(OLD)?PWD$|SESSION|_SOCK$|_FILE$|_PATH$/;
const ORDINARY_VALUE = /^(\d+|true|false|none|auto|basic|localhost|development|production|test)$/;

export function environmentSecrets(env: Cli['env']): string[] {
  const named = Object.entries(env).flatMap(([name, value = '']) => {
    const ordinary = ORDINARY_NAME.test(name) || ORDINARY_VALUE.test(value);
    return looksSecret(name) && !ordinary && value.length >= SHORTEST ? [value] : [];
  });
  return [...named, ...Object.values(env).flatMap((value = '') => passwordIn(value))];
}

/** Values of variables and build arguments, texts of secrets and configs. A name that the report shows anyway is none. */
export function projectSecrets({ name, root, profile, services }: ProjectSpec): string[] {
  const shown = new Set([
    name,
    profile,
    root,
    dirname(root),
    ...services.flatMap(service => [service.name, service.container?.image ?? '']),
  ]);
  const all = services.flatMap(({ container }) => {
    if (!container) return [];
    const texts = container.mounts.flatMap(mount => (mount.kind === 'content' ? [mount.text.trim(), ...mount.text.split(/\r?\n/)] : []));
    const values = [container.environment, container.build?.args ?? {}].flatMap(each => Object.entries(each).flatMap(valuesOf));
    return [...values, ...texts.map(text => text.trim()).filter(text => text.length >= SHORTEST)];
  });
  return all.filter(value => !shown.has(value));
}

/** Of other projects only what is named or looks like a secret: their plain values (a host, a level) are words of this report as well. */
export function otherSecrets({ variables, texts }: OfOthers): string[] {
  const named = variables.flatMap(([name, value]) => {
    const ordinary = ORDINARY_VALUE.test(value) || PLACE.test(value);
    const telling = looksSecret(name) && !ordinary && value.length >= SHORTEST;
    return [...(telling || (value.length >= SHORTEST_DRAWN && isDrawn(value)) ? [value] : []), ...passwordIn(value)];
  });
  const lines = texts.flatMap(text => [text, ...text.split(/\r?\n/)]).map(text => text.trim());
  return [...named, ...lines.filter(line => line.length >= SHORTEST_PLAIN && !/^[\s#;[\]{}]/.test(line))];
}

/** A file, or a port of a host: what a name that sounds like a secret may hold. */
const PLACE = /^(?:[~.]{0,2}\/[\w./-]*|[\w.-]+:\d{1,5})$/;
const SHORTEST_DRAWN = 12;

/** Letters and digits, no word: whatever it is called. */
function isDrawn(value: string): boolean {
  return (
    /^[\w+/=.~!@#$%^&*-]+$/.test(value) &&
    /\d/.test(value) &&
    /[a-z]/i.test(value) &&
    !PLACE.test(value) &&
    !value.includes('://') &&
    !/^\d[\d.]*[a-z]{0,3}$/i.test(value)
  );
}

function valuesOf([name, value]: readonly [string, string]): string[] {
  const least = looksSecret(name) ? SHORTEST : SHORTEST_PLAIN;
  const telling = looksSecret(name) || !ORDINARY_VALUE.test(value);
  return [...(telling && value.length >= least ? [value] : []), ...passwordIn(value)];
}

/** The password of a URL, which may stand alone elsewhere; as written and as it is meant. */
function passwordIn(value: string): string[] {
  const written = /\w:\/\/[^\s/:@]{0,400}:(\S{1,400})@/.exec(value)?.[1] ?? '';
  if (written.length < SHORTEST) return [];
  try {
    return [...new Set([written, decodeURIComponent(written)])];
  } catch {
    return [written];
  }
}
