// Writes profiles/schema.json from the zod schema that checks profiles. Needs dist/: npm run build, then npm run schema.
import { writeFileSync } from 'node:fs';
import { profileJsonSchema } from '../dist/profiles/json-schema.js';

const target = new URL('../profiles/schema.json', import.meta.url);
writeFileSync(target, profileJsonSchema());
console.log('written: profiles/schema.json');
