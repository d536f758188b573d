import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { registerSecret } from '../../../src/base/redact.ts';
import type { Database } from '../../../src/records/database.ts';
import { claimDuty, dueDuties, endDuty, enterDuties } from '../../../src/records/duties.ts';
import { freeSlots, takeSlot } from '../../../src/records/slots.ts';
import { enterTick, leaveTick, takeOver } from '../../../src/records/ticks.ts';
import { createRecords, dialects, type Ground, turnedClock } from './fixtures.ts';

const [a, b] = ['aaaaaaaa-0000-4000-8000-000000000000', 'bbbbbbbb-0000-4000-8000-000000000000'];

describe.each(dialects)('slots and duties on %s', (dialect) => {
  const clock = turnedClock();
  let records: Ground & { db: Database };
  let db: Database;
  beforeAll(async () => {
    records = await createRecords(dialect, { clock });
    db = records.db;
  });
  beforeEach(async () => {
    for (const table of ['mod_vmctl_slots', 'mod_vmctl_ticks', 'mod_vmctl_duties']) await db.knex(table).delete();
    for (const id of [a, b]) await enterTick(db, id, 600_000);
  });
  afterAll(() => records.remove());
  const taken = async () => (await db.knex('mod_vmctl_slots').whereNotNull('claim_token')).length;

  it('no more places are taken than there are, and a place given back can be taken', async () => {
    expect(await takeSlot(db, 'clone', 2, a, 1)).toBe(true);
    expect(await takeSlot(db, 'clone', 2, b, 2)).toBe(true);
    expect(await takeSlot(db, 'clone', 2, a, 3)).toBe(false);
    expect(await takeSlot(db, 'destroy', 2, a, 3)).toBe(true);
    await freeSlots(db, a, 1);
    expect(await takeSlot(db, 'clone', 2, a, 3)).toBe(true);
  });

  it('a row that asks again keeps its place and gets no second one', async () => {
    expect(await takeSlot(db, 'clone', 3, a, 1)).toBe(true);
    expect(await takeSlot(db, 'clone', 3, b, 2)).toBe(true);
    await freeSlots(db, a, 1);
    expect(await takeSlot(db, 'clone', 3, b, 2)).toBe(true);
    expect(await taken()).toBe(1);
  });

  it('of many that want few places at once, exactly so many get one', async () => {
    const pools = dialect === 'mysql' ? [db, await records.open(), await records.open()] : [db];
    const asks = Array.from({ length: 24 }, (_, n) => takeSlot(pools[n % pools.length] ?? db, 'clone', 4, a, n + 1));
    expect((await Promise.all(asks)).filter(Boolean)).toHaveLength(4);
    expect(await taken()).toBe(4);
  });

  it('places and duties of a dead tick come free, those of a living one stay', async () => {
    await leaveTick(db, a);
    await enterTick(db, a, 60_000);
    await enterDuties(db, ['health', 'leftovers']);
    await takeSlot(db, 'clone', 2, a, 1);
    await takeSlot(db, 'clone', 2, b, 2);
    expect(await claimDuty(db, 'health', a)).toBe(true);
    expect(await claimDuty(db, 'leftovers', b)).toBe(true);
    expect(await takeSlot(db, 'clone', 2, b, 3)).toBe(false);
    clock.turn(61_000);
    await takeOver(db);
    expect(await takeSlot(db, 'clone', 2, b, 3)).toBe(true);
    expect(await takeSlot(db, 'clone', 2, b, 4)).toBe(false);
    expect(await dueDuties(db)).toEqual(['health']);
    expect(await claimDuty(db, 'leftovers', a)).toBe(false);
    await leaveTick(db, b);
    await takeOver(db);
    expect((await dueDuties(db)).sort()).toEqual(['health', 'leftovers']);
  });

  it('a tick whose lease has run out takes no place and no duty', async () => {
    await enterDuties(db, ['health']);
    clock.turn(601_000);
    expect(await takeSlot(db, 'clone', 2, a, 1)).toBe(false);
    expect(await claimDuty(db, 'health', a)).toBe(false);
    await takeOver(db);
    expect(await takeSlot(db, 'clone', 2, a, 1)).toBe(false);
    expect(await claimDuty(db, 'health', a)).toBe(false);
  });

  it('a duty is due at once when it is new, runs in one tick, and again after its interval', async () => {
    await enterDuties(db, ['health']);
    await enterDuties(db, ['health']);
    expect(await dueDuties(db)).toEqual(['health']);
    const claims = await Promise.all([claimDuty(db, 'health', a), claimDuty(db, 'health', b)]);
    expect(claims.filter(Boolean)).toHaveLength(1);
    const [winner, loser] = claims[0] ? [a, b] : [b, a];
    expect(await dueDuties(db)).toEqual([]);
    await endDuty(db, 'health', loser, 1_000, 'not mine');
    expect(await db.knex('mod_vmctl_duties')).toMatchObject([{ claim_token: winner, last_result: null }]);
    expect(await claimDuty(db, 'health', loser)).toBe(false);
    registerSecret('pdns-secret-key');
    await endDuty(db, 'health', winner, 60_000, 'refused: pdns-secret-key');
    expect(await db.knex('mod_vmctl_duties')).toMatchObject([{ claim_token: null, last_result: 'refused: ***' }]);
    expect(await claimDuty(db, 'health', loser)).toBe(false);
    clock.turn(61_000);
    expect(await dueDuties(db)).toEqual(['health']);
    expect(await claimDuty(db, 'health', loser)).toBe(true);
  });
});
