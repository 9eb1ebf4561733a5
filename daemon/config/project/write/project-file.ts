import { basename } from 'node:path';
import { diskFault, unwrittenText } from '../../../files/fault.js';
import { behindLinks, type Calls, codeOf, writeWhole } from '../../../files/write-whole.js';
import { FailureError, failure } from '../../../shared/failure.js';
import { isWithin } from '../../../shared/paths.js';

/**
 * Writes a file of the project whole or not at all. A file that was there keeps its mode and owner; a link stays one and what is behind it is
 * written, where that lies in the project's folder `root` too: a link planted in the project must not redirect the write.
 * Fails with config-invalid for such a link, not-written when it cannot be written.
 */
export function writeProjectFile(root: string, file: string, text: string, calls?: Calls): void {
  try {
    const target = behindLinks(file);
    if (target !== file && !isWithin(root, target)) throw leadsOut(file, target, root);
    writeWhole(file, text, { whose: 'user' }, calls);
  } catch (error) {
    throw unwritten(file, error);
  }
}

/** All of them or none: where one cannot be written, those before it get their earlier text back. Links are followed. Fails with not-written. */
export function writeAll(files: readonly { readonly file: string; readonly before: string; readonly after: string }[]): void {
  const done: (typeof files)[number][] = [];
  for (const each of files) {
    try {
      writeWhole(each.file, each.after, { whose: 'user' });
      done.push(each);
    } catch (error) {
      for (const { file, before } of done) writeWhole(file, before, { whose: 'user' });
      throw unwritten(each.file, error);
    }
  }
}

/** A failure is passed on as it is, and so is a bug. */
function unwritten(file: string, error: unknown): unknown {
  if (!(error instanceof Error && 'code' in error)) return error;
  const unwritten = [basename(file), file, error, 'Nothing was changed.'] as const;
  // None of the disk's: something is in the way.
  return new FailureError(
    diskFault(...unwritten) ?? failure('config-invalid', unwrittenText(...unwritten), { file, cause: codeOf(error) }),
  );
}

function leadsOut(file: string, target: string, root: string): FailureError {
  return new FailureError(
    failure('config-invalid', `${file} is a link to ${target}, outside ${root}: nothing was written.`, { file, target }, [
      `Replace the link by a file: rm ${file}`,
      'Or write what --dry-run shows to that place yourself',
    ]),
  );
}
