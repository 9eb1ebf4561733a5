#!/usr/bin/env node
// Nothing is imported before this: an older Node would stop at syntax it does not know, with words that help nobody.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`laptop-dev needs Node.js 20.19 or later; this is ${process.versions.node}.\n`);
  process.exit(4);
}
const { leave } = await import('../terminal/leave.js');
const { runCli } = await import('./run.js');
leave(await runCli(process.argv.slice(2)));

export {};
