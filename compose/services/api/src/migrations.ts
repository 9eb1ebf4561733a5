export interface Migration {
  readonly name: string;
  readonly sql: string;
  readonly hash: string;
}

/** Which migrations are still to be applied. Throws when an applied one has changed, has gone, or would come before one applied. */
export function pending(files: readonly Migration[], applied: readonly { name: string; hash: string }[]): readonly Migration[] {
  const byName = new Map(files.map(file => [file.name, file]));
  for (const { name, hash } of applied) {
    const file = byName.get(name);
    if (!file) throw new Error(`migration ${name} was applied to this database, but the file is gone`);
    if (file.hash !== hash) throw new Error(`migration ${name} has changed since it was applied; write a new file instead`);
  }
  const done = new Set(applied.map(entry => entry.name));
  const last = [...done].sort().at(-1) ?? '';
  const todo = files.filter(file => !done.has(file.name));
  const late = todo.find(file => file.name < last);
  if (late) throw new Error(`migration ${late.name} sorts before ${last}, which is applied already; give it a later number`);
  return todo;
}
