import type { ZoneSettings } from '../settings/types.ts';
import type { Address } from './addresses.ts';
import { isWithin, normalizeName } from './names.ts';
import { isReverseZone, reverseNameInZone } from './reverse.ts';

/** A configured zone and the full name, normalized, of the record in it. */
export interface ZoneMatch {
  readonly zone: ZoneSettings;
  readonly name: string;
}

/** Every forward zone that the FQDN is in, in configured order. All of them, also several with one name. */
export function matchForward(zones: readonly ZoneSettings[], fqdn: string): ZoneMatch[] {
  const name = normalizeName(fqdn);
  return zones.filter(({ zone }) => !isReverseZone(zone) && isWithin(name, zone)).map((zone) => ({ zone, name }));
}

/**
 * Every reverse zone that covers one of the addresses, in configured order, and the covered addresses in theirs.
 * All of them, also several with one name.
 */
export function matchReverse(
  zones: readonly ZoneSettings[],
  addresses: readonly Address[],
): (ZoneMatch & { readonly address: Address })[] {
  return zones.flatMap((zone) => {
    if (!isReverseZone(zone.zone)) return [];
    return addresses.flatMap((address) => {
      const name = reverseNameInZone(address, zone.zone);
      return name === undefined ? [] : [{ zone, name, address }];
    });
  });
}
