import { createHash } from 'node:crypto';
import { type Failure, failure } from '../core/failure.js';
import type { ProjectSpec } from '../core/model.js';
import { oneLine } from '../core/printable.js';
import { risks, trustText } from '../core/trust.js';

/**
 * What a project asks for beyond its own folder needs a person's word once for each content: remembered by hash, asked again
 * when it changes. Checked here, so that no client can leave it out.
 */
export class Trust {
  private readonly hashes: Set<string>;

  constructor(trusted: Iterable<string>) {
    this.hashes = new Set(trusted);
  }

  list(): readonly string[] {
    return [...this.hashes];
  }

  /** Null: nothing risky, or trusted before, or now by `granted`. */
  check(spec: ProjectSpec, granted: boolean): Failure | null {
    const points = risks(spec);
    if (points.length === 0) return null;
    const hash = createHash('sha256').update(trustText(spec)).digest('hex');
    if (granted) this.hashes.add(hash);
    if (this.hashes.has(hash)) return null;
    // In one line each: a path with line feeds would write points of its own.
    const lines = points.map(point => `  ${oneLine(`${point.service}: ${point.what} (${point.why})`)}`);
    return failure('not-trusted', `Project ${spec.name} asks for power over this machine:\n${lines.join('\n')}\nNothing was started.`, {
      risks: points,
    });
  }
}
