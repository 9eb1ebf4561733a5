import { MAINTAINED_PREFIXES } from './generated/secret-prefixes.js';

/**
 * The forms of secrets: what makers of tokens put at their beginning, so that they can be found, and what has a form of its own. Prefixes that
 * secretlint knows are generated; those here stand in the makers' documents and in the lists of partners of GitHub's secret scanning.
 *
 * Everything here runs over text of strangers, and takes time in proportion to its length (test/linear.test.ts): no two parts of an expression
 * can take the same letters in turn, and none looks back or ahead without a bound.
 */
const PREFIXES: readonly string[] = [
  // Clouds and hosting.
  'AKIA', 'ASIA', 'ABIA', 'ACCA', 'AROA', 'AIDA', 'AGPA', 'ANPA', 'ANVA', 'AIza', 'ya29.', 'GOCSPX-', 'LTAI', 'dop_v1_', 'doo_v1_', 'dor_v1_',
  'HRKU-', 'FlyV1', 'fo1_', 'fm1_', 'fm2_', 'nfp_', 'nfc_', 'nfo_', 'nfu_', 'SCW', 'pul-', 'atlasv1.', 'p8e-', 'nvapi-', 'rpa_', 'v1.0-', 'cio_', 'oc_', 'ibmcloud-',
  'pscale_tkn_', 'pscale_pw_', 'pscale_oauth_', 'sbp_', 'sb_secret_', 'napi_', 'hsp_', 'ico-', 'tskey-auth-', 'cf_', 'ddp_', 'ddapp_', 'sha256~', 'K10',
  'SWMTKN-', 'SWMKEY-', 'dckr_oat_', 'rnd_', 'railway_', 'pnu_', 'pnb_', 'koyeb_', 'upstash_', 'neon_',
  // Code, packages, builds.
  'glptt-', 'gldt-', 'glrt-', 'glcbt-', 'glagent-', 'gloas-', 'glft-', 'glimt-', 'glsoat-', 'glffct-', 'GR1348941', 'pypi-AgE', 'rubygems_', 'crates_', 'oy2',
  'ATATT3', 'ATCTT3', 'ATBB', 'ATSTT3', 'BBDC-', 'CLOJARS_', 'ccipat_', 'CCIPAT_', 'CCIPRJ_', 'bkua_', 'bkca_', 'bkaa_', 'bkct_', 'sgp_', 'slk_', 'AKCp', 'cmVmdGtu', 'npms_', 'jfrt@',
  'dp.pt.', 'dp.st.', 'dp.ct.', 'dp.scim.', 'dp.audit.', 'dp.sa.', 'NRAK-', 'NRII-', 'NRJS-', 'NRRA-', 'NRAL-', 'sntrys_', 'sntryu_', 'squ_', 'sqp_', 'sqa_', 'snyk_', 'codecov_', 'tfp_', 'gitea_', 'gto_',
  'hcp.', 's.', 'b.', 'hvp.',
  // Mail, chat, payment, shops.
  'xoxe.', 'xoxe-', 'xoxc-', 'xoxd-', 'xoxs-', 'xoxz-', 'xwfp-', 'xkeysib-', 'xsmtpsib-', 'key-', 'whsec_', 'ssk_', 'sq0atp-', 'sq0csp-', 'sq0idp-', 'EAAA', 'EAAC', 'EAAG', 'EAAB', 'access_token$production$', 'access_token$sandbox$',
  'sk_', 'rk_', 'sk.eyJ', 'shpua_', 'shptka_', 'FLWSECK-', 'FLWSECK_', 'FLWPUBK_', 'EZAK', 'EZTK', 'shippo_live_', 'shippo_test_', 'duffel_', 'PMAK-', 'PMAT-', 'rdme_', 'test_sk', 'live_sk', 'rzp_live_', 'rzp_test_', 'mcp_',
  'pat-na1-', 'pat-eu1-', 'APP_USR-', 're_', 'mlsn.', 'SK', 'AP_', 'zpka_', 'CFPAT-', 'lin_oauth_', 'secret_', 'fio-u-', 'figu_', 'figo_', 'sl.', 'glo_', 'typ_', 'api_live.', 'api_sandbox.', 'trm_', 'pk_prod_',
  'ops_ey', 'AGE-SECRET-KEY-1', 'AGE-PLUGIN-', 'PRIVATE+KEY+', 'dt0c01.', 'dt0s01.', 'dt0s02.', 'dt0s16.', 'phx_', 'phs_', 'eyJrIjoi', 'lsv2_pt_', 'lsv2_sk_', 'lsv2_sk', 'ls__',
  // Models.
  'sk-or-v1-', 'sk-ant-', 'sk-lf-', 'pplx-', 'r8_', 'xai-', 'csk-', 'gsk-', 'fw_', 'hfr_', 'api_org_', 'tgp_v1_', 'jina_', 'pa-', 'co_', 'eleven_', 'AI-',
  // Networks of messages, maps, the rest.
  'oauth:', 'ocn_', 'ntn_', 'bb_live_', 'sendbird_', 'statsig_', 'secret-', 'server-', 'client-secret-', 'launchdarkly-', 'sdk-', 'api-', 'mob-', 'cal_live_', 'cal_', 'ak_', 'tvly-', 'apify_api_', 'flb_', 'wandb_v1_', 'clh_', 'pmk_',
]; // biome-ignore format: a table

