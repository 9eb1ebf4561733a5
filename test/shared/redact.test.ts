import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { looksSecret, redactor } from '../../daemon/shared/redact.js';

const NOTHING = { secrets: [], homes: [], users: [], hosts: [] };
const redact = redactor(NOTHING);

describe('a secret by its form', () => {
  it.each([
    ['postgres://app:CANARY1@db/app', 'postgres://[redacted]@db/app'],
    ['postgres://app:CAN/A@RY1@db/app', 'postgres://[redacted]@db/app'],
    ['GET https://hooks/x?user=1&token=CANARY1', 'GET https://hooks/x?user=1&token=[redacted]'],
    ['Authorization: Bearer CANARY1', 'Authorization: [redacted] [redacted]'],
    ['curl -u me:CANARY1 http://x', 'curl -u [redacted] http://x'],
    ['redis-cli -h x -a CANARY1 ping', 'redis-cli -h x -a [redacted] ping'],
    ['mysqladmin ping -pCANARY1', 'mysqladmin ping -p[redacted]'],
    ['redis-server --requirepass CANARY1', 'redis-server --requirepass [redacted]'],
    ['sh -c "PGPASSWORD=CANARY1 psql"', 'sh -c "PGPASSWORD=[redacted]"'],
    ['apiKey: "CANARY1 with blanks"', 'apiKey: [redacted]'],
    ['{"password":"CANARY1","port":1}', '{"password":[redacted],"port":1}'],
    ['msg="form {\\"Secret\\":\\"CANARY1\\"}"', 'msg="form {\\"Secret\\":[redacted]}"'],
    ['"Env":["COLOUR=CANARY1","B=2"]', '"Env":["COLOUR=[redacted]","B=[redacted]"]'],
    ['msg="{\\"Env\\":[\\"A=CANARY1 x\\"]}"', 'msg="{\\"Env\\":[\\"A=[redacted]\\"]}"'],
    ['the token=CANARY1', 'the token=[redacted]'],
    ['id ghp_CANARY1CANARY1CANARY1', 'id [redacted]'],
    ['x eyJhbGciOi.CANARY1.sig y', 'x [redacted] y'],
    ['auth admin:$apr1$CANARY1$x/y', 'auth admin:[redacted]'],
    ['-----BEGIN RSA PRIVATE KEY-----\nCANARY1\n-----END RSA PRIVATE KEY-----\nx', '[redacted]\nx'],
    ['-----BEGIN RSA PRIVATE KEY-----\nCANARY1', '[redacted]'],
    ['sent to CANARY1@mail.example.org', 'sent to [email]'],
    ['opaque aGVsbG8gd29ybGQgQ0FOQVJZMSAxMjM0NQ==', 'opaque [redacted]'],
  ])('%s', (text, expected) => {
    expect(redact(text)).toBe(expected);
    expect(redact(text)).not.toContain('CANARY1');
  });

  it.each([
    'api is ready after 2.9 s: http://127.0.0.1:8080/health',
    'Error: address already in use :::8080; the key to it is to stop the owner',
    'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    'image postgres:16 built from /srv/shop/Dockerfile, node@20.19.0',
  ])('leaves %s', text => {
    expect(redact(text)).toBe(text);
  });
});

it.each([
  [['API_KEY', 'dbPassword', '--requirepass', 'PGPASSWORD', 'MYSQL_PWD', 'npmToken', 'AWS_SECRET_ACCESS_KEY', 'SENTRY_DSN'], true],
  [['PORT', 'AUTHOR', 'MONKEY', 'KEYBOARD', 'LAPTOP_DEV_BUDGET', 'COMPASS', 'SIGNAL', 'DATABASE_URL'], false],
])('%j: %s', (names, expected) => {
  for (const name of names) expect([name, looksSecret(name)]).toEqual([name, expected]);
});

describe('what is known', () => {
  it('is taken out wherever it stands, the longer one first', () => {
    const secret = redactor({ ...NOTHING, secrets: ['hunter', 'hunter2 "x"'] });
    expect(secret('a hunter2 "x" b hunter c')).toBe('a [redacted] b [redacted] c');
    expect(secret('?q=hunter2%20%22x%22 and {"m":"hunter2 \\"x\\""}')).toBe('?q=[redacted] and {"m":"[redacted]"}');
  });

  it('no secret survives in any of its forms', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 4 }), secret => {
        const out = redactor({ ...NOTHING, secrets: [secret] })(
          `|${secret}|${JSON.stringify({ x: secret })}|${encodeURIComponent(secret)}|`,
        );
        return out === '|[redacted]|{"x":"[redacted]"}|[redacted]|';
      }),
    );
  });

  it('home, user and host are not told; words that merely hold them stay', () => {
    const own = redactor({ secrets: [], homes: ['/home/jane', 'C:\\Users\\Jane Doe'], users: ['jane', 'root'], hosts: ['box7'] });
    expect(own('/home/jane/shop, /home/jane-x, jane@box7, janet, root')).toBe('~/shop, /home/[user], [user]@[host], janet, root');
    expect(own('C:\\Users\\Jane Doe\\.wslconfig /mnt/c/Users/Jim Beam/x /home/jim/y')).toBe(
      '~\\.wslconfig /mnt/c/Users/[user]/x /home/[user]/y',
    );
  });

  it('laptop-dev stays, whoever is called dev', () => {
    expect(redactor({ ...NOTHING, users: ['dev', 'laptop'] })('laptop-dev up > /dev/null')).toBe('laptop-dev up > /dev/null');
  });
});
