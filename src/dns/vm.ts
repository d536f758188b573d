import { type Address, parseAddress, parseAddresses } from './addresses.ts';
import { normalizeName } from './names.ts';

/** A VM as DNS sees it. */
export interface VmNames {
  readonly fqdn?: string | undefined;
  /** The main address first, any spelling; what is no address is left out. */
  readonly addresses: readonly string[];
  /** Address (any spelling) → host: `vm_rev_dns`. */
  readonly rdns: Readonly<Record<string, string>>;
}

/** The same, normalized. */
export interface VmRecords {
  readonly fqdn: string | undefined;
  readonly addresses: readonly Address[];
  /** Where the PTR of an address shall point: its own host, else the FQDN. */
  readonly hostOf: (address: Address) => string | undefined;
}

export function toVmRecords(vm: VmNames): VmRecords {
  const fqdn = normalizeName(vm.fqdn ?? '') || undefined;
  const hosts = new Map<string, string>();
  for (const [text, host] of Object.entries(vm.rdns)) {
    const address = parseAddress(text);
    const name = normalizeName(host);
    if (address !== undefined && name !== '') hosts.set(address.text, name);
  }
  return { fqdn, addresses: parseAddresses(vm.addresses), hostOf: (address) => hosts.get(address.text) ?? fqdn };
}
