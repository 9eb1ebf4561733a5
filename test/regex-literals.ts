import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** An expression of the code, where it stands. */
export interface Literal {
  readonly place: string;
  readonly source: string;
  readonly flags: string;
}

/** A literal can stand behind these, a division cannot. */
const BEFORE = /(?:^|[(,=:[!&|?{};+~>]|\b(?:return|case|typeof|in|of|void|yield|await))\s*$/;

/** The expressions that stand in a text as literals. Comments and strings are passed over; of templates what stands between braces is read. */
export function literalsIn(text: string, place: string): Literal[] {
  const found: Literal[] = [];
  const templates: number[] = [];
  let braces = 0;
  let code = '';
  for (let at = 0; at < text.length; at++) {
    const letter = text[at] ?? '';
    if (text.startsWith('//', at) || text.startsWith('/*', at)) {
      const end = text.startsWith('//', at) ? text.indexOf('\n', at) : text.indexOf('*/', at) + 1;
      at = end < 0 ? text.length : end;
      continue;
    }
    if (letter === "'" || letter === '"') {
      for (at++; at < text.length && text[at] !== letter; at++) if (text[at] === '\\') at++;
      code += '0';
      continue;
    }
    if (letter === '`' || (letter === '}' && templates.at(-1) === braces)) {
      if (letter === '}') templates.pop();
      for (at++; at < text.length && text[at] !== '`'; at++) {
        if (text[at] === '\\') at++;
        else if (text.startsWith('${', at)) {
          templates.push(braces);
          at++;
          break;
        }
      }
      code += text[at] === '`' ? '0' : '(';
      continue;
    }
    if (letter === '{') braces++;
    if (letter === '}') braces--;
    if (letter === '/' && BEFORE.test(code.slice(-40))) {
      const start = ++at;
      for (let set = false; at < text.length && (set || text[at] !== '/'); at++) {
        if (text[at] === '\\') at++;
        else if (text[at] === '[') set = true;
        else if (text[at] === ']') set = false;
      }
      const flags = /^[a-z]*/.exec(text.slice(at + 1, at + 10))?.[0] ?? '';
      found.push({ place: `${place}:${text.slice(0, start).split('\n').length}`, source: text.slice(start, at), flags });
      at += flags.length;
      code += '0';
      continue;
    }
    code += letter;
  }
  return found;
}

/** All of daemon/, but for generated files. */
export function literalsOf(folder: string): Literal[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts') && !file.includes('generated'))
    .flatMap(file => literalsIn(readFileSync(join(folder, file), 'utf8').replace(/^#![^\n]*/, ''), file));
}
