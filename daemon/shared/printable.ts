/**
 * Text from outside — of files, images, containers, engines — as it may be shown. A terminal obeys control characters, so a service's name
 * could wipe a question and paint another one; characters that turn the direction of text round, or take no room, make it read as
 * something else. Here is the one list of them.
 */

/**
 * C0 but for line feed and tab, DEL, C1 (which terminals obey in UTF-8 too), halves of surrogate pairs, separators of lines and paragraphs,
 * directions (UAX #9, "Trojan source"), joiners, fillers and tags that take no room, and what Unicode keeps for use inside a program.
 */
const UNSAFE =
  '[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\xad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufdd0-\\ufdef\\ufeff\\uffa0\\ufff9-\\ufffb\\ufffe\\uffff\\p{Cs}\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e0fff}]';
const EACH_UNSAFE = new RegExp(UNSAFE, 'gu');
/** Nothing of that: most text. Letters of Latin, punctuation, arrows, boxes, blocks and braille. */
const HARMLESS =
  /^[\n\t\x20-\x7e\u00a1-\u00ac\u00ae-\u02ff\u2010-\u2027\u2030-\u205e\u2190-\u21ff\u2500-\u25fc\u2713\u2717\u2800-\u28ff]*$/;
/** Colours (SGR): they steer nothing but what text looks like. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const SGR = /\x1b\[([0-9;:]{0,60})m/g;
/** Titles, clipboards, links, device control: strings for the terminal, up to their end. Without an end only the beginning is one. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const STRINGS = /(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c)/g;
/** Everything else that begins with ESC or a C1 introducer: cursor, screen, modes, character sets. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const SEQUENCES = /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|\x1b[ -/]*[0-~]?/g;

/** Letters of a value that are shown in one line: an image's name may be a megabyte. */
const LONGEST = 2_000;

/**
 * All of the text, what is not to be obeyed as JSON would write it: \u001b. (So JSON that passes means the same as before.) Line feeds and tabs
 * stay; colours go, without a trace.
 */
export function shown(text: string): string {
  if (HARMLESS.test(text)) return text;
  return text.replace(SGR, '').replaceAll('\r\n', '\n').replace(EACH_UNSAFE, escaped);
}

/** Without what is not to be obeyed, in one line: for a screen whose every cell is counted. */
export function harmless(text: string): string {
  return HARMLESS.test(text) ? text.replace(/[\n\t]/g, '') : text.replace(/[\n\t]/g, '').replace(EACH_UNSAFE, '');
}

function escaped(character: string): string {
  let out = '';
  for (let at = 0; at < character.length; at++) out += `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
  return out;
}

/** Whether `shown` would show something else. */
export function isSteering(text: string): boolean {
  return !HARMLESS.test(text) && shown(text) !== text;
}

/** A value in a line, a cell or a list: its line feeds are shown too, so that it cannot write lines of its own; … and the rest counted where it is too long. */
export function oneLine(text: string): string {
  if (text.length <= LONGEST && HARMLESS.test(text) && !text.includes('\n') && !text.includes('\t')) return text;
  const whole = text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}… (${text.length - LONGEST} more characters)`;
  return shown(whole.replace(/\r\n?/g, '\n').replace(/[\n\u2028\u2029]/g, '⏎')).replaceAll('\t', ' ');
}

/**
 * A line that a container wrote, for a terminal, in parts: text, and colours as SGR parameters. Anything else that steers is dropped whole, as it was
 * meant for a terminal; a return and a backspace are shown, as what they would hide is.
 */
export function logParts(line: string): readonly { readonly text: string; readonly sgr: string | null }[] {
  if (HARMLESS.test(line)) return [{ text: line, sgr: null }];
  const bare = line.replace(STRINGS, '');
  const parts: { text: string; sgr: string | null }[] = [];
  let from = 0;
  for (const match of bare.matchAll(SGR)) {
    parts.push({ text: unescaped(bare.slice(from, match.index)), sgr: harmlessSgr(match[1] ?? '') });
    from = match.index + match[0].length;
  }
  parts.push({ text: unescaped(bare.slice(from)), sgr: null });
  return parts;
}

function unescaped(text: string): string {
  return text.replace(SEQUENCES, '').replaceAll('\r', '␍').replaceAll('\b', '␈').replace(EACH_UNSAFE, '');
}

/** Without what hides text (8) or makes it blink; null: nothing is left. */
function harmlessSgr(parameters: string): string | null {
  const kept: string[] = [];
  const all = parameters.split(';');
  for (let at = 0; at < all.length; at++) {
    const one = all[at] ?? '';
    // 38;5;N and 38;2;R;G;B: what follows is no code of its own.
    const span = /^[345]8$/.test(one) ? (all[at + 1] === '5' ? 3 : all[at + 1] === '2' ? 5 : 1) : 1;
    if (!/^0*[568]$/.test(one)) kept.push(...all.slice(at, at + span));
    at += span - 1;
  }
  return kept.length === 0 ? null : kept.join(';');
}

/** What a container wrote, as plain text: without colours and whatever else was meant for a terminal. */
export function plainWords(text: string): string {
  return text
    .split(/\r?\n/)
    .map(line =>
      logParts(line)
        .map(part => part.text)
        .join(''),
    )
    .join('\n');
}
