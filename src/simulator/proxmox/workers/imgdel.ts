import { succeed } from '../ending.ts';
import { PveError } from '../errors.ts';
import { storageLockTimeout } from '../flock.ts';
import { proceed } from '../tasks.ts';
import { hasLinkedClones, keyOn, loadStorage, storageLockAt } from '../volumes.ts';
import type { Worker } from './worker.ts';

export const imgdel: Worker = {
  final: 'remove',
  phases: {
    begin(sim, task, at) {
      const storage = loadStorage(sim.world, (task.args.volume ?? '').split(':')[0] ?? '', task.node);
      const free = storageLockAt(sim, storage, at);
      if (free === null) proceed(sim, task, 'busy', at + sim.timing.flockWait);
      else proceed(sim, task, 'remove', free + sim.timing.imageRemove);
    },
    busy(_sim, task) {
      throw new PveError(storageLockTimeout((task.args.volume ?? '').split(':')[0] ?? ''));
    },
    remove(sim, task, at) {
      const { world } = sim;
      const volid = task.args.volume ?? '';
      const [storage = '', name = ''] = [volid.split(':')[0], volid.slice(volid.indexOf(':') + 1)];
      const key = keyOn(world, task.node, volid);
      const volume = world.volumes[key];
      if (volume?.protected) throw new PveError(`cannot remove protected volume '${name}' on '${storage}'`);
      if (hasLinkedClones(world, volid)) throw new PveError(`base volume '${name}' is still in use by linked clones`);
      // A file that is gone already is no error on directories.
      if (volume === undefined) task.log.push(`disk image '${name}' does not exist`);
      delete world.volumes[key];
      task.log.push(`Removed volume '${volid}'`);
      succeed(sim, task, at);
    },
  },
};
