import { basename } from 'node:path';
import { isName, NAME_RULE, toProjectName } from '../../../shared/names.js';
import { InterpolationError, interpolate } from '../interpolation/interpolate.js';
import { quote } from '../tree/cursor.js';
import type { Report } from '../tree/report.js';
import { child, type Tree, type Variables } from '../tree/tree.js';
import type { ComposeOptions } from '../types.js';

const VARIABLE = 'COMPOSE_PROJECT_NAME';

/** -p, else COMPOSE_PROJECT_NAME, else `name:` of the last file that has it, else the folder's name. Null: none is usable, which is reported. */
export function composeProjectName(
  options: ComposeOptions,
  documents: readonly Tree[],
  variables: Variables,
  report: Report,
): string | null {
  const given = options.projectName ?? (variables.get(VARIABLE) || null);
  if (given !== null) {
    if (isName(given)) return given;
    const from = options.projectName === null ? VARIABLE : '--project';
    report.error(from, '', `${quote(given)} is not a project name`, { expected: NAME_RULE });
    return null;
  }
  const written = documents.map(document => child(document, 'name')).findLast(name => name !== undefined);
  if (written?.kind === 'scalar') return nameFromFile(written.text, written, variables, report);
  const name = toProjectName(basename(options.projectDirectory));
  if (name === null)
    report.error(options.projectDirectory, '', 'no project name can be made from the name of the folder', {
      expected: 'name: in the Compose file, or --project',
    });
  return name;
}

function nameFromFile(written: string, at: Tree, variables: Variables, report: Report): string | null {
  try {
    const text = interpolate(written, { lookup: name => variables.get(name), maxLength: 1000 });
    const name = toProjectName(text);
    if (name === null) report.error(at.location, 'name', `${quote(text)} is not a project name`, { expected: NAME_RULE });
    return name;
  } catch (error) {
    // Reported when the whole file is interpolated.
    if (error instanceof InterpolationError) return null;
    throw error;
  }
}
