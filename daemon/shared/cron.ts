/**
 * node-cron writes names and ranges out before it looks at them: 0-4000000000 or 1-decdecdecdec would take all memory. It is only shown
 * fields made of these words.
 */
const MONTH =
  'jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:tember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?';
const DAY = 'sun(?:day)?|mon(?:day)?|tue(?:sday)?|wed(?:nesday)?|thu(?:rsday)?|fri(?:day)?|sat(?:urday)?';
const WORD = `(?:[*?]|\\d{1,2}[lw]?|lw?|${MONTH}|${DAY})`;
const HARMLESS = new RegExp(`^${WORD}(?:[-,/#]${WORD})*$`, 'i');
export const LONGEST_CRON = 200;

/** Whether a field of a cron expression may be shown to node-cron; it may be wrong all the same. */
export function isHarmlessField(field: string): boolean {
  return HARMLESS.test(field);
}

/** The same of a whole expression: `@daily`, or five or six fields. */
export function isHarmlessCron(text: string): boolean {
  if (text.length > LONGEST_CRON) return false;
  if (/^@[a-z]+$/i.test(text)) return true;
  const fields = text.split(/ +/);
  return (fields.length === 5 || fields.length === 6) && fields.every(isHarmlessField);
}
