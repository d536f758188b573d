import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSite, type Site } from '../../support/site.ts';
import { quick, run, vmidsFrom } from './runs.ts';

const nextVmid = vmidsFrom(8000);
const day = 86_400_000;

describe.each(['mysql', 'sqlite'] as const)('Remove backups on %s', (database) => {
  let site: Site;
  beforeAll(async () => {
    const storages = [
      { id: 'local', content: ['backup', 'iso'] },
      { id: 'nfs', type: 'nfs', content: ['backup', 'images'] },
      { id: 'gone', type: 'nfs', content: ['backup'], active: false },
    ] as const;
    const simulator = { storages: storages.map((storage) => ({ ...storage, content: [...storage.content] })) };
    site = await createSite({ ...quick, database, simulator });
  });
  afterAll(() => site.close());

  const backups = (vmid: number) =>
    Object.values(site.proxmox.world.volumes).filter((volume) => volume.vmid === vmid && volume.content === 'backup');
  const aboutBackups = (said: readonly string[]) => said.filter((line) => /backup/.test(line));
  const notThere = expect.stringMatching(/^backup ERR gone on pve\d: the storage is not available there/);

  it.concurrent('goes through every storage of every node, and asks a shared one once', async () => {
    const vmid = nextVmid();
    const row = await site.addVm({ vm: { vmid, running: false } });
    for (const [index, place] of [{ node: 'pve1' }, { node: 'pve2' }, { storage: 'nfs' }].entries()) {
      site.proxmox.addBackup({ vmid, at: Date.now() - day * (index + 1), ...place });
    }
    const { said, row: after } = await run(site, row);
    expect(backups(vmid)).toEqual([]);
    const asked = site.proxmox.log.filter(
      ({ method, path, params }) =>
        method === 'GET' && path.endsWith('/content') && params.vmid === String(vmid) && params.content === 'backup',
    );
    expect(asked.map(({ path }) => path).sort()).toEqual(
      [
        '/nodes/pve1/storage/local/content',
        expect.stringMatching(/^\/nodes\/pve\d\/storage\/nfs\/content$/),
        '/nodes/pve2/storage/local/content',
      ].sort((a, b) => (String(a) < String(b) ? -1 : 1)),
    );
    expect(aboutBackups(said)).toEqual(['removing backups', notThere, 'backups removed, except those above']);
    expect(after.vm_status).toBe('remove');
  });

  it.concurrent('keeps and prints what is protected, of another VM, or cannot be told', async () => {
    const vmid = nextVmid();
    const row = await site.addVm({ vm: { vmid, running: false } });
    const protectedOne = site.proxmox.addBackup({ vmid, at: day, protected: true });
    const foreign = site.proxmox.addBackup({ vmid, at: 2 * day, uuid: '7d2c1c1e-4c53-4d0e-9a3c-0b6f1f0a9e11' });
    const unknown = site.proxmox.addBackup({ vmid, at: 3 * day, uuid: null });
    const unreadable = site.proxmox.addBackup({ vmid, at: 4 * day });
    delete unreadable.config;
    const own = site.proxmox.addBackup({ vmid, at: 5 * day });
    const { said, row: after } = await run(site, row);
    expect(aboutBackups(said).sort()).toEqual(
      [
        'removing backups',
        `backup kept (protected): ${protectedOne.volid}`,
        `backup kept (of another VM): ${foreign.volid}`,
        `backup kept (whose it is cannot be told): ${unknown.volid}`,
        `backup ERR ${unreadable.volid}: unable to extract configuration from '${unreadable.volid}'`,
        expect.stringContaining('backup ERR gone on'),
        'backups removed, except those above',
      ].sort((a, b) => (String(a) < String(b) ? -1 : 1)),
    );
    expect(backups(vmid).map(({ volid }) => volid)).not.toContain(own.volid);
    expect(backups(vmid)).toHaveLength(4);
    expect(after.vm_status).toBe('remove');
  });

  it.concurrent('errors of a storage, of a removal, or of the whole list are printed and ignored', async () => {
    const [listed, removed, all] = [nextVmid(), nextVmid(), nextVmid()];
    const reason = 'storage went away';
    const { faults } = site.proxmox;
    faults.add({ path: new RegExp(`/storage/nfs/content\\?.*vmid=${listed}`), do: 'status', reason });
    faults.add({ path: new RegExp(`content/.*vzdump-qemu-${removed}-`), do: 'task-fails', reason });
    const rows = [];
    for (const vmid of [listed, removed, all]) {
      rows.push(await site.addVm({ vm: { vmid, running: false } }));
      site.proxmox.addBackup({ vmid, at: day });
    }
    const ended = await Promise.all(rows.map((row) => run(site, row)));
    expect(ended.map(({ row }) => row.vm_status)).toEqual(['remove', 'remove', 'remove']);
    expect(ended[0]?.said).toContainEqual(expect.stringMatching(/^backup ERR nfs on pve\d: storage went away$/));
    expect(ended[1]?.said).toContainEqual(expect.stringMatching(/^backup ERR local:backup.*: storage went away/));
    expect(backups(listed)).toEqual([]);
    expect(backups(removed)).toHaveLength(1);
  });
});

describe('Remove backups with a node that is down', () => {
  let site: Site;
  beforeAll(async () => {
    site = await createSite({ ...quick, database: 'sqlite' });
  });
  afterAll(() => site.close());

  it('removes those on the other nodes, and says which could not be looked at', async () => {
    const row = await site.addVm({ vm: { vmid: 2003, running: false } });
    site.proxmox.addBackup({ vmid: 2003, at: day, node: 'pve1' });
    site.proxmox.addBackup({ vmid: 2003, at: day * 2, node: 'pve2' });
    site.proxmox.nodeDown('pve2');
    const { said, row: after } = await run(site, row);
    expect(said).toContain('backup ERR local on pve2: 595 No route to host');
    expect(after.vm_status).toBe('remove');
    const left = Object.values(site.proxmox.world.volumes).filter(({ content }) => content === 'backup');
    expect(left.map(({ node }) => node)).toEqual(['pve2']);
  });

  it('a list of storages that cannot be had is no reason to stop', async () => {
    const reason = 'cannot list';
    site.proxmox.faults.add({ path: /resources\?type=storage/, do: 'status', reason });
    const { said, row } = await run(site, await site.addVm({ vm: { vmid: 2004, running: false } }));
    site.proxmox.faults.clear();
    expect(said).toContain('backup ERR cannot list');
    expect(row.vm_status).toBe('remove');
  });
});
