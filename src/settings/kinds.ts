import { zoneNameOf } from './names.ts';

/** One kind of value: how it is read from text and how an error calls it. The same in the environment and in YAML. */
export interface Kind<T> {
  /** Ends the sentence "expected …". */
  readonly expected: string;
  /** How YAML may write it. A text must not look like a number there: `0123` would lose its zero. */
  readonly form: 'text' | 'number' | 'boolean';
  /** `undefined` for a text that is not of this kind. */
  parse(text: string): T | undefined;
}

interface Bounds {
  readonly min?: number;
  readonly max?: number;
  readonly unit?: string;
}

function bounded(
  what: string,
  pattern: RegExp,
  { min = 0, max = Number.MAX_SAFE_INTEGER, unit }: Bounds,
): Kind<number> {
  const range = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `${min} to ${max}`;
  return {
    expected: unit ? `${what} of ${unit}, ${range}` : `${what}, ${range}`,
    form: 'number',
    parse(text) {
      const value = Number(text);
      return pattern.test(text) && value >= min && value <= max ? value : undefined;
    },
  };
}

export function whole(bounds: Bounds = {}): Kind<number> {
  return bounded('a whole number', /^\d+$/, bounds);
}

export function decimal(bounds: Bounds = {}): Kind<number> {
  return bounded('a number', /^\d+(\.\d+)?$/, bounds);
}

/** A kind whose values are texts that match `pattern`, taken as they are. */
export function text(expected: string, pattern = /\S/): Kind<string> {
  return { expected, form: 'text', parse: (value) => (pattern.test(value) ? value : undefined) };
}

export function choice<const T extends string>(...values: readonly T[]): Kind<T> {
  return { expected: values.join(' | '), form: 'text', parse: (value) => values.find((known) => known === value) };
}

/** `optional(kind)` has no default: the value may be absent. */
export function optional<T>(kind: Kind<T>): Kind<T | undefined> {
  return kind;
}

const truths: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  1: true,
  false: false,
  no: false,
  off: false,
  0: false,
};
export const flag: Kind<boolean> = {
  expected: 'true or false',
  form: 'boolean',
  parse: (value) => truths[value.toLowerCase()],
};

const loopback = /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/;

/**
 * A base URL without its trailing slashes. Plain http is taken only for this machine, unless `http` says otherwise:
 * an unencrypted connection shows its secret to everybody on the way.
 */
export function url(options: { http?: 'anywhere' | 'loopback' } = {}): Kind<string> {
  const anywhere = options.http === 'anywhere';
  return {
    expected: anywhere ? 'a URL, https:// or http://' : 'a URL, https:// (http:// only on this machine)',
    form: 'text',
    parse(value) {
      if (!URL.canParse(value)) return undefined;
      const { protocol, hostname, username } = new URL(value);
      const allowed = protocol === 'https:' || (protocol === 'http:' && (anywhere || loopback.test(hostname)));
      return allowed && hostname !== '' && username === '' ? value.replace(/\/+$/, '') : undefined;
    },
  };
}

/** SHA-256 of a certificate, as `AA:BB:…` in upper case. */
export const fingerprint: Kind<string> = {
  expected: 'a SHA-256 fingerprint, 32 pairs of hex digits as in AA:BB:…',
  form: 'text',
  parse: (value) => (/^([0-9a-f]{2}:){31}[0-9a-f]{2}$/i.test(value) ? value.toUpperCase() : undefined),
};

/** A DNS name: lower case, no trailing dot. */
export const zoneName: Kind<string> = {
  expected: 'a DNS name such as example.com or 0/25.3.0.192.in-addr.arpa',
  form: 'text',
  parse: zoneNameOf,
};

const databaseUrlExpected =
  'mysql://user:password@host:3306/schema (special characters in it as %40, %2F, …) or sqlite:path';

function isMysqlUrl(value: string): boolean {
  if (!/^(mysql|mariadb):\/\//.test(value) || !URL.canParse(value)) return false;
  const { hostname, pathname, username, password } = new URL(value);
  try {
    // A bare % in one of them would fail later, where the driver decodes it.
    decodeURIComponent(username + password + pathname);
    return hostname !== '' && /^\/[^/]/.test(pathname);
  } catch {
    return false;
  }
}

export const databaseUrl: Kind<string> = {
  expected: databaseUrlExpected,
  form: 'text',
  parse: (value) => (/^sqlite:./.test(value) || isMysqlUrl(value) ? value : undefined),
};

export const timeZone: Kind<string> = {
  expected: 'an IANA time zone such as Europe/Warsaw',
  form: 'text',
  parse(value) {
    // POSIX lets TZ begin with a colon.
    const name = value.replace(/^:/, '');
    try {
      return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone && name;
    } catch {
      return undefined;
    }
  },
};

/** Names that VM_NAME_RULE may use in braces. */
const vmNameFields = ['service_id', 'client_id', 'row_id', 'unixtime'] as const;

export const vmNameRule: Kind<string> = {
  expected: `letters, digits and hyphens with at least one of ${vmNameFields.map((name) => `{${name}}`).join(', ')}`,
  form: 'text',
  parse(value) {
    const field = new RegExp(`\\{(${vmNameFields.join('|')})\\}`, 'g');
    const sample = value.replaceAll(field, '1');
    return sample !== value && /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(sample) ? value : undefined;
  },
};
