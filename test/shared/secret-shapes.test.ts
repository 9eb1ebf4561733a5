import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { MAINTAINED_PREFIXES } from '../../daemon/shared/generated/secret-prefixes.js';
import { redactor, withoutSecrets } from '../../daemon/shared/redact.js';

const redact = redactor({ secrets: [], homes: [], users: [], hosts: [] });

/** Letters drawn by lot, the same in each run. No secret of anybody: made here, of a seed. */
function drawn(length: number, seed: string, letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'): string {
  let out = '';
  for (let round = 0; out.length < length; round++)
    for (const byte of createHash('sha256').update(`${seed} ${round}`).digest()) out += letters[byte % letters.length];
  return out.slice(0, length);
}
const HEX = '0123456789abcdef';
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const LOWER = 'abcdefghijklmnopqrstuvwxyz0123456789';
const hex = (length: number, seed: string) => drawn(length, seed, HEX);

/** name: begin and the rest, which is put together here only: scanners of repositories find no token in this file. */
const TOKENS: readonly (readonly [name: string, token: string])[] = [
  ...MAINTAINED_PREFIXES.map((prefix): [string, string] => [
    `secretlint ${prefix}`,
    prefix + drawn(40, prefix, prefix === 'dapi' ? HEX : undefined),
  ]),
  ['AWS key id', `AK${'IA'}${drawn(16, 'a', UPPER)}`],
  ['AWS temporary key id', `AS${'IA'}${drawn(16, 'b', UPPER)}`],
  ['AWS role id', `AR${'OA'}${drawn(16, 'c', UPPER)}`],
  ['Google API key', `AI${'za'}Sy${drawn(33, 'd')}`],
  ['Google OAuth token', `ya${'29'}.${drawn(60, 'e')}`],
  ['Google client secret', `GOC${'SPX'}-${drawn(28, 'f')}`],
  ['Alibaba', `LT${'AI'}5t${drawn(20, 'g')}`],
  ['DigitalOcean', `dop${'_v1_'}${hex(64, 'h')}`],
  ['DigitalOcean refresh', `dor${'_v1_'}${hex(64, 'i')}`],
  ['Heroku', `HR${'KU'}-${drawn(36, 'j')}`],
  ['Netlify', `nf${'p_'}${drawn(36, 'k')}`],
  ['PlanetScale', `pscale${'_tkn_'}${drawn(43, 'l')}`],
  ['PlanetScale password', `pscale${'_pw_'}${drawn(43, 'm')}`],
  ['Supabase', `sb${'p_'}${hex(40, 'n')}`],
  ['Supabase secret', `sb_${'secret_'}${drawn(31, 'o')}`],
  ['Pulumi', `pu${'l-'}${hex(40, 'p')}`],
  ['Terraform', `${drawn(14, 'q')}.atlas${'v1.'}${drawn(60, 'r')}`],
  ['NVIDIA', `nv${'api-'}${drawn(64, 's')}`],
  ['OpenShift', `sha${'256~'}${drawn(43, 't')}`],
  ['Swarm join token', `SWM${'TKN-1-'}${drawn(50, 'u', LOWER)}-${drawn(25, 'v', LOWER)}`],
  ['Docker organisation token', `dckr${'_oat_'}${drawn(32, 'w')}`],
  ['GitLab trigger', `gl${'ptt-'}${hex(40, 'x')}`],
  ['GitLab runner', `gl${'rt-'}${drawn(20, 'y')}`],
  ['GitLab deploy', `gl${'dt-'}${drawn(20, 'z')}`],
  ['GitLab feed', `gl${'ft-'}${drawn(20, 'aa')}`],
  ['PyPI', `py${'pi-AgE'}IcHlwaS5vcmc${drawn(70, 'ab')}`],
  ['RubyGems', `ruby${'gems_'}${hex(48, 'ac')}`],
  ['NuGet', `oy${'2'}${drawn(43, 'ad', LOWER)}`],
  ['Atlassian', `ATA${'TT3'}xFfGF0${drawn(180, 'ae')}`],
  ['Bitbucket', `AT${'BB'}${drawn(28, 'af')}`],
  ['Clojars', `CLO${'JARS_'}${hex(60, 'ag')}`],
  ['CircleCI', `CCI${'PAT_'}${drawn(22, 'ah')}_${hex(40, 'ai')}`],
  ['Buildkite', `bk${'ua_'}${hex(40, 'aj')}`],
  ['Sourcegraph', `sg${'p_'}${hex(40, 'ak')}`],
  ['Artifactory', `AK${'Cp'}${drawn(69, 'al')}`],
  ['Doppler', `dp${'.pt.'}${drawn(43, 'am')}`],
  ['Doppler service', `dp${'.st.'}prd.${drawn(43, 'an')}`],
  ['New Relic', `NR${'AK-'}${drawn(27, 'ao', UPPER)}`],
  ['Sentry', `sn${'trys_'}eyJ${drawn(60, 'ap')}`],
  ['SonarQube', `sq${'u_'}${hex(40, 'aq')}`],
  ['Dynatrace', `dt0${'c01.'}${drawn(24, 'ar', UPPER)}.${drawn(64, 'as', UPPER)}`],
  ['PostHog', `ph${'x_'}${drawn(43, 'at')}`],
  ['Vault, old', `s${'.'}${drawn(24, 'au')}`],
  ['Slack configuration', `xo${'xe.xoxp'}-1-${drawn(146, 'av')}`],
  ['Slack workflow', `xw${'fp-'}${drawn(40, 'aw')}`],
  ['Brevo', `xkey${'sib-'}${hex(64, 'ax')}-${drawn(16, 'ay')}`],
  ['Mailgun', `ke${'y-'}${hex(32, 'az')}`],
  ['Mailchimp', `${hex(32, 'ba')}-us${'12'}`],
  ['Stripe webhook', `wh${'sec_'}${drawn(32, 'bb')}`],
  ['Square', `sq0${'atp-'}${drawn(22, 'bc')}`],
  ['Square secret', `sq0${'csp-'}${drawn(43, 'bd')}`],
  ['Twilio', `S${'K'}${hex(32, 'be')}`],
  ['Telegram', `${drawn(9, 'bf', '123456789')}:A${'A'}${drawn(33, 'bg')}`],
  ['Discord', `M${drawn(25, 'bh')}.${drawn(6, 'bi')}.${drawn(38, 'bj')}`],
  ['Postman', `PM${'AK-'}${hex(24, 'bk')}-${hex(34, 'bl')}`],
  ['ReadMe', `rd${'me_'}${drawn(70, 'bm', LOWER)}`],
  ['Razorpay', `rzp${'_live_'}${drawn(14, 'bn')}`],
  ['Shippo', `shippo${'_live_'}${hex(40, 'bo')}`],
  ['EasyPost', `EZ${'AK'}${drawn(54, 'bp')}`],
  ['Duffel', `duffel${'_live_'}${drawn(43, 'bq')}`],
  ['Flutterwave', `FLW${'SECK_TEST-'}${hex(12, 'br')}-X`],
  ['Contentful', `CF${'PAT-'}${drawn(43, 'bs')}`],
  ['Linear OAuth', `lin${'_oauth_'}${hex(64, 'bt')}`],
  ['Airtable', `pa${'t'}${drawn(14, 'bu')}.${hex(64, 'bv')}`],
  ['Asana', `1/${drawn(16, 'bw', '0123456789')}:${hex(32, 'bx')}`],
  ['Dropbox', `s${'l.'}${drawn(135, 'by')}`],
  ['Typeform', `tf${'p_'}${drawn(44, 'bz')}`],
  ['OpenRouter', `sk-${'or-v1-'}${hex(64, 'ca')}`],
  ['Perplexity', `pp${'lx-'}${drawn(48, 'cb')}`],
  ['Replicate', `r8${'_'}${drawn(37, 'cc')}`],
  ['xAI', `xa${'i-'}${drawn(80, 'cd')}`],
  ['LangSmith', `lsv2${'_pt_'}${hex(32, 'ce')}_${hex(10, 'cf')}`],
  ['Azure client secret', `${drawn(3, 'cg')}8${'Q~'}${drawn(34, 'ch')}`],
  ['age', `AGE-SECRET-${'KEY-1'}${drawn(58, 'ci', UPPER)}`],
  ['1Password', `op${'s_ey'}J${drawn(200, 'cj')}`],
  ['JSON Web Token', `ey${'J'}${drawn(30, 'ck')}.ey${'J'}${drawn(60, 'cl')}.${drawn(43, 'cm')}`],
  ['Mapbox', `sk.ey${'J'}${drawn(60, 'cn')}.${drawn(22, 'co')}`],
  ['bcrypt', `$2b$${'12$'}${drawn(53, 'cp')}`],
  ['argon2', `$argon2id$v=19$m=65536,t=3,p=4$${drawn(22, 'cq')}$${drawn(43, 'cr')}`.replaceAll(',', '.')],
  ['Django', `pbkdf2_sha256$${'600000$'}${drawn(22, 'cs')}$${drawn(43, 'ct')}=`],
  ['crypt', `$6$${drawn(16, 'cu')}$${drawn(86, 'cv')}`],
  ['PostgreSQL', `SCRAM-SHA-256$${'4096:'}${drawn(22, 'cw')}==$${drawn(43, 'cx')}=:${drawn(43, 'cy')}=`],
  ['base64 of 32 bytes', drawn(43, 'cz')],
  ['Slack hook', `https://hooks.slack.com/services/T${drawn(10, 'da', UPPER)}/B${drawn(10, 'db', UPPER)}/${drawn(24, 'dc')}`],
  ['Discord hook', `https://discord.com/api/webhooks/${drawn(18, 'dd', '0123456789')}/${drawn(68, 'de')}`],
  ['Teams hook', `https://example.webhook.office.com/webhookb2/${hex(8, 'df')}/IncomingWebhook/${hex(32, 'dg')}`],
];

