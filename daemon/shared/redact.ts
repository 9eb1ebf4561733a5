/** What a report or a log must not repeat. Patterns know the form of a secret, `Known` the secrets themselves. */

import { withoutTokens } from './secret-forms.js';

export const REDACTED = '[redacted]';

/** What is to be taken out by its value. */
export interface Known {
  /** Secret values. Longer ones are replaced first, so that one inside another leaves no rest. */
  readonly secrets: readonly string[];
  /** Home folders, which become ~. */
  readonly homes: readonly string[];
  readonly users: readonly string[];
  readonly hosts: readonly string[];
}

/** For a line of the daemon's log: without credentials in URLs, and without secrets that are known by their form. */
export function withoutSecrets(line: string): string {
  return withoutForms(line, false);
}

const SECRET_WORD =
  'pass(?:wor[dt]|wd|phrase|code)?|pwd|pw|secrets?|tokens?|credentials?|(?:api|access|private|signing|encryption|master|auth)?[-_]?keys?|auth(?:orization)?|signature|sig|cookie|session|dsn|salt|cert|jwt|requirepass|masterauth|passphrase|conn(?:ection)?[-_]?str(?:ing)?|mnemonic|seed[-_]?phrase|otp|bearer|sas|kennwort|webhook(?:[-_]?ur[il])?|sid';
const SECRET_NAME = new RegExp(`(?:^|[^a-z])(?:${SECRET_WORD})(?:$|[^a-z])|passw(?:or)?d|secret|token|credential|apikey|privatekey`, 'i');

/** Letters of a name that are looked at. */
const LONGEST_NAME = 200;