/** They are the beginning of ordinary words too: what follows has to be long and look drawn by lot. */
const LOOSE: ReadonlySet<string> = new Set([
  's.', 'b.', 'SK', 'K10', 'SCW', 'oy2', 're_', 'sl.', 'oc_', 'cf_', 'co_', 'pa-', 'AI-', 'ak_', 'cal_', 'key-', 'sdk-', 'api-', 'mob-', 'server-', 'secret-', 'secret_', 'client-secret-',
  'sk_', 'rk_', 'sk-', 'gsk-', 'csk-', 'hcp.', 'ls__', 'glo_', 'typ_', 'trm_', 'fw_', 'p8e-', 'gitea_', 'codecov_', 'neon_', 'upstash_', 'koyeb_', 'railway_', 'snyk_', 'crates_', 'sendbird_', 'statsig_',
  'launchdarkly-', 'AP_', 'mcp_', 'dapi', 'ico-', 'pul-', 'EAAA', 'EAAB', 'EAAC', 'EAAG', 'ops_', 'hf_', 'cio_', 'hsp_', 'rnd_', 'clh_', 'pmk_', 'slk_', 'gto_', 'v1.0-', 'ibmcloud-', 'oauth:',
]); // biome-ignore format: a table

const escaped = (text: string) => text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
const choice = (words: readonly string[]) =>
  [...new Set(words)]
    .sort((a, b) => b.length - a.length || (a < b ? -1 : 1))
    .map(escaped)
    .join('|');
const all = [...MAINTAINED_PREFIXES, ...PREFIXES];

