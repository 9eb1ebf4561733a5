import { resolve } from 'node:path';
import type { FileReference, Files } from '../loading/files.js';
import type { Report } from '../tree/report.js';
import type { Variables } from '../tree/tree.js';
import { parseDotenv } from './dotenv.js';

/** The env files of a project or an include. */
export interface EnvFiles {
  /** Absolute; null: `.env` in `directory` when there is one. */
  readonly files: readonly string[] | null;
  readonly directory: string;
  readonly reference: FileReference;
}

/** The variables that interpolation sees: those given win over env files, a later file over an earlier one. */
export async function readVariables(outer: Variables, env: EnvFiles, files: Files, report: Report): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const file of await envFilesOf(env, files)) {
    const text = await files.read(file, env.reference);
    if (text === null) continue;
    const { variables, mistake } = parseDotenv(text, name => outer.get(name) ?? found.get(name));
    if (mistake !== null) {
      const source = { file, directory: env.directory, variables: outer };
      report.error({ source, line: mistake.line, column: mistake.column }, '', mistake.message, { expected: 'KEY=value' });
    }
    for (const [name, value] of variables) found.set(name, value);
  }
  return new Map([...found, ...outer]);
}

async function envFilesOf(env: EnvFiles, files: Files): Promise<readonly string[]> {
  if (env.files !== null) return env.files;
  const usual = resolve(env.directory, '.env');
  return (await files.exists(usual)) ? [usual] : [];
}
