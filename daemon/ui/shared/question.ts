import { printable } from './own.js';

/** A question on the terminal (stderr); false when it is denied or left. */
export async function askQuestion(question: string): Promise<boolean> {
  const { confirm } = await import('@clack/prompts');
  return (await confirm({ message: printable(question), initialValue: false, output: process.stderr })) === true;
}
