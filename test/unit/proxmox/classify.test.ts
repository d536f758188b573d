import { describe, expect, test } from 'vitest';
import { registerSecret } from '../../../src/base/redact.ts';
import { classifyAnswer, classifyTask } from '../../../src/proxmox/classify.ts';
import type { ApiCall } from '../../../src/proxmox/transport.ts';

const change: ApiCall = { method: 'DELETE', path: '/nodes/pve1/qemu/100', node: 'pve1', vmid: 100, effect: 'changes' };
const read: ApiCall = { method: 'GET', path: '/nodes/pve1/qemu', node: 'pve1', effect: 'none' };

/** Texts as in the sources of PVE 7 to 9 or as recorded on a real 9.2. */
const texts: [text: string, reason: string, kind: string][] = [
  ["Configuration file 'nodes/pve1/qemu-server/100.conf' does not exist", 'gone', 'permanent'],
  ["unable to find configuration file for VM 100 on node 'pve1'", 'gone', 'permanent'],
  ['VM is locked (backup)', 'locked', 'transient'],
  ['VM is locked (snapshot-delete)', 'locked', 'transient'],
  ['VM is locked (destroyed)', 'locked', 'permanent'],
  ["can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout", 'contended', 'transient'],
  [
    "clone failed: can't lock file '/var/lock/pve-manager/pve-storage-local-lvm' - got timeout",
    'contended',
    'transient',
  ],
  ["cfs-lock 'storage-ceph' error: got lock request timeout", 'contended', 'transient'],
  ["can't lock file '/var/log/pve/tasks/.active.lock' - got timeout", 'ambiguous', 'unknown'],
  ["'storage-ceph'-locked command timed out - aborting", 'ambiguous', 'unknown'],
  ["cfs-lock 'file-user_cfg' error: no quorum!", 'no-quorum', 'transient'],
  ['cluster not ready - no quorum?', 'no-quorum', 'transient'],
  ['unable to fork worker - Cannot allocate memory', 'busy', 'transient'],
  ['got no worker upid - start worker failed', 'busy', 'transient'],
  ['VM 100 is running - destroy failed', 'running', 'permanent'],
  ['VM 100 already running', 'running', 'permanent'],
  ['VM 100 not running', 'not-running', 'permanent'],
  ['VM 100 is not running', 'not-running', 'permanent'],
  ['QEMU guest agent is not running', 'other', 'permanent'],
  ['VM quit/powerdown failed - got timeout', 'not-stopped', 'permanent'],
  ["can't remove VM 100 - protection mode enabled", 'protected', 'permanent'],
  ["cannot remove protected volume 'backup/vzdump-qemu-100.vma.zst' on 'local'", 'protected', 'permanent'],
  ['unable to remove VM 100 - used in HA resources and purge parameter not set.', 'ha-managed', 'permanent'],
  ["There is a replication job '100-0' for guest '100' - Please remove that first.", 'replicated', 'permanent'],
  ["base volume 'local-lvm:base-9000-disk-0' is still in use by linked cloned", 'linked-clones', 'permanent'],
  ['unable to create VM 101: config file already exists', 'exists', 'permanent'],
  ["close (rename) atomic file '/etc/pve/nodes/pve1/qemu-server/101.conf' failed: File exists", 'exists', 'permanent'],
  ["no such cluster node 'pve9'", 'no-such-node', 'permanent'],
  [
    "hostname lookup 'pve9' failed - failed to get address info for: pve9: Temporary failure in name resolution",
    'no-such-node',
    'permanent',
  ],
  ["storage 'x' is not available on node 'pve2'", 'storage', 'permanent'],
  ['checksum mismatch (file change by other user?)', 'modified', 'permanent'],
  ['something that nobody has seen yet', 'other', 'permanent'],
];

