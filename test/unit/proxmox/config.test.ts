import { describe, expect, test } from 'vitest';
import { disksOf, volumesOf } from '../../../src/proxmox/disks.ts';
import { checkIdentity, type Marker, marker, parseMarker } from '../../../src/proxmox/identity.ts';
import { waitsForLock, wouldRefuse } from '../../../src/proxmox/refusals.ts';
import { isUpid, parseUpid } from '../../../src/proxmox/upid.ts';
import { parseConfig, readConfig, uuidOf } from '../../../src/proxmox/vm-config.ts';

const uuid = '1b4e28ba-2fa1-11d2-883f-0016d3cca427';
const config = readConfig({
  name: 'web1',
  smbios1: `base64=1,uuid=${uuid},serial=YQ==`,
  memory: '2048',
  protection: 0,
});

describe('the identity of a VM', () => {
  test('is its uuid where the row has one, in upper or lower case', () => {
    expect(checkIdentity(config, { vmid: 100, uuid: uuid.toUpperCase(), name: 'renamed' })).toEqual({ ok: true, uuid });
  });

  test('is not given by the name when the uuid is another, and both sides are named', () => {
    const other = '00000000-2fa1-11d2-883f-0016d3cca427';
    const identity = checkIdentity(config, { vmid: 100, uuid: other, name: 'web1' });
    expect(identity).toMatchObject({ ok: false, message: expect.stringContaining(uuid) });
    expect(identity).toMatchObject({ ok: false, message: expect.stringContaining(other) });
  });

  test('is missing where the row has a uuid and the VM has none', () => {
    expect(checkIdentity({ name: 'web1' }, { vmid: 100, uuid, name: 'web1' }).ok).toBe(false);
  });

  test('is the name for rows without a uuid', () => {
    expect(checkIdentity(config, { vmid: 100, uuid: null, name: 'web1' })).toEqual({ ok: true, uuid });
    expect(checkIdentity(config, { vmid: 100, uuid: '', name: 'web2' }).ok).toBe(false);
  });

  test('cannot be told for a row with neither, so it does not match', () => {
    expect(checkIdentity(config, { vmid: 100, uuid: null, name: null })).toMatchObject({ ok: false });
    expect(checkIdentity({}, { vmid: 100, name: undefined })).toMatchObject({ ok: false });
  });
});

describe('a marker', () => {
  const made: Marker = { installation: 'a1b2', rowId: 42, kind: 'session', nonce: 'n0nce' };

  test('is read back from a description, whatever a human wrote around it', () => {
    expect(marker(made)).toBe('vmctl:a1b2:42:session:n0nce');
    expect(parseMarker(`Customer 7\n${marker(made)}\ndo not touch`)).toEqual(made);
    expect(parseMarker(marker({ ...made, kind: 'service' }))?.kind).toBe('service');
  });

  test.each(['', 'vmctl:a1b2:42:session', 'xvmctl:a:1:session:n', 'vmctl:a:x:session:n', 'vmctl:a:1:other:n'])(
    'is not seen in %j',
    (description) => {
      expect(parseMarker(description)).toBeUndefined();
    },
  );
});

describe('a configuration', () => {
  test('is text whatever type the version gives', () => {
    expect(config).toMatchObject({ memory: '2048', protection: '0' });
    expect(uuidOf(config)).toBe(uuid);
    expect(uuidOf({})).toBeUndefined();
  });

  test('of a backup is read without its snapshots', () => {
    const file = `#a note\nname: web1\nsmbios1: uuid=${uuid}\n\n[before]\nname: older\n`;
    expect(parseConfig(file)).toEqual({ name: 'web1', smbios1: `uuid=${uuid}` });
  });

  test('names its volumes, with the cloud-init drive, without ISO images, empty drives and host devices', () => {
    const named = {
      scsi0: 'local-lvm:vm-100-disk-0,size=32G,media=disk',
      virtio15: 'file=nfs:100/vm-100-disk-1.qcow2,size=1G',
      ide2: 'local-lvm:vm-100-cloudinit,media=cdrom',
      ide0: 'local:iso/debian.iso,media=cdrom',
      sata1: 'none,media=cdrom',
      sata2: '/dev/disk/by-id/x',
      efidisk0: 'local-lvm:vm-100-disk-2,efitype=4m',
      tpmstate0: 'local-lvm:vm-100-disk-3,size=4M',
      unused0: 'local-lvm:vm-100-disk-4',
      scsihw: 'virtio-scsi-single',
      net0: 'virtio=BC:24:11:00:00:01,bridge=vmbr0',
    };
    expect(disksOf(named).map(({ key }) => key)).toEqual([
      'scsi0',
      'virtio15',
      'ide2',
      'efidisk0',
      'tpmstate0',
      'unused0',
    ]);
    expect(disksOf(named)[1]).toMatchObject({ volid: 'nfs:100/vm-100-disk-1.qcow2', storage: 'nfs' });
    expect(volumesOf({ scsi0: 'a:x', unused0: 'a:x' })).toEqual(['a:x']);
  });

  test.each([
    [{ protection: '1' }, 'protection'],
    [{ template: '1' }, 'template'],
    [{ lock: 'destroyed' }, 'destroyed'],
  ])('that makes the DELETE fail for good is seen: %j', (doomed, words) => {
    const refusal = wouldRefuse(doomed);
    expect(refusal?.reason).toContain(words);
    expect(refusal?.cure).toBeTruthy();
    expect(waitsForLock(doomed)).toBeUndefined();
  });

  test.each(['backup', 'clone', 'migrate', 'snapshot'])('with the lock %s can be waited for', (lock) => {
    expect(waitsForLock({ lock })).toBe(lock);
    expect(wouldRefuse({ lock })).toBeUndefined();
  });

  test('without any of these is refused by nothing; a VM suspended to disk is deleted like any other', () => {
    expect(wouldRefuse({ lock: 'suspended' })).toBeUndefined();
    expect(waitsForLock({ lock: 'suspended' })).toBeUndefined();
    expect(wouldRefuse({ protection: '0' })).toBeUndefined();
    expect(waitsForLock({})).toBeUndefined();
  });
});

describe('a UPID', () => {
  test('tells node, start, type, id and user, also with nine digits of uptime', () => {
    const upid = 'UPID:pve-1:00001238:10006ED00:6B024D40:imgdel:100@local:vmctl@pve!cron:';
    expect(parseUpid(upid)).toEqual({
      node: 'pve-1',
      starttime: 0x6b024d40,
      type: 'imgdel',
      id: '100@local',
      user: 'vmctl@pve!cron',
    });
  });

  test.each(['', 'OK', 'UPID:pve1:00001238:0006ED00:6B024D40:qmstop:100:u@pve', 'UPID:pve1:x:y:z:qmstop:100:u@pve:'])(
    'is not %j',
    (text) => {
      expect(isUpid(text)).toBe(false);
      expect(() => parseUpid(text)).toThrow('UPID');
    },
  );
});
