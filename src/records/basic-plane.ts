/** WHMCS's tables are utf8mb3: a character beyond its plane would be an error in strict mode, `?` in non-strict. */
export function basicPlane(text: string): string {
  return text.replace(/[\u{10000}-\u{10FFFF}]/gu, '\uFFFD');
}