/** What surrounds a secret that has no form of its own; it stands where SECRET does, and nothing of it may be left. */
const CONTEXTS: readonly string[] = [
  'password=SECRET',
  'DB_PASSWORD: SECRET',
  '  - API_KEY=SECRET',
  '{"client_secret":"SECRET"}',
  '{"password":"a\\"SECRET"}',
  "{'refresh_token': 'SECRET'}",
  '"{\\"apiKey\\": \\"SECRET\\"}"',
  'db_password: correct horse SECRET',
  'secret_key_base = "SECRET"',
  'token => SECRET',
  'config["secret"] = "SECRET"',
  '--password SECRET',
  '--password=SECRET',
  '--api-key SECRET serve',
  '-password SECRET',
  'mysql -uroot -pSECRET shop',
  'mysqladmin ping -h localhost -pSECRET',
  'mariadb-dump --password=SECRET',
  '- -pSECRET',
  '["mysqladmin","ping","-pSECRET"]',
  '"Cmd":["redis-cli","-a","SECRET","ping"]',
  'msg="{\\"Cmd\\":[\\"redis-cli\\",\\"-a\\",\\"SECRET\\"]}"',
  '"Cmd":["redis-server","--requirepass","SECRET"]',
  '["curl", "-u", "me:SECRET", "http://x"]',
  'redis-cli -h cache -a SECRET ping',
  'valkey-cli -a SECRET ping',
  'mongosh -u root -p SECRET admin',
  'sshpass -p SECRET ssh host',
  'docker login -u me -p SECRET registry.example.org',
  'curl -u me:SECRET https://example.org',
  'curl --user me:SECRET https://example.org',
  'ldapsearch -D cn=admin -w SECRET',
  'sqlcmd -S db -U sa -P SECRET -Q "SELECT 1"',
  'smbclient //host/share -U me%SECRET',
  'PGPASSWORD=SECRET psql -h db',
  'MYSQL_PWD=SECRET mysql',
  'postgres://app:SECRET@db:5432/app',
  'mongodb+srv://app:SECRET@cluster.example.org/x',
  'amqp://guest:SECRET@mq//',
  'redis://:SECRET@cache:6379/0',
  'https://SECRET@github.com/me/x.git',
  'jdbc:postgresql://db/app?user=a&password=SECRET',
  'Server=db;Database=x;User Id=sa;Password=SECRET;',
  'DefaultEndpointsProtocol=https;AccountName=a;AccountKey=SECRET;EndpointSuffix=core.windows.net',
  'Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=SECRET',
  'https://a.blob.core.windows.net/c?sv=2024-01-01&sig=SECRET',
  'https://s3.example.org/x?X-Amz-Algorithm=A&X-Amz-Signature=SECRET',
  'GET /callback?code=1&access_token=SECRET HTTP/1.1',
  'Authorization: Bearer SECRET',
  'authorization: ApiKey SECRET',
  '"Authorization":"Token SECRET"',
  'Proxy-Authorization: Basic SECRET',
  'X-Api-Key: SECRET',
  'Cookie: theme=dark; connect.sid=s%3ASECRET',
  'Set-Cookie: sid=SECRET; Path=/; HttpOnly',
  '//registry.example.org/:_authToken=SECRET',
  'machine example.org login me password SECRET',
  "ALTER USER app WITH PASSWORD 'SECRET'",
  "CREATE USER 'a'@'%' IDENTIFIED BY 'SECRET'",
  'requirepass SECRET',
  'openssl rsa -in k.pem -passin pass:SECRET',
  'rabbitmqctl add_user me SECRET',
  '<password>SECRET</password>',
  '<add key="DbPassword" value="SECRET" />',
  '{"name": "DB_PASSWORD", "value": "SECRET"}',
  '"Env":["ANYTHING=SECRET"]',
  '-----BEGIN PRIVATE KEY-----\nSECRET\n-----END PRIVATE KEY-----',
  '-----BEGIN OPENSSH PRIVATE KEY-----\\nSECRET\\n-----END OPENSSH PRIVATE KEY-----',
  '-----BEGIN EC PRIVATE KEY-----\nSECRET',
  'Private-Lines: 1\nSECRET\nPrivate-MAC: 0',
  'password="two\nlines SECRET"',
];