/** Whether what has this name is likely a secret: API_KEY, --requirepass, dbPassword. */
export function looksSecret(name: string): boolean {
  return SECRET_NAME.test(name.slice(0, LONGEST_NAME).replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2'));
}

/** Names that nobody is known by. */
const NOBODY = new Set(['root', 'user', 'ubuntu', 'debian', 'vscode', 'node', 'dev', 'docker', 'localhost', 'laptop-dev']);

/** A function that takes all of it out of a text. */
export function redactor(known: Known): (text: string) => string {
  const secrets = longestFirst(known.secrets.flatMap(formsOf));
  const homes = longestFirst(known.homes.filter(home => home.length > 1 && home !== '/root'));
  const names = (all: readonly string[]) => longestFirst(all.filter(name => name.length > 2 && !NOBODY.has(name.toLowerCase())));
  const [users, hosts] = [names(known.users), names(known.hosts)];
  return text => {
    let out = text;
    for (const secret of secrets) out = out.replaceAll(secret, REDACTED);
    out = withoutForms(out, true);
    for (const home of homes) out = out.replaceAll(new RegExp(`${escaped(home)}(?![\\w-])`, 'gi'), '~');
    out = withoutFolders(out);
    for (const user of users) out = out.replaceAll(word(user), '[user]');
    for (const host of hosts) out = out.replaceAll(word(host), '[host]');
    return out;
  };
}

/** As it is, as in a URL, as in JSON. */
function formsOf(secret: string): string[] {
  return [secret, encoded(secret), JSON.stringify(secret).slice(1, -1), JSON.stringify(JSON.stringify(secret)).slice(3, -3)].filter(
    Boolean,
  );
}

/** Half a surrogate pair has no form in a URL. */
function encoded(secret: string): string {
  return /[\uD800-\uDFFF]/u.test(secret) ? '' : encodeURIComponent(secret);
}

function longestFirst(all: readonly string[]): string[] {
  return [...new Set(all)].sort((a, b) => b.length - a.length);
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}

function word(name: string): RegExp {
  return new RegExp(`(?<![\\w-])${escaped(name)}(?![\\w-])`, 'gi');
}

/** user:password@ of a URL. */
function withoutLogins(text: string): string {
  if (!text.includes('://')) return text;
  return text.replaceAll(/\w:\/\/[^\s"'`<>\\]+/g, url => {
    const from = url.indexOf('://') + 3;
    const at = url.lastIndexOf('@');
    if (at < from) return url;
    const authority = url.slice(from).search(/[/?#]/);
    const end = authority < 0 ? url.length : from + authority;
    // Passwords hold / and @, and so do paths: of localhost:5173/@vite/client it is the port that tells.
    const hasLogin = url.indexOf('@') < end || /^[^:]*:(?!\d{1,5}$)/.test(url.slice(from, end));
    return hasLogin ? `${url.slice(0, from)}${REDACTED}${url.slice(at)}` : url;
  });
}

const PEM_BEGIN = /-----BEGIN ([A-Z0-9 ]{1,60})-----/g;
/** A key without an end is taken up to the first line that is none of one, and no further than this. */
const PEM_LONGEST = 20_000;

function withoutPem(text: string): string {
  if (!text.includes('-----BEGIN ')) return text;
  let out = '';
  let done = 0;
  const none = new Set<string>();
  for (const match of text.matchAll(PEM_BEGIN)) {
    if (match.index < done) continue;
    const last = `-----END ${match[1]}-----`;
    const begin = match.index + match[0].length;
    const end = none.has(last) ? -1 : text.indexOf(last, begin);
    if (end < 0) none.add(last);
    out += text.slice(done, match.index) + REDACTED;
    done = end < 0 ? begin + bodyLength(text.slice(begin, begin + PEM_LONGEST)) : end + last.length;
  }
  return out + text.slice(done);
}

function bodyLength(text: string): number {
  let length = 0;
  while (length < text.length) {
    const next = text.indexOf('\n', length);
    const line = text.slice(length, next < 0 ? text.length : next);
    if (
      !/^(?:[\w+/=\\]*|[A-Za-z-]{1,40}: [^\n]*)\r?$/.test(line) ||
      (length > 1 && line.trim() === '' && !text.slice(0, length).includes(':'))
    )
      break;
    length += line.length + 1;
  }
  return Math.min(length, text.length);
}

/** Begin of "NAME=value" in quotes, as in the engine's debug log, where quotes may be escaped. */
const QUOTED_VARIABLE = /(?<!\\)(\\{0,8}")([A-Za-z_]\w{0,200})=/g;

/** Values of variables in quotes, whatever their names. */
function withoutVariables(text: string): string {
  let out = '';
  let done = 0;
  const none = new Set<string>();
  for (const match of text.matchAll(QUOTED_VARIABLE)) {
    const [whole, quote = '"', name = ''] = match;
    if (match.index < done || none.has(quote)) continue;
    const from = match.index + whole.length;
    const end = text.indexOf(quote, from);
    if (end < 0) none.add(quote);
    if (end < 0) continue;
    out += `${text.slice(done, match.index)}${quote}${name}=${REDACTED}${quote}`;
    done = end + quote.length;
  }
  return out + text.slice(done);
}

const SCHEME =
  /\b(Bearer|Basic|Digest|Negotiate|Token|ApiKey|Splunk|GenieKey|SSWS)([ \t]{1,16})(?=[^\s"',\\]{0,64}[\d=_.])[^\s"',\\]{6,}/gi;
const AUTHORIZATION =
  /\b((?:proxy-)?authorization\\{0,4}["']?[ \t]{0,8}[:=][ \t]{0,8}\\{0,4}["']?)(\w[\w-]{0,40})([ \t]{1,8})(?!\[redacted)[^\r\n"'\\]+/gi;
const COOKIE = /\b((?:set-)?cookie\\{0,4}["']?[ \t]{0,8}:[ \t]{0,8}\\{0,4}["']?)[^\r\n"'\\]+/gi;
/** What stands between quotes or to the blank behind words of SQL, .netrc, Redis's and OpenSSL's. */
const AFTER_WORDS = [
  /\b(identified[ \t]{1,8}(?:with[ \t]{1,8}[\w'-]{1,40}[ \t]{1,8})?by[ \t]{1,8}(?:password[ \t]{1,8})?)('[^'\n]{1,400}'|"[^"\n]{1,400}")/gi,
  /\b(password[ \t]{1,8})('[^'\n]{1,400}'|"[^"\n]{1,400}")/gi,
  /\b(machine[ \t]{1,8}\S{1,200}[ \t]{1,8}login[ \t]{1,8}\S{1,200}[ \t]{1,8}password[ \t]{1,8})(\S+)/g,
  /^([ \t]{0,16}(?:requirepass|masterauth|password|passwd)[ \t]{1,16})([^\s#=:]{3,})(?=[ \t]{0,16}$)/gim,
  /\b((?:pass|env|file):)(?<=-pass(?:in|out)?[ \t=]pass:)(\S+)/g,
  /\b(rabbitmqctl[ \t]{1,8}(?:add_user|change_password)[ \t]{1,8}\S{1,100}[ \t]{1,8})(\S+)/g,
  /(Private-Lines: \d{1,4}\r?\n)((?:[A-Za-z0-9+/=]{1,100}\r?\n?)+)/g,
];
/** Programs whose flag for a secret has one letter, or whose -u holds a password. The value follows at once, behind = or blanks. */
const PROGRAMS: readonly (readonly [program: RegExp, flag: RegExp])[] = [
  [/\b(?:redis|keydb|valkey)-cli\b/, flag('-a', 'apart')],
  [/\bcurl\b/, flag('-u|-U|--user|--proxy-user', 'either')],
  [/\b(?:mysql|mariadb)\w{0,20}\b/, flag('-p', 'glued')],
  [
    /\b(?:mongo\w{0,10}|sshpass|cqlsh|influx|(?:docker|podman|buildah|skopeo|oc|helm|az|crane)\b[^\n]{0,60}\blogin)\b/,
    flag('-p', 'either'),
  ],
  [/\bldap[a-z]{3,10}\b/, flag('-w', 'either')],
  [/\b(?:sqlcmd|bcp|osql|unzip|zip)\b/, flag('-P', 'either')],
  [/\b(?:smbclient|mount\.cifs|rpcclient)\b/, flag('-U', 'either', '[^\\s"\'%]{1,100}%')],
  [/\b(?:wget|http|https|xh)\b/, flag('-a|--auth|--user', 'apart', '[^\\s"\':]{1,100}:')],
];

/** A flag in a line of a shell, or in a list of words as engines log it. `before`: what of the value is no secret. */
function flag(names: string, value: 'apart' | 'glued' | 'either', before = ''): RegExp {
  const apart = `(?:[ \\t]{1,8}|=|\\\\{0,4}["'],[ \\t]{0,8})\\\\{0,4}["']?`;
  const joint = value === 'glued' ? '' : value === 'apart' ? apart : `(?:${apart})?`;
  return new RegExp(`((?<=[\\s"'[,(])(?:${names})${joint}${before})(?=[^\\s"'\\\\-])[^\\s"'\\\\]+`, 'g');
}

/** A word -pSECRET by itself, as one of a list: what is a port or an ordinary word is none. */
const GLUED =
  /((?:^|[\s"'[,(])-p)(?!\d{1,5}(?:[:/,-][\w:./-]*)?(?![^\s"',\])]))(?=[^\s"',\])]{0,64}[A-Z0-9!@#$%^&*_])[^\s"',\])=/:]{4,}(?![^\s"',\])])/gm;
const XML = /<([A-Za-z_][\w.:-]{0,80})>([^<>\n]{1,4000})(?=<\/)/g;
/** <add key="Password" value="…"/>, {"name": "DB_PASSWORD", "value": "…"}. */
const PAIRED =
  /((?:key|name)\\{0,4}["']?[ \t]{0,8}[:=][ \t]{0,8}\\{0,4}["'])([\w.:-]{1,80})(\\{0,4}["'][\s,]{1,40}\\{0,4}["']?value\\{0,4}["']?[ \t]{0,8}[:=][ \t]{0,8}\\{0,4}["'])[^"'\n\\]{1,4000}/gi;
const EMAIL = /(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}\b/g;
/** A name and what joins it to its value: password=, "apiKey": , --requirepass , TOKEN:, token => . */
const NAMED = /(?<![\w.-])(--?)?([A-Za-z_][\w.-]*)(\\*["']?\]?[ \t]*(?:=>|:=|[=:])[ \t]*|\\*["'],[ \t]*\\*(?=["'])|[ \t]+)/g;
const WORD = /[^\s"']+/y;
const REST = /[^\r\n]+/y;

function withoutForms(text: string, withPeople: boolean): string {
  let out = withoutVariables(withoutLogins(withoutPem(text)));
  out = out
    .replaceAll(AUTHORIZATION, `$1${REDACTED}$3${REDACTED}`)
    .replaceAll(COOKIE, `$1${REDACTED}`)
    .replaceAll(SCHEME, `$1$2${REDACTED}`);
  out = withoutTokens(out, REDACTED);
  for (const form of AFTER_WORDS) out = out.replaceAll(form, `$1${REDACTED}`);
  out = withoutFlags(out).replaceAll(GLUED, `$1${REDACTED}`);
  out = out.replaceAll(XML, (whole, name: string) => (looksSecret(name) ? `<${name}>${REDACTED}` : whole));
  out = out.replaceAll(PAIRED, (whole, before: string, name: string, between: string) =>
    looksSecret(name) ? `${before}${name}${between}${REDACTED}` : whole,
  );
  out = withoutNamed(out);
  return withPeople ? out.replaceAll(EMAIL, match => (match.includes(REDACTED) ? match : '[email]')) : out;
}

/** Line by line: a flag means what its program says it means. */
function withoutFlags(text: string): string {
  if (!PROGRAMS.some(([program]) => program.test(text))) return text;
  return text
    .split('\n')
    .map(line => {
      let out = line;
      for (const [program, flag] of PROGRAMS) {
        const at = out.search(program);
        if (at >= 0) out = out.slice(0, at) + out.slice(at).replaceAll(flag, `$1${REDACTED}`);
      }
      return out;
    })
    .join('\n');
}

/** A blank alone joins a flag and its value, not two words of a sentence. What is no secret may hold one: its value is looked at as well. */
function withoutNamed(text: string): string {
  let out = '';
  let done = 0;
  for (const match of text.matchAll(NAMED)) {
    const [whole, dashes, name = '', between = ''] = match;
    const end = match.index + whole.length;
    const isFlag = between.trim() === '' || between.includes(',');
    if (match.index < done || (isFlag && dashes === undefined) || !looksSecret(name)) continue;
    const length = valueLength(text, end, between, startsLine(text, match.index));
    const value = text.slice(end, end + length);
    if (length === 0 || isNoSecret(name, value) || (isFlag && /^\\*["']?-/.test(value))) continue;
    out += text.slice(done, end) + REDACTED;
    done = end + length;
  }
  return out + text.slice(done);
}

/** Nothing but blanks, and - of a list, before it in its line. */
function startsLine(text: string, at: number): boolean {
  return /(?:^|\n)[ \t]{0,64}(?:- )?$/.test(text.slice(Math.max(0, at - 72), at));
}

/** A value in quotes ends with the quote, one that YAML has with its line, another one with a blank. */
const LONGEST_VALUE = 4_096;

function valueLength(text: string, from: number, between: string, startsLine: boolean): number {
  const open = /^(\\{0,8})(["'])/.exec(text.slice(from, from + 9));
  if (open) {
    const inside = from + open[0].length;
    const end = closingQuote(text, inside, open[1]?.length ?? 0, open[2] ?? '"');
    if (end !== null) return end - from;
    // Not the whole rest of a line: it may be a megabyte long and hold thousands of such.
    REST.lastIndex = 0;
    return REST.exec(text.slice(from, from + LONGEST_VALUE))?.[0].length ?? 0;
  }
  const isLine = startsLine && /:[ \t]+$/.test(between) && !text.startsWith(`${REDACTED} ${REDACTED}`, from);
  const form = isLine ? REST : WORD;
  form.lastIndex = from;
  return form.exec(text)?.[0].length ?? 0;
}

/** Behind the quote that has no more backslashes before it than the one that opened; null: none is near. */
function closingQuote(text: string, from: number, backslashes: number, quote: string): number | null {
  const last = Math.min(text.length, from + LONGEST_VALUE);
  for (let at = from; at < last; at++) {
    if (text[at] !== quote) continue;
    let before = 0;
    while (before <= backslashes && at - before > from && text[at - before - 1] === '\\') before += 1;
    if (before <= backslashes || backslashes > 0) return at + 1;
    // An even run of backslashes is of backslashes, and ends the text.
    let run = 0;
    while (at - run > from && text[at - run - 1] === '\\') run += 1;
    if (run % 2 === 0) return at + 1;
  }
  return null;
}

/** Counts, switches and places, whose names sound like secrets: max_tokens: 4096, auth=true, POSTGRES_PASSWORD_FILE=/run/secrets/db. */
function isNoSecret(name: string, value: string): boolean {
  const bare = value.replace(/^\\{0,8}["']|\\{0,8}["']$/g, '').replace(/[,;)}\]]{1,8}$/, '');
  if (bare === REDACTED || /^\$\{?\w{1,200}\}?$/.test(bare)) return true;
  if (/(?:_file|_path|_dir|file|path)$/i.test(name) && /^[~.]{0,2}\/[\w./-]{0,400}$/.test(bare)) return true;
  return !/pass|pwd|secret|pin/i.test(name) && /^(?:-?\d{1,7}|true|false|null|none|yes|no|on|off|undefined)?$/i.test(bare);
}

/** Users' folders of Linux and Windows, theirs and others'. A name with a blank is told by the separator behind it. */
function withoutFolders(text: string): string {
  return text
    .replaceAll(/([\\/]Users)([\\/]+)(?!Public\b|Default\b)(?:[^\\/\n"':*?<>|]+(?=[\\/])|[^\s\\/"':,;)\]]+)/gi, '$1$2[user]')
    .replaceAll(/(\/home\/)[^\s/"':,;)\]]+/g, '$1[user]');
}
