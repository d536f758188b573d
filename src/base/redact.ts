const secrets = new Set<string>();

/** Registers a secret as soon as it is read, so that no text that passes `redact` can show it. */
export function registerSecret(secret: string): void {
  // Shorter ones would blank out ordinary words.
  if (secret.length < 4) return;
  for (const form of [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')]) secrets.add(form);
}

/** `text` with every registered secret replaced by `***`. */
export function redact(text: string): string {
  let clean = text;
  for (const secret of secrets) clean = clean.replaceAll(secret, '***');
  return clean;
}