/** Around a token: nothing that helps to find it. */
const AROUND: readonly ((token: string) => string)[] = [
  token => token,
  token => `value ${token} was used`,
  token => `{"x":"${token}"}`,
  token => `  x: ${token}`,
  token => `X=${token}`,
];

describe('secrets', () => {
  it('of at least 80 shapes are known by their form, alone and in a sentence, JSON, YAML and an assignment', () => {
    expect(TOKENS.length).toBeGreaterThanOrEqual(120);
    const left = TOKENS.flatMap(([name, token]) =>
      AROUND.flatMap((around, at) => (redact(around(token)).includes(token.slice(-10)) ? [`${name} (${at})`] : [])),
    );
    expect(left).toEqual([]);
  });

  it('are known by what surrounds them', () => {
    const left = CONTEXTS.filter(context => redact(`before\n${context.replace('SECRET', 'hunt3rAB12')}\nafter`).includes('hunt3rAB12'));
    expect(left).toEqual([]);
  });

  it('go out of the log of the daemon as well, whose lines stay JSON', () => {
    for (const [, token] of TOKENS) {
      const line = withoutSecrets(`${JSON.stringify({ level: 30, msg: `the engine said ${token}`, url: `https://a:${token}@b/` })}\n`);
      expect(line).not.toContain(token.slice(-10));
      expect(JSON.parse(line)).toMatchObject({ level: 30 });
    }
  });

  it('are looked for with the prefixes that the rules have now', () => {
    const script = fileURLToPath(new URL('../../scripts/write-secret-prefixes.mjs', import.meta.url));
    expect(() => execFileSync(process.execPath, [script, '--check'], { encoding: 'utf8' })).not.toThrow();
  });
});

/** 200 and more that look like secrets and are none. */
function harmless(): string[] {
  const many = (count: number, make: (seed: string) => string) => Array.from({ length: count }, (_, at) => make(`harmless ${at}`));
  const uuid = (seed: string) => [8, 4, 4, 4, 12].map((length, at) => hex(length, `${seed}${at}`)).join('-');
  const picture = (begin: string) => (seed: string) =>
    `${begin}${drawn(200, seed, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')}==`;
  return [
    ...many(20, seed => hex(40, seed)),
    ...many(20, seed => hex(64, seed)),
    ...many(15, seed => `sha256:${hex(64, seed)}`),
    ...many(15, seed => `sha512-${drawn(86, seed, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')}==`),
    ...many(10, seed => `SHA256:${drawn(43, seed)}`),
    ...many(10, seed => hex(32, seed)),
    ...many(20, uuid),
    ...many(5, seed => uuid(seed).toUpperCase()),
    ...many(10, seed => drawn(26, seed, '0123456789ABCDEFGHJKMNPQRSTVWXYZ')),
    ...many(10, seed => `/var/lib/docker/overlay2/${hex(64, seed)}/merged`),
    ...many(10, seed => `/nix/store/${drawn(32, seed, LOWER)}-nodejs-20.19.0/bin/node`),
    ...many(10, seed => `node_modules/.pnpm/@scope+package-name@1.2.3_${hex(12, seed)}/node_modules/x/dist/index.js`),
    ...many(10, seed => `data:image/png;base64,${picture('iVBORw0KGgo')(seed)}`),
    ...many(10, picture('iVBORw0KGgoAAAANSUhEUgAA')),
    ...many(5, picture('/9j/4AAQSkZJRgABAQ')),
    ...many(5, picture('R0lGODlhAQABAIAAAA')),
    ...many(3, seed => `<img src="data:image/svg+xml;base64,${picture('PHN2ZyB4bWxucz0i')(seed)}">`),
    'api is ready after 2.9 s: http://127.0.0.1:8080/health',
    'http://localhost:5173/@vite/client',
    'https://registry.example.org/@babel/core/-/core-7.24.0.tgz',
    'https://example.org/a/b?page=2&sort=name#top',
    'postgres://db:5432/app',
    'mongodb://mongo:27017/shop?replicaSet=rs0',
    'image postgres:16 built from /srv/shop/Dockerfile, node@20.19.0',
    'POSTGRES_PASSWORD_FILE=/run/secrets/postgres_password',
    'ssl_key_file: /etc/ssl/private/server.pem',
    'max_tokens: 4096',
    'tokens: 12',
    'auth=false',
    'auth: none',
    'docker run -p8080:80 -p 5432:5432 -p127.0.0.1:80:80 web',
    'gcc -pthread -pedantic -pipe x.c',
    'ps -aux | grep node',
    'HttpRequestHandlerFactoryBuilderImplementation2Test',
    'org.springframework.boot.autoconfigure.jdbc.DataSourceAutoConfiguration',
    '_ZN4core3fmt9Formatter12pad_integral17h0123456789abcdefE',
    'com.example.service.UserAuthenticationServiceImplV2$$FastClassBySpringCGLIB$$1',
    'linux/arm64/v8, cgroup v2, kernel 6.8.0-45-generic',
    '2026-11-29T12:34:56.789012345Z',
    'fe80::42:acff:fe11:2 dev eth0',
    '02:42:ac:11:00:02',
    '0.0.0.0:8080->80/tcp, [::]:8080->80/tcp',
    'sk-learn and s.length and key-value and re_export',
    'secret-manager-service started; server-side rendering',
    'shop_postgres_data',
    'laptop-dev up > /dev/null',
    'Basic usage: laptop-dev up',
    'Token bucket is full',
    'The password is wrong.',
    'password authentication failed for user "app"',
    'FATAL: password authentication failed for user "app"',
    'KEYBOARD=de MONKEY=1',
    'v1.2.3-rc.1+build.20261129',
    'Content-Type: multipart/form-data',
    'commit 1234567 Merge branch main of github.com/me/x',
  ];
}

it('leaves what only looks like a secret as it is', () => {
  const all = harmless();
  expect(all.length).toBeGreaterThanOrEqual(200);
  expect(all.filter(text => redact(text) !== text).map(text => [text.slice(0, 120), redact(text).slice(0, 120)])).toEqual([]);
});
