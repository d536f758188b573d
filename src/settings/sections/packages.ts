import { type Checking, check, elementsAt, reportWrong } from '../check.ts';
import * as kind from '../kinds.ts';
import { zodPackage } from '../lazy.ts';
import type { OptionValues } from '../table.ts';
import type { PackageSettings } from '../types.ts';
import type { Path } from '../yaml-file.ts';
import { bridge, name, preset, reportDuplicates, value, vlan, vmid } from './fields.ts';

/** A package, below `packages[]`. */
export function packageSchema() {
  return zodPackage().strictObject({
    name: value(name, 'Name of the package'),
    whmcsProductId: value(kind.whole({ min: 1 }), "Its id in WHMCS's `tblproducts`").optional(),
    template: value(vmid, 'VMID of the template; PROXMOX_TEMPLATE_ID where absent').optional(),
    // Proxmox's own default for templates.
    clone: preset(kind.choice('linked', 'full'), 'How the template is cloned', 'linked'),
    cores: value(kind.whole({ min: 1, max: 8192 }), 'CPU cores'),
    memory: value(kind.whole({ min: 16 }), 'Memory in MiB'),
    disk: preset(kind.whole(), "System disk in GiB; 0: the template's size", '0'),
    ipv4: preset(kind.whole({ max: 256 }), 'IPv4 addresses', '1'),
    ipv6: preset(kind.whole({ max: 256 }), 'IPv6 addresses', '0'),
    bridge: value(bridge, 'Bridge of net0'),
    vlan: preset(vlan, 'VLAN tag; 0: none', '0'),
    rate: preset(kind.decimal({ max: 1_000_000 }), 'Bandwidth in MB/s; 0: unlimited', '0'),
    firewall: preset(kind.flag, "Proxmox's firewall on net0", 'true'),
  });
}

function readPackage(checking: Checking, path: Path, options: OptionValues): PackageSettings | undefined {
  const given = check(checking, packageSchema(), path);
  const template = given?.template ?? options.proxmoxTemplateId;
  if (given && template === undefined) {
    reportWrong(checking, [...path, 'template'], `${vmid.expected}, or PROXMOX_TEMPLATE_ID to be set`);
  }
  return given && template !== undefined ? { ...given, template } : undefined;
}

/** The packages that are right; what is wrong is reported. */
export function readPackages(checking: Checking, options: OptionValues): PackageSettings[] {
  reportDuplicates(checking, ['packages'], 'name');
  reportDuplicates(checking, ['packages'], 'whmcsProductId');
  return elementsAt(checking, ['packages']).flatMap((path) => readPackage(checking, path, options) ?? []);
}
