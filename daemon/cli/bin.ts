#!/usr/bin/env node
// Nothing is imported before this: an older Node would stop at syntax it does not know, with a SyntaxError that does not name the cause.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`laptop-dev needs Node.js 20.19 or later; this is ${process.versions.node}.\n`);
  process.exit(4);
}
const load = async () => [await import('../ui/shared/exit.js'), await import('./run.js')] as const;
const [{ exitProcess }, { runCli }] = await load().catch(error => {
  if (!['EMFILE', 'ENFILE', 'ERR_MODULE_NOT_FOUND'].includes(error.code)) throw error;
  process.stderr.write(
    'laptop-dev cannot open its own files. Run ulimit -n 4096 and try again; if that does not help, install it again.\n',
  );
  process.exit(4);
});
exitProcess(await runCli(process.argv.slice(2)));

export {};
