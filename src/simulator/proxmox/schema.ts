import { parameterError } from './errors.ts';

/** Parameters as text: booleans are `1` or `0`. */
export type Params = Record<string, string>;
/** As they came: a form key given twice is a list. */
export type RawParams = Record<string, string | string[]>;

/** What one parameter may look like. `format` returns what is wrong, or null. */
export interface Rule {
  kind: 'string' | 'integer' | 'number' | 'boolean';
  required?: boolean;
  min?: number;
  max?: number;
  maxLength?: number;
  oneOf?: string[];
  pattern?: RegExp;
  format?: (value: string, key: string) => string | null;
}

export interface Schema {
  rules: Record<string, Rule>;
  /** Families of keys, like `net0`. */
  family?: (key: string) => Rule | undefined;
}

const UNKNOWN = 'property is not defined in schema and the schema does not allow additional properties';
const numeric = { integer: /^[+-]?\d+$/, number: /^[+-]?\d*\.?\d+$/ };

/** `raw`, checked. Throws the 400 with one text per wrong parameter. */
export function verify(raw: RawParams, schema: Schema): Params {
  const errors: Record<string, string> = {};
  const params: Params = {};
  for (const [key, value] of Object.entries(raw)) {
    const rule = schema.rules[key] ?? schema.family?.(key);
    const wrong = rule === undefined ? UNKNOWN : wrongValue(key, value, rule);
    if (wrong !== null) errors[key] = wrong;
    else if (typeof value === 'string') params[key] = value;
  }
  for (const [key, rule] of Object.entries(schema.rules)) {
    if (rule.required && raw[key] === undefined) errors[key] = 'property is missing and it is not optional';
  }
  if (Object.keys(errors).length > 0) throw parameterError(errors);
  return params;
}

function wrongValue(key: string, value: string | string[], rule: Rule): string | null {
  if (typeof value !== 'string') return `type check ('${rule.kind}') failed - got ARRAY`;
  if (rule.kind === 'boolean') {
    return /^[01]$/.test(value) ? null : `type check ('boolean') failed - got '${value}'`;
  }
  if (rule.kind !== 'string') {
    if (!numeric[rule.kind].test(value)) return `type check ('${rule.kind}') failed - got '${value}'`;
    const wrong = rule.format?.(value, key) ?? null;
    if (wrong !== null) return wrong;
    if (rule.min !== undefined && Number(value) < rule.min) return `value must have a minimum value of ${rule.min}`;
    if (rule.max !== undefined && Number(value) > rule.max) return `value must have a maximum value of ${rule.max}`;
    return null;
  }
  if (rule.maxLength !== undefined && value.length > rule.maxLength) {
    return `value may only be ${rule.maxLength} characters long`;
  }
  if (rule.pattern !== undefined && !rule.pattern.test(value)) return 'value does not match the regex pattern';
  if (rule.oneOf !== undefined && !rule.oneOf.includes(value)) {
    return `value '${value}' does not have a value in the enumeration '${rule.oneOf.join(', ')}'`;
  }
  return rule.format?.(value, key) ?? null;
}

function vmidFormat(value: string): string | null {
  const wrong = Number(value) < 100 || Number(value) > 999_999_999;
  return wrong ? 'invalid format - value does not look like a valid VM ID\n' : null;
}

function dnsNameFormat(value: string): string | null {
  const label = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?';
  const right = new RegExp(`^${label}(?:\\.${label})*$`).test(value);
  return right ? null : 'invalid format - value does not look like a valid DNS name\n';
}

export const flag: Rule = { kind: 'boolean' };
export const text: Rule = { kind: 'string' };
export const count: Rule = { kind: 'integer', min: 0 };
export const vmidRule: Rule = { kind: 'integer', format: vmidFormat };
export const dnsName: Rule = { kind: 'string', format: dnsNameFormat };
export const digestRule: Rule = { kind: 'string', maxLength: 40 };

export function required(rule: Rule): Rule {
  return { ...rule, required: true };
}
