/** Values that say no, as CI services and people write them. */
const NO = /^(|0|no|off|false)$/i;

/** Whether this is CI: it is told, nobody is asked, and nothing is redrawn. CI=false is none. */
export function inCi(env: Readonly<Record<string, string | undefined>>): boolean {
  return !NO.test((env['CI'] ?? '').trim());
}
