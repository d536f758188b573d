import { uuidOf, type VmConfig } from './vm-config.ts';

/** What the description of a VM says about who made it. */
export interface Marker {
  readonly installation: string;
  readonly rowId: number;
  readonly kind: 'session' | 'service';
  /** Made anew for every clone request, so that a copy made by hand is told from the VM that was asked for. */
  readonly nonce: string;
}

/** The text for the description of a clone. None of its parts contains a colon. */
export function marker({ installation, rowId, kind, nonce }: Marker): string {
  return `vmctl:${installation}:${rowId}:${kind}:${nonce}`;
}

/** The first marker in a description, whatever a human wrote around it. A clone made by hand has its source's. */
export function parseMarker(description: string | undefined): Marker | undefined {
  const match = /(?:^|\s)vmctl:([\w-]+):(\d+):(session|service):([\w-]+)(?=\s|$)/.exec(description ?? '');
  const [, installation, rowId, kind, nonce] = match ?? [];
  if (installation === undefined || rowId === undefined || nonce === undefined) return undefined;
  return { installation, rowId: Number(rowId), kind: kind === 'session' ? 'session' : 'service', nonce };
}

/** What a row knows about its VM. */
export interface ExpectedVm {
  readonly vmid: number;
  readonly uuid?: string | null | undefined;
  readonly name?: string | null | undefined;
}

/** `uuid`: what the configuration has, lower case. */
export type Identity =
  | { readonly ok: true; readonly uuid: string | undefined }
  | { readonly ok: false; readonly message: string };

/**
 * Whether the VM with this configuration is the one of the row. A VMID alone never tells: Proxmox hands out freed ones
 * at once. By the smbios uuid where the row has one, else by the name; with neither, it cannot be known and is not.
 */
export function checkIdentity(config: VmConfig, expected: ExpectedVm): Identity {
  const { vmid, uuid: wantedUuid, name: wantedName } = expected;
  const uuid = uuidOf(config);
  const [what, found, wanted] = wantedUuid ? ['uuid', uuid, wantedUuid] : ['name', config.name, wantedName];
  if (!wanted) {
    return { ok: false, message: `VM ${vmid} cannot be identified, its row has neither a uuid nor a name` };
  }
  if (found?.toLowerCase() === wanted.toLowerCase()) return { ok: true, uuid };
  const message = `the ${what} of VM ${vmid} is ${found ?? 'not set'}, that of its row ${wanted}`;
  return { ok: false, message };
}
