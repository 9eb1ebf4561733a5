import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Language, type Node, Parser } from 'web-tree-sitter';

await Parser.init();
const require = createRequire(import.meta.url);
const GRAMMAR = require.resolve('tree-sitter-powershell/tree-sitter-powershell.wasm');
const parser = new Parser();
parser.setLanguage(await Language.load(readFileSync(GRAMMAR)));

/** The syntax tree of a PowerShell text: that of the grammar which editors use. No PowerShell runs on the hosts of these tests. */
export function parsePowershell(text: string): Node {
  const tree = parser.parse(text);
  if (!tree) throw new Error('the parser was cancelled');
  return tree.rootNode;
}

/** What a PowerShell would not read, as `line:column what`; columns and lines from 1. Empty: it is PowerShell. */
export function faultsOf(text: string): string[] {
  const found: string[] = [];
  const open = [parsePowershell(text)];
  for (let node = open.pop(); node; node = open.pop()) {
    const { row, column } = node.startPosition;
    if (node.isError || node.isMissing)
      found.push(`${row + 1}:${column + 1} ${node.isMissing ? `no ${node.type}` : JSON.stringify(node.text.slice(0, 60))}`);
    open.push(...node.children.filter(each => each !== null));
  }
  return found;
}

/** The value of a text in single quotes; null: the node is none. */
export function textOf(node: Node): string | null {
  const text = /^'((?:[^']|'')*)'$/s.exec(node.text)?.[1];
  return text === undefined ? null : text.replaceAll("''", "'");
}
