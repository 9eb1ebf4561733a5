import { type Dotenv, parseDotenv, parseRawEnv } from '../interpolation/dotenv.js';
import type { Files } from '../loading/files.js';
import type { Cursor } from '../tree/cursor.js';
import { pathAt } from '../tree/tree.js';
import { valuesFromVariables } from './key-values.js';

/** A service's environment: its env files in order, and `environment` over them. `envFiles`: those files, absolute. */
export async function environmentOf(
  service: Cursor,
  files: Files,
): Promise<{ readonly environment: Record<string, string>; readonly envFiles: readonly string[] }> {
  const found = new Map<string, string>();
  const envFiles: string[] = [];
  for (const item of service.get('env_file')?.items() ?? []) {
    const read = await readEnvFile(item, found, files);
    for (const [key, value] of read) found.set(key, value);
    const path = envFileAt(item);
    if (path !== null) envFiles.push(path);
  }
  for (const [key, value] of Object.entries(valuesFromVariables(service.get('environment')))) found.set(key, value);
  for (const key of found.keys()) {
    if (/[=\0]/.test(key)) service.get('environment')?.error(`the name ${JSON.stringify(key)} is not possible in an environment`);
  }
  return { environment: Object.fromEntries(found), envFiles };
}

/** The absolute path that an item of `env_file` names; null: none. */
export function envFileAt(item: Cursor): string | null {
  const at = item.isMap ? item.get('path') : item;
  const text = at?.text() ?? '';
  return at === null || text === '' ? null : pathAt(at.location, text);
}

async function readEnvFile(item: Cursor, earlier: ReadonlyMap<string, string>, files: Files): Promise<ReadonlyMap<string, string>> {
  const at = item.isMap ? item.get('path') : item;
  const path = envFileAt(item);
  if (at === null || path === null) return new Map();
  if (item.get('required')?.boolean() === false && !(await files.exists(path))) return new Map();
  const content = await files.read(path, { location: at.location, key: at.path });
  if (content === null) return new Map();
  const { variables, mistake } = parseFormat(item, content, name => earlier.get(name) ?? at.location.source.variables.get(name));
  if (mistake !== null) {
    const location = { source: { ...at.location.source, file: path }, line: mistake.line, column: mistake.column };
    item.report.error(location, '', mistake.message, { expected: 'KEY=value' });
  }
  return variables;
}

function parseFormat(item: Cursor, content: string, lookup: (name: string) => string | undefined): Dotenv {
  const format = item.get('format');
  if (format?.text() === 'raw') return parseRawEnv(content);
  if (format !== null) format.error(`the format "${format.text()}" is not known`, { expected: 'raw, or none' });
  return parseDotenv(content, lookup);
}
