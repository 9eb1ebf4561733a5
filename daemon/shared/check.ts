/** Tests of what came from outside: one for each kind of value that JSON has, and what they are put together with. */
export type Fields = Readonly<Record<string, unknown>>;

/** Whether a value is a T. `isOptional`: a field that is not there is one, too. */
export interface Check<T> {
  readonly isOptional: undefined extends T ? true : false;
  test(value: unknown): value is T;
}

/** A check for each field of a T, optional for its optional ones. */
export type Checks<T> = { readonly [Name in keyof T]-?: Check<T[Name]> };

interface Required<T> {
  readonly isOptional: false;
  test(value: unknown): value is T;
}

interface Optional<T> {
  readonly isOptional: true;
  test(value: unknown): value is T | undefined;
}

export const text = required((value): value is string => typeof value === 'string');
export const number = required((value): value is number => typeof value === 'number');
export const flag = required((value): value is boolean => typeof value === 'boolean');
export const texts = listOf(text);
export const anything: Check<unknown> = { isOptional: true, test: (_value): _value is unknown => true };

export function optional<T>(known: Required<T>): Optional<T> {
  return { isOptional: true, test: (value): value is T | undefined => value === undefined || known.test(value) };
}

export function orNull<T>(known: Required<T>): Required<T | null> {
  return required((value): value is T | null => value === null || known.test(value));
}

export function oneOf<T extends string>(...known: readonly T[]): Required<T> {
  return required((value): value is T => known.some(each => each === value));
}

export function listOf<T>(known: Required<T>): Required<readonly T[]> {
  return required((value): value is readonly T[] => Array.isArray(value) && value.every(each => known.test(each)));
}

export function either<A, B>(one: Required<A>, two: Required<B>): Required<A | B> {
  return required((value): value is A | B => one.test(value) || two.test(value));
}

export function record<T>(checks: Checks<T>): Required<T> {
  return required((value): value is T => isRecord(value) && fits(checks, value));
}

export function fits(checks: Readonly<Record<string, { test(value: unknown): boolean }>>, value: Fields): boolean {
  return Object.entries(checks).every(([name, { test }]) => test(value[name]));
}

export function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function required<T>(test: (value: unknown) => value is T): Required<T> {
  return { isOptional: false, test };
}
