// Writes profiles/schema.json from the zod schema that checks profiles. Needs dist/: npm run build, then npm run schema.
import { writeFileSync } from 'node:fs';

if (process.argv.includes('--help')) {
  console.log('write-schemas.mjs: writes profiles/schema.json. Needs dist/: npm run build.');
  process.exit(0);
}
const { profileJsonSchema } = await import('../dist/config/profiles/schema.js');
const target = new URL('../profiles/schema.json', import.meta.url);
writeFileSync(target, profileJsonSchema());
console.log('written: profiles/schema.json');
