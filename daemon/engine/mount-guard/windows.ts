import { isWithin } from '../../shared/paths.js';

/** What one start mounts: host paths without links, and those of them that its container may write to. */
export interface MountSpan {
  readonly sources: readonly string[];
  readonly writes: readonly string[];
}

/**
 * Starts that could get at each other's sources go one after the other: a container that may write to a folder does not appear between the look at
 * what lies below and its mount. All others go at once. In the order of asking.
 */
export class MountWindows {
  private readonly spans: { readonly span: MountSpan; readonly done: Promise<void> }[] = [];

  /** Resolves when it is this one's turn, to what ends it. */
  async enter(span: MountSpan): Promise<() => void> {
    const before = this.spans.filter(other => conflict(other.span, span)).map(other => other.done);
    let leave: () => void = () => undefined;
    const done = new Promise<void>(resolve => {
      leave = resolve;
    });
    const own = { span, done };
    this.spans.push(own);
    await Promise.all(before);
    return () => {
      this.spans.splice(this.spans.indexOf(own), 1);
      leave();
    };
  }
}

function conflict(a: MountSpan, b: MountSpan): boolean {
  return reaches(a.writes, b.sources) || reaches(b.writes, a.sources);
}

function reaches(writes: readonly string[], sources: readonly string[]): boolean {
  return writes.some(folder => sources.some(source => source !== folder && isWithin(folder, source)));
}