/** A prefix, and what follows it: the whole token. A capital or a digit is in each token, and in few words. */
const PREFIXED = new RegExp(
  `(?<![A-Za-z0-9])(?:${choice(all.filter(prefix => !LOOSE.has(prefix)))})(?=[\\w.+/=~:-]{0,48}[A-Z0-9])[\\w.+/=~:-]{10,}`,
  'g',
);
const LOOSELY_PREFIXED = new RegExp(`(?<![\\w.-])(?:${choice(all.filter(prefix => LOOSE.has(prefix)))})[A-Za-z0-9_+/=-]{16,}`, 'g');
/** Header and payload of a JSON Web Token, or of five parts. */
const JWT = /(?<![\w-])eyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*){0,3}/g;
/** Hashes of passwords by crypt(3), Django, LDAP, PostgreSQL. */
const PASSWORD_HASHES = [
  /\$(?:2[abxy]|apr1|argon2(?:i|d|id)|scrypt|pbkdf2[\w-]{0,16}|sha1|md5|gy|[1567y]|8|9)\$[^\s"',]+/g,
  /\b(?:pbkdf2_sha(?:1|256|512)|bcrypt_sha256|scrypt|argon2)\$[^\s"',]+/g,
  /\{(?:S?SHA(?:256|512)?|SMD5|MD5|CRYPT|PBKDF2[\w-]{0,16}|ARGON2|bcrypt|scrypt)\}[A-Za-z0-9+/=$.{}-]{8,}/gi,
  /\bSCRAM-SHA-(?:1|256)\$\d{1,7}:[\w+/=$:]+/g,
  /\bmd5[0-9a-f]{32}\b/g,
];
/** Addresses that are secrets: whoever knows them can write there. */
const WEBHOOKS = [
  /\bhttps?:\/\/(?:hooks\.slack(?:-gov)?\.com\/(?:services|workflows|triggers)|hooks\.zapier\.com\/hooks|(?:[a-z]{1,10}\.)?discord(?:app)?\.com\/api\/(?:v\d{1,2}\/)?webhooks|outlook\.office(?:365)?\.com\/webhook|[\w-]{1,63}\.webhook\.office\.com|chat\.googleapis\.com\/v1\/spaces|maker\.ifttt\.com\/trigger|api\.telegram\.org\/(?:file\/)?bot|[\w-]{1,63}\.ingest(?:\.\w{2,10})?\.sentry\.io\/api|open\.feishu\.cn\/open-apis\/bot|oapi\.dingtalk\.com\/robot|qyapi\.weixin\.qq\.com\/cgi-bin\/webhook)[^\s"'<>]*/gi,
];
/** Tokens without a prefix, but with a form: Telegram, Discord, Asana, Airtable, Azure AD, Mailchimp, Mapbox, Twitch. */
const SHAPED = [
  /(?<![\w-])\d{8,10}:AA[\w-]{32,34}(?![\w-])/g,
  /(?<![\w-])[MNO][A-Za-z\d_-]{23,27}\.[\w-]{6}\.[\w-]{27,40}(?![\w-])/g,
  /(?<![\w-])\d\/\d{16}(?:\/\d{16})?:[0-9a-f]{32}(?![\w-])/g,
  /(?<![\w-])pat[A-Za-z0-9]{14}\.[0-9a-f]{64}(?![\w-])/g,
  /(?<![\w~.-])[\w~.-]{3}\dQ~[\w~.-]{31,34}(?![\w~.-])/g,
  /(?<![\w-])[0-9a-f]{32}-us\d{1,2}(?![\w-])/g,
  /(?<![\w-])sk\.eyJ[\w-]{10,}\.[\w-]{10,}/g,
  /(?<![\w-])[0-9a-zA-Z]{6,40}\.atlasv1\.[\w=-]{20,}/g,
  /(?<![\w-])amzn\.mws\.[0-9a-f-]{36}(?![\w-])/g,
  /(?<![\w-])[0-9]{12}-[0-9a-z]{32}\.apps\.googleusercontent\.com/g,
  /(?<![\w-])nr[a-z]{2}-[0-9a-f]{36,40}(?![\w-])/gi,
  /(?<![\w-])SG\.[\w-]{16,}\.[\w-]{16,}/g,
];
/** Images, fonts and checksums are long and mixed as well; the beginning of an image file tells its format. */
const LONG =
  /data:(?:image|font|audio|video)\/[\w.+-]{1,40}(?:;[\w=-]{1,40}){0,3},[\w+/=%-]*|(?<![\w+/=-])(?:iVBORw0KGgo|\/9j\/|R0lGOD|UklGR|PHN2Zy|PD94bWwg|JVBERi0|AAABAA|Qk[0-9A-Za-z]{2}AAAA|d09GM|T1RUTw|AAEAAAA)[\w+/=-]*|(?:sha(?:1|224|256|384|512)|SHA(?:1|224|256|384|512))[-:][\w+/=]*|(?<![\w+/=-])[\w+/=-]{32,}/g;
const KEPT =
  /^(?:data:|iVBORw0KGgo|\/9j\/|R0lGOD|UklGR|PHN2Zy|PD94bWwg|JVBERi0|AAABAA|Qk[0-9A-Za-z]{2}AAAA|d09GM|T1RUTw|AAEAAAA|sha\d{1,3}[-:])/i;

/** All tokens out of a text that are known by their form. */
export function withoutTokens(text: string, redacted: string): string {
  let out = text;
  for (const form of WEBHOOKS) out = out.replaceAll(form, redacted);
  out = out.replaceAll(PREFIXED, redacted).replaceAll(LOOSELY_PREFIXED, token => (looksDrawn(token) ? redacted : token));
  out = out.replaceAll(JWT, redacted);
  for (const form of PASSWORD_HASHES) out = out.replaceAll(form, redacted);
  for (const form of SHAPED) out = out.replaceAll(form, redacted);
  return out.replaceAll(LONG, run => (KEPT.test(run) ? run : run.includes('/') ? pathOrToken(run, redacted) : longToken(run, redacted)));
}

/** Between slashes of a path each name is judged by itself; base64 has slashes too, and is drawn as a whole. */
function pathOrToken(run: string, redacted: string): string {
  const parts = run.split('/');
  const isPath = run.startsWith('/') || parts.some(part => /^[a-z]{2,}$|^[a-z]+[_-][a-z]/.test(part));
  if (!isPath && looksMixed(run)) return redacted;
  return parts.map(part => longToken(part, redacted)).join('/');
}

function longToken(run: string, redacted: string): string {
  return run.length >= 32 && looksMixed(run) ? redacted : run;
}

/** Capitals, small letters and digits that change as often as drawn ones do; names of classes and symbols change with each word. */
function looksMixed(run: string): boolean {
  const token = run.slice(0, 512);
  return /[a-z]/.test(token) && /[A-Z]/.test(token) && /\d/.test(token) && changes(token) >= 0.4 && !/^_[ZR]/.test(token);
}

/** For what has a prefix: letters and digits, or capitals and small ones. */
function looksDrawn(token: string): boolean {
  const tail = token.replace(/^[A-Za-z0-9]{1,16}[-_.:]/, '').slice(0, 512);
  const kinds = [/[a-z]/, /[A-Z]/, /\d/].filter(kind => kind.test(tail)).length;
  return kinds >= 2 && changes(tail) >= 0.25;
}

/** Share of letters whose kind is another than that of the letter before. */
function changes(token: string): number {
  let count = 0;
  for (let at = 1; at < token.length; at++) if (kindOf(token.charCodeAt(at)) !== kindOf(token.charCodeAt(at - 1))) count += 1;
  return count / Math.max(1, token.length - 1);
}

function kindOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return 0;
  if (code >= 0x41 && code <= 0x5a) return 1;
  return code >= 0x61 && code <= 0x7a ? 2 : 3;
}
