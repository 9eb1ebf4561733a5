import { FailureError, failure } from '../../shared/failure.js';

/** Which build waits for which: one that would wait for itself in the end is a failure, not a wait. */
export class Waits {
  private readonly waits = new Map<string, string>();

  /** Runs `wait` while `from` counts as waiting for `to`. */
  async during<T>(from: string, to: string, wait: () => Promise<T>): Promise<T> {
    const circle = [from];
    for (let at: string | undefined = to; at !== undefined; at = this.waits.get(at)) {
      circle.push(at);
      if (at !== from) continue;
      const message = `${from} cannot be built: images are built upon each other in a circle: ${circle.join(' → ')}`;
      throw new FailureError(
        failure('image-build-failed', message, { reference: from, circle }, [
          'Let one of them start from an image that the project does not build.',
        ]),
      );
    }
    this.waits.set(from, to);
    try {
      return await wait();
    } finally {
      this.waits.delete(from);
    }
  }
}
