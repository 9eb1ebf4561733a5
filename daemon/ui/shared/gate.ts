import { type Printable, printable } from './own.js';

/** A stream of this process, as far as it is written to. */
type Stream = Pick<NodeJS.WriteStream, 'write'>;

/**
 * What stands before stdout and stderr: nothing else in cli/ and ui/terminal/ writes to them (test/cli/gate.test.ts looks). Text is cleaned on its
 * way, wherever it came from.
 */
export class Gate {
  constructor(private readonly stream: Stream) {}

  /** Any text: of it only our own sequences reach the terminal. */
  write(text: string): void {
    this.stream.write(printable(text));
  }

  /** What is printable already. */
  paint(text: Printable): void {
    this.stream.write(text);
  }

  /**
   * Bytes as they are: of a command that the user runs in a container, whose terminal this is then; of what a container wrote, where it does not go to a
   * terminal.
   */
  pass(data: Uint8Array | string): void {
    this.stream.write(data);
  }

  /** Resolves once everything is written. */
  flushed(): Promise<void> {
    return new Promise(resolve => this.stream.write('', () => resolve()));
  }
}
