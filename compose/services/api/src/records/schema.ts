/** Parts of the URL are text: they are matched as such and turned into numbers by the handlers, so that bodies need no coercion. */
const id = { type: 'string', pattern: '^[1-9][0-9]{0,14}$' } as const;

export const params = { type: 'object', properties: { id }, required: ['id'] } as const;

export const query = {
  type: 'object',
  additionalProperties: false,
  properties: {
    /** Id of the last record of the page before. */
    after: { type: 'string', pattern: '^[0-9]{1,15}$', default: '0' },
    /** 1 to 200. */
    limit: { type: 'string', pattern: '^([1-9]|[1-9][0-9]|1[0-9][0-9]|200)$', default: '50' },
  },
} as const;

export const body = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    // PostgreSQL's text cannot hold NUL
    name: { type: 'string', minLength: 1, maxLength: 200, pattern: '^[^\\u0000]*$' },
    data: { type: 'object', default: {} },
  },
} as const;