describe('what Proxmox means', () => {
  test.each(texts)('%s', (text, reason, kind) => {
    const phrase = classifyAnswer(change, { status: 500, reason: text });
    expect(phrase).toMatchObject({ reason, kind, status: 500, text });
  });

  test.each(texts)('the same at the end of a task: %s', (text, reason, kind) => {
    const task = { upid: 'UPID:pve1:00000001:00000001:6B024D40:qmdestroy:100:u@pve:', type: 'qmdestroy', node: 'pve1' };
    const error = classifyTask(task, text, []);
    expect(error).toMatchObject({ reason: reason === 'other' ? 'task-failed' : reason, kind, text, node: 'pve1' });
  });

  test.each<[status: number, reason: string, kind: string]>([
    [400, 'parameter', 'permanent'],
    [401, 'auth', 'permanent'],
    [403, 'forbidden', 'permanent'],
    [501, 'unsupported', 'permanent'],
    [502, 'ambiguous', 'unknown'],
    [595, 'node-unreachable', 'transient'],
    [596, 'ambiguous', 'unknown'],
    [597, 'ambiguous', 'unknown'],
    [599, 'ambiguous', 'unknown'],
  ])('status %i of a change is %s, %s', (status, reason, kind) => {
    expect(classifyAnswer(change, { status, reason: 'Connection timed out' })).toMatchObject({ reason, kind });
  });

  test('a lost answer to a read is merely transient', () => {
    expect(classifyAnswer(read, { status: 596, reason: 'Connection timed out' })).toMatchObject({
      reason: 'ambiguous',
      kind: 'transient',
    });
  });

  test('the name of the lock is kept', () => {
    expect(classifyAnswer(change, { status: 500, reason: 'VM is locked (backup)' }).lock).toBe('backup');
  });

  test('a text that only the body has, below its first line, is found', () => {
    const message = 'first line\nVM is locked (migrate)\n';
    expect(classifyAnswer(change, { status: 500, reason: 'first line', message })).toMatchObject({
      reason: 'locked',
      lock: 'migrate',
      text: 'first line VM is locked (migrate)',
    });
  });

  test('a reason phrase without a body tells as much, as before PVE 8.3', () => {
    expect(classifyAnswer(change, { status: 500, reason: 'VM is locked (clone)' }).reason).toBe('locked');
  });

  test('a body without a reason phrase tells as much, as behind an HTTP/2 proxy', () => {
    expect(classifyAnswer(change, { status: 500, reason: '', message: 'VM is locked (clone)\n' }).reason).toBe(
      'locked',
    );
  });

  test('refused parameters are named, and their texts classified', () => {
    const answer = {
      status: 400,
      reason: 'Parameter verification failed.',
      message: 'Parameter verification failed.\n',
      errors: { vmid: 'VM 9000 already exists' },
    };
    expect(classifyAnswer(read, answer)).toMatchObject({
      reason: 'exists',
      text: 'Parameter verification failed. vmid: VM 9000 already exists',
    });
  });

  test('a task that was killed has an unknown outcome', () => {
    const task = { upid: 'UPID:x', type: 'qmclone', node: 'pve1' };
    expect(classifyTask(task, 'unexpected status', [])).toMatchObject({ reason: 'ambiguous', kind: 'unknown' });
  });

  test('the error of a task carries the last lines of its log, without repeating itself', () => {
    const task = { upid: 'UPID:x', type: 'qmdestroy', node: 'pve1' };
    const error = classifyTask(task, 'destroy failed', ['volume is busy', 'TASK ERROR: destroy failed']);
    expect(error.text).toBe('destroy failed [log: volume is busy]');
  });

  test('a registered secret never reaches the text or the message', () => {
    registerSecret('s3cr3t-token-value');
    const error = classifyAnswer(change, { status: 500, reason: "no such token 's3cr3t-token-value'" });
    expect(`${error.text} ${error.message}`).not.toContain('s3cr3t');
  });

  test('messages name the call, and the cure is at hand', () => {
    const error = classifyAnswer(change, { status: 500, reason: "can't remove VM 100 - protection mode enabled" });
    expect(error.message).toContain('DELETE /nodes/pve1/qemu/100');
    expect(error.cure).toContain('protection');
  });
});
