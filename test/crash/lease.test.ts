import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Clock, scaledClock, systemClock } from '../../src/base/clock.ts';
import { type Drain, withMaxRuntime } from '../../src/engine/drain.ts';
import { beginLease, type Lease, LeaseLost } from '../../src/engine/lease.ts';
import { type Database, openDatabase } from '../../src/records/database.ts';
import { migrate } from '../../src/records/migrate.ts';

const leaseMs = 60_000;

describe('the lease of a tick', () => {
  let db: Database;
  let lease: Lease;
  const ahead = { wall: 0, monotonic: 0 };
  const clock: Clock = {
    now: () => systemClock.now() + ahead.wall,
    monotonic: () => systemClock.monotonic() + ahead.monotonic,
    sleep: systemClock.sleep,
  };
  beforeEach(async () => {
    Object.assign(ahead, { wall: 0, monotonic: 0 });
    db = await openDatabase({ url: 'sqlite::memory:', vmTable: 'puqProxmoxKVM_vm_info', timeZone: 'UTC' });
    await migrate(db);
    lease = await beginLease(db, clock, leaseMs);
  });
  afterEach(async () => {
    await lease.end(true);
    await db.close();
  });
  const until = async () => (await db.knex('mod_vmctl_ticks').where({ id: lease.id }).first())?.alive_until;

  it('is renewed before a call that it would not outlive, and not before others', async () => {
    const before = await until();
    await lease.ensure(37_000);
    expect(await until()).toBe(before);
    ahead.monotonic = 30_000;
    await lease.ensure(37_000);
    expect(await until()).not.toBe(before);
  });

  it('is lost when another tick has taken over, and that is known before the next change', async () => {
    await db.knex('mod_vmctl_ticks').where({ id: lease.id }).delete();
    ahead.monotonic = 30_000;
    await expect(lease.ensure(37_000)).rejects.toThrow(LeaseLost);
    expect(lease.lost.aborted).toBe(true);
    expect(lease.holds()).toBe(false);
    ahead.monotonic = 0;
    await expect(lease.ensure(0)).rejects.toThrow(LeaseLost);
  });

  it('is lost when it has run out, although nobody has taken over', async () => {
    await db
      .knex('mod_vmctl_ticks')
      .where({ id: lease.id })
      .update({ alive_until: db.clock.sql(-1) });
    ahead.monotonic = leaseMs;
    expect(lease.holds()).toBe(false);
    await expect(lease.ensure(0)).rejects.toThrow(LeaseLost);
  });

  it('is not believed after the host was suspended, which some monotonic clocks do not count', async () => {
    await db.knex('mod_vmctl_ticks').where({ id: lease.id }).delete();
    ahead.wall = leaseMs + 1;
    expect(lease.holds()).toBe(false);
    await expect(lease.ensure(0)).rejects.toThrow(LeaseLost);
  });

  it('holds when only the time of the host was set: the database says so', async () => {
    ahead.wall = 3_600_000;
    await lease.ensure(37_000);
    expect(lease.holds()).toBe(true);
    ahead.wall = -3_600_000;
    await lease.ensure(37_000);
    expect(lease.lost.aborted).toBe(false);
  });

  it('that ends with work dropped stays on the list, so that its claims run out', async () => {
    await lease.end(false);
    expect(await until()).toBeDefined();
    await lease.end(true);
    expect(await until()).toBeUndefined();
  });
});

describe('max-runtime', () => {
  const clock = scaledClock(systemClock.now(), 1_000);
  const never = (): Drain => {
    const { signal } = new AbortController();
    return { draining: signal, over: signal, exitCode: undefined, end() {} };
  };

  it('begins nothing new when it is over, and drops what still runs 120 s later', async () => {
    const drain = withMaxRuntime(never(), clock, 60_000);
    const begun = clock.monotonic();
    await new Promise((resolve) => drain.draining.addEventListener('abort', resolve));
    const draining = clock.monotonic();
    expect(draining - begun).toBeGreaterThan(59_000);
    expect(drain.over.aborted).toBe(false);
    await new Promise((resolve) => drain.over.addEventListener('abort', resolve));
    expect(clock.monotonic() - draining).toBeGreaterThan(115_000);
  });

  it('is forgotten when the tick has ended', async () => {
    const drain = withMaxRuntime(never(), clock, 60_000);
    drain.end();
    await clock.sleep(100_000);
    expect(drain.draining.aborted).toBe(false);
  });

  it('is no other than a signal to stop: the first of both counts', () => {
    const draining = new AbortController();
    const over = new AbortController();
    const outer = { draining: draining.signal, over: over.signal, exitCode: 143, end() {} };
    const drain = withMaxRuntime(outer, clock, 600_000);
    draining.abort();
    expect([drain.draining.aborted, drain.over.aborted, drain.exitCode]).toEqual([true, false, 143]);
    over.abort();
    expect(drain.over.aborted).toBe(true);
    drain.end();
  });
});
