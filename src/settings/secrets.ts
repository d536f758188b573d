import { registerSecret } from '../base/redact.ts';

/** Keys of the YAML whose value is a secret. */
const secretKeys = new Set(['token', 'password', 'apiKey', 'accessKey', 'secretKey']);

export function isSecretKey(key: string | number | undefined): boolean {
  return typeof key === 'string' && secretKeys.has(key);
}

/** Whether a variable that YAML uses as `${NAME}` is a secret by its name. */
export function isSecretName(name: string): boolean {
  return /TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY/i.test(name);
}

/** The part of `scheme://user:password@…` that is the password, as written; also of a URL that is not well formed. */
function passwordIn(value: string): string | undefined {
  return /^[^@]*?:\/*[^:@/]*:(.*)@/.exec(value)?.[1];
}

/** Makes sure that no message shows the password of `value`, a URL. */
export function registerUrlPassword(value: string): void {
  const password = passwordIn(value);
  if (password === undefined) return;
  registerSecret(password);
  try {
    registerSecret(decodeURIComponent(password));
  } catch {
    // Not encoded as it should be: the kind's check reports it, and the raw form is registered.
  }
}

/** `value`, a URL, with `***` for its password. */
export function withoutPassword(value: string): string {
  const password = passwordIn(value);
  return password === undefined ? value : value.replace(`:${password}@`, ':***@');
}

/** A Proxmox API token `user@realm!id=secret`: what comes after the `=` is the secret. */
export function registerToken(value: string): void {
  registerSecret(value);
  registerSecret(value.slice(value.indexOf('=') + 1));
}
