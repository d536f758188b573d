/** A DNS name as vmctl compares and keeps it: lower case, no surrounding blanks, no trailing dots. */
export function normalizeName(name: string): string {
  return name.trim().toLowerCase().replace(/\.+$/, '');
}

/**
 * Whether `name` is `zone` or below it, on a label boundary: `vm.example.com` is within `example.com` but not within
 * `ample.com`. Both are normalized first. Nothing is within the root zone: nobody manages customer names there.
 */
export function isWithin(name: string, zone: string): boolean {
  const child = normalizeName(name);
  const parent = normalizeName(zone);
  return parent !== '' && (child === parent || child.endsWith(`.${parent}`));
}
