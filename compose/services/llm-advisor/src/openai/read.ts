import type { Call, Message, Sampling, Tool } from '../engine/engine.js';
import { BadRequest } from './errors.js';

type Fields = Readonly<Record<string, unknown>>;

export function fields(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new BadRequest(what, `${what} has to be an object.`);
  return value as Fields;
}

/** Absent and null are the same: none. */
export function optional<T>(body: Fields, name: string, check: (value: unknown) => value is T, kind: string): T | null {
  const value = body[name];
  if (value === undefined || value === null) return null;
  if (!check(value)) throw new BadRequest(name, `${name} has to be ${kind}.`);
  return value;
}

export const isText = (value: unknown): value is string => typeof value === 'string';
export const isFlag = (value: unknown): value is boolean => typeof value === 'boolean';
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 1;
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);
const within =
  (least: number, most: number) =>
  (value: unknown): value is number =>
    typeof value === 'number' && value >= least && value <= most;

/** What both kinds of completion take. Of what would change the answer and cannot be done, one is told. */
export function readSampling(body: Fields): Sampling {
  const n = optional(body, 'n', isCount, 'a whole number from 1');
  if (n !== null && n !== 1) throw new BadRequest('n', 'One answer at a time: n has to be 1.');
  return {
    maxTokens:
      optional(body, 'max_completion_tokens', isCount, 'a whole number from 1') ??
      optional(body, 'max_tokens', isCount, 'a whole number from 1'),
    temperature: optional(body, 'temperature', within(0, 2), 'a number from 0 to 2'),
    topP: optional(body, 'top_p', within(0, 1), 'a number from 0 to 1'),
    seed: optional(body, 'seed', isWhole, 'a whole number'),
    stop: readStop(body['stop']),
    schema: readFormat(body['response_format']),
  };
}

function readStop(value: unknown): readonly string[] {
  if (value === undefined || value === null) return [];
  const list = Array.isArray(value) ? value : [value];
  if (!list.every(isText) || list.length > 4) throw new BadRequest('stop', 'stop has to be a string, or up to 4 of them.');
  return list.filter(text => text !== '');
}

function readFormat(value: unknown): object | null {
  if (value === undefined || value === null) return null;
  const format = fields(value, 'response_format');
  if (format['type'] === 'text') return null;
  if (format['type'] === 'json_object') return { type: 'object', additionalProperties: true };
  if (format['type'] !== 'json_schema')
    throw new BadRequest('response_format', 'response_format.type has to be text, json_object or json_schema.');
  return fields(fields(format['json_schema'], 'response_format.json_schema')['schema'], 'response_format.json_schema.schema');
}

export function readMessages(value: unknown): readonly Message[] {
  if (!Array.isArray(value) || value.length === 0) throw new BadRequest('messages', 'messages has to be a list of at least one message.');
  return value.map((item, index) => readMessage(fields(item, `messages[${index}]`), `messages[${index}]`));
}

function readMessage(message: Fields, where: string): Message {
  const role = message['role'] === 'developer' ? 'system' : message['role'];
  const content = readContent(message['content'], `${where}.content`);
  if (role === 'system' || role === 'user') return { role, content };
  if (role === 'assistant') return { role, content, calls: readCalls(message['tool_calls'], where) };
  if (role !== 'tool') throw new BadRequest(`${where}.role`, 'role has to be system, developer, user, assistant or tool.');
  const answers = message['tool_call_id'];
  if (!isText(answers)) throw new BadRequest(`${where}.tool_call_id`, 'A message of a tool names the call that it answers.');
  return { role, content, answers };
}

/** Text, or parts of text; images and sounds are not understood. */
function readContent(value: unknown, where: string): string {
  if (value === undefined || value === null) return '';
  if (isText(value)) return value;
  if (!Array.isArray(value)) throw new BadRequest(where, 'content has to be text, or a list of parts.');
  return value
    .map(item => {
      const { type, text } = fields(item, where);
      if (type !== 'text' || !isText(text)) throw new BadRequest(where, 'Only parts of the type text are understood.');
      return text;
    })
    .join('');
}

function readCalls(value: unknown, where: string): readonly Call[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new BadRequest(`${where}.tool_calls`, 'tool_calls has to be a list.');
  return value.map(item => {
    const call = fields(item, `${where}.tool_calls`);
    const { name, arguments: parameters } = fields(call['function'], `${where}.tool_calls.function`);
    if (!isText(call['id']) || !isText(name) || !isText(parameters))
      throw new BadRequest(`${where}.tool_calls`, 'A call has an id, and a function with name and arguments.');
    return { id: call['id'], name, parameters };
  });
}

export function readTools(body: Fields): readonly Tool[] {
  const value = body['tools'];
  if (value === undefined || value === null || body['tool_choice'] === 'none') return [];
  if (!Array.isArray(value)) throw new BadRequest('tools', 'tools has to be a list.');
  return value.map(item => {
    const tool = fields(fields(item, 'tools')['function'], 'tools.function');
    const { name, description, parameters } = tool;
    if (!isText(name) || name === '') throw new BadRequest('tools', 'A function has a name.');
    return {
      name,
      description: isText(description) ? description : null,
      parameters: parameters ? fields(parameters, 'tools.function.parameters') : null,
    };
  });
}
