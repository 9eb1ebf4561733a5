/** Bodies that are repeated: the letters that an expression names, and what it is made of, as text that just fails to match. */
export function pumps({ source }: { readonly source: string }): string[] {
  const plain = source
    .replaceAll(/\(\?<?[=!]/g, '(')
    .replaceAll(/\(\?(?:<\w+>|:)?/g, '(')
    .replaceAll(/\\u\{?([0-9a-f]{2,6})\}?|\\x([0-9a-f]{2})/gi, (_, one = '', other = '') =>
      String.fromCodePoint(Number.parseInt(one || other, 16) || 32),
    )
    .replaceAll(/\\[bB]/g, '')
    .replaceAll(/\\d/g, '1')
    .replaceAll(/\\w/g, 'a')
    .replaceAll(/\\s/g, ' ')
    .replaceAll(/\\S/g, 'x')
    .replaceAll(/\\n/g, '\n')
    .replaceAll(/\\r/g, '\r')
    .replaceAll(/\\t/g, '\t')
    .replaceAll(/\\p\{[^}]*\}/gi, 'A')
    .replaceAll(/\[\^[^\]]*\]/g, 'x')
    .replaceAll(/\[(?:\\(.)|([^\]\\]))[^\]]*\]/g, (_, one = '', other = '') => one || other)
    .replaceAll(/\{\d+(?:,\d*)?\}/g, '');
  const words = plain
    .replaceAll(/\\(.)/g, '\ue000$1')
    .split(/(?<!\ue000)[()|?*+^$]+/)
    .map(word => word.replaceAll('\ue000', '').replaceAll('.', 'x'))
    .filter(word => word !== '');
  const letters = [...new Set(words.join(''))].slice(0, 12);
  const firsts = words.slice(0, 4);
  return [
    ...new Set([
      'a',
      '0',
      ' ',
      'A',
      '\\',
      '"',
      '/',
      '.',
      '-',
      ...letters,
      ...firsts,
      words.join(''),
      words.slice(0, 2).join(''),
      ...firsts.map(word => `${word} `),
    ]),
  ];
}

/** Bodies that begin what the redactor looks for, and never end it. */
export const BODIES = ['a', 'A', '0', ' ', '\\', '"', "'", '-', 'aA1', 'a@', 'a://', 'a=', 'key="', 'password=', 'password="', 'password=\\"', "password='", '"password", "', '--password "', 'token => "', '\\"a=', '-----BEGIN A-----', '-----BEGIN A-----\n', '<password>', '/Users/', 'eyJ-', 'sk-', 's.', 'ghs_1_', 'curl ', 'curl -u ', '-pA ', 'Cookie: ', 'authorization: a ', 'name="a" value="', '\npassword: a', 'machine a login a ', 'hunter2 and ']; // biome-ignore format: a list

/** A body, again and again, and an end that fits nothing. */
export function textOf(pump: string, length: number): string {
  return `${pump.repeat(Math.ceil(length / pump.length)).slice(0, length)}\u0000\n`;
}

/** CPU time of one search through a text, ms. */
export function cost(work: (text: string) => void, text: string): number {
  const before = process.cpuUsage();
  work(text);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
