import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Row, readRecording } from './recording.ts';
import { type Replay, replay } from './replay.ts';
import { outOfScope } from './scope.ts';

const folder = process.env.VMCTL_FACTS;
const atHand = folder !== undefined && existsSync(resolve(folder, 'pve-transcripts.jsonl'));
const groups =
  'version auth perm path param nextid resources clone config start stop shutdown delete protection task tasks backup storage';

it('VMCTL_FACTS, where it is set, names a folder with the recording', () => {
  expect({ VMCTL_FACTS: folder, atHand }).toEqual({ VMCTL_FACTS: folder, atHand: folder !== undefined });
});

if (atHand) compareAll(resolve(folder));
else console.warn('transcripts: NOT compared, VMCTL_FACTS names no folder with pve-transcripts.jsonl');

function compareAll(recording: string): void {
  describe('requests recorded on a real Proxmox VE 9.2', () => {
    let rows: Row[];
    let played: Replay;
    beforeAll(async () => {
      rows = readRecording(recording);
      played = await replay(rows);
    });

    it('get the same status, reason and shape of body from the simulator', () => {
      const left = Object.keys(played.left).length;
      console.info(`transcripts: ${played.compared.length} of ${rows.length} compared, ${left} out of scope`);
      expect(played.different).toEqual({});
    });

    it.each(groups.split(' '))('are mostly compared where they are about %s', (group) => {
      const ofGroup = (names: readonly string[]) => names.filter((name) => name.split('.')[0] === group).length;
      expect(ofGroup(played.compared)).toBeGreaterThan(ofGroup(Object.keys(played.left)));
    });

    it('are all compared or left out, and every reason to leave some out still concerns some', () => {
      expect(played.compared.length + Object.keys(played.left).length).toBe(rows.length);
      const unused = Object.keys(outOfScope).filter((prefix) => !rows.some(({ name }) => name.startsWith(prefix)));
      expect(unused).toEqual([]);
    });
  });
}
