/** What a report or a log must not repeat. Patterns know the form of a secret, `Known` the secrets themselves. */

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

/** user:password@ in a URL, wherever it stands in a line. */
export function withoutCredentials(line: string): string {
  return line.includes('://') ? line.replaceAll(/(\w:\/\/)[^\s/@"\\]+@/g, '$1[redacted]@') : line;
}

const SECRET_WORD =
  'pass(?:wor[dt]|wd|phrase|code)?|pwd|pw|secrets?|tokens?|credentials?|(?:api|access|private|signing|encryption|master|auth)?[-_]?keys?|auth(?:orization)?|signature|sig|cookie|session|dsn|salt|cert|jwt|requirepass|masterauth';
const SECRET_NAME = new RegExp(`(?:^|[^a-z])(?:${SECRET_WORD})(?:$|[^a-z])|passw(?:or)?d|secret|token|credential|apikey|privatekey`, 'i');

/** Whether what has this name is likely a secret: API_KEY, --requirepass, dbPassword. */
export function looksSecret(name: string): boolean {
  return SECRET_NAME.test(name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2'));
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
    out = withoutForms(out);
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

const PEM = /-----BEGIN ([A-Z ]+)-----[\s\S]*?(?:-----END \1-----|$)/g;
/** To the last @ before a blank or a quote: passwords hold / and @. */
const URL_LOGIN = /(\w:\/\/)[^\s"'`<>\\]*@/g;
/** "NAME=value" in quotes, as in the engine's debug log, where quotes may be escaped: a variable's value, whatever its name. */
const QUOTED_VARIABLE = /(\\*")([A-Za-z_]\w*)=((?!\1)[\s\S])*?\1/g;
const SCHEME = /\b(Bearer|Basic|Digest|Negotiate)(\s+)[^\s"',\\]+/gi;
/** Tokens by the form that their makers gave them, then what is long and mixed. */
const TOKENS = [
  /\bgh[pousr]_\w{16,}/g,
  /\bgithub_pat_\w{16,}/g,
  /\bglpat-[\w-]{16,}/g,
  /\bnpm_\w{16,}/g,
  /\bdckr_pat_[\w-]{16,}/g,
  /\bxox[a-z]-[\w-]{8,}/g,
  /\b[sr]k[-_][\w-]{16,}/g,
  /\bA[KS]IA[A-Z0-9]{12,}/g,
  /\bAIza[\w-]{20,}/g,
  /\beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?/g,
  /\$(?:2[aby]|apr1|[156y])\$[^\s"',]+/g,
  /(?<![\w+=-])(?=[\w+=-]*[a-z])(?=[\w+=-]*[A-Z])(?=[\w+=-]*\d)[\w+=-]{32,}/g,
];
/** Programs whose flag for a secret has one letter. */
const SHORT_FLAG = /(\bredis-cli\b[^\n]*?\s-a\s+|\bcurl\b[^\n]*?\s(?:-u|--user)[ \t=]+|\bmysql\w*\b[^\n]*?\s-p)(?=\S)[^\s"']+/g;
const EMAIL = /[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}\b/g;
/** A name and what joins it to its value: password=, "apiKey": , --requirepass , TOKEN:. */
const NAMED = /(--?)?([A-Za-z_][\w.-]*)(\\*["']?[ \t]*[=:][ \t]*|[ \t]+)/g;
const VALUE = /\\*"(?:[^"\\]|\\(?!")[\s\S])*\\*"|'[^'\n]*'|[^\s"']+/y;

function withoutForms(text: string): string {
  let out = text.replaceAll(PEM, REDACTED).replaceAll(URL_LOGIN, `$1${REDACTED}@`).replaceAll(QUOTED_VARIABLE, `$1$2=${REDACTED}$1`);
  out = out.replaceAll(SCHEME, `$1$2${REDACTED}`);
  for (const form of TOKENS) out = out.replaceAll(form, REDACTED);
  out = out.replaceAll(SHORT_FLAG, `$1${REDACTED}`);
  return withoutNamed(out).replaceAll(EMAIL, match => (match.includes(REDACTED) ? match : '[email]'));
}

/** A blank alone joins a flag and its value, not two words of a sentence. What is no secret may hold one: its value is looked at as well. */
function withoutNamed(text: string): string {
  let out = '';
  let done = 0;
  for (const match of text.matchAll(NAMED)) {
    const [whole, dashes, name = '', between = ''] = match;
    const end = match.index + whole.length;
    if (match.index < done || (between.trim() === '' && dashes === undefined) || !looksSecret(name)) continue;
    VALUE.lastIndex = end;
    const value = VALUE.exec(text)?.[0];
    if (value === undefined) continue;
    out += text.slice(done, end) + REDACTED;
    done = end + value.length;
  }
  return out + text.slice(done);
}

/** Users' folders of Linux and Windows, theirs and others'. A name with a blank is told by the separator behind it. */
function withoutFolders(text: string): string {
  return text
    .replaceAll(/([\\/]Users)([\\/]+)(?!Public\b|Default\b)(?:[^\\/\n"':*?<>|]+(?=[\\/])|[^\s\\/"':,;)\]]+)/gi, '$1$2[user]')
    .replaceAll(/(\/home\/)[^\s/"':,;)\]]+/g, '$1[user]');
}
