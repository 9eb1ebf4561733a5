import { z } from 'zod';
import { profileSchema } from './schema.js';

/** The text of profiles/schema.json: editors check profiles by it as they are typed. */
export function profileJsonSchema(): string {
  const schema = z.toJSONSchema(profileSchema, { io: 'input', target: 'draft-07' });
  return `${JSON.stringify({ ...schema, title: 'laptop-dev profile' }, null, 2)}\n`;
}
