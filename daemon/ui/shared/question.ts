import { printable } from './own.js';

/** A question on the terminal (stderr); false when it is denied or left. It stands here, as the gate does: in cli nothing writes to a stream. */
export async function askQuestion(question: string): Promise<boolean> {
  const { confirm } = await import('@clack/prompts');
  return (await confirm({ message: printable(question), initialValue: false, output: process.stderr })) === true;
}
