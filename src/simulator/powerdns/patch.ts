import { isSimulated, readContent } from './content.ts';
import { isPartOf, readName } from './names.ts';
import { Refusal, unprocessable } from './refusal.ts';
import { putSet, raiseSerial, type StoredRecord, type StoredSet, setKey, type Zone } from './zone.ts';

type Json = Readonly<Record<string, unknown>>;

/** `PATCH …/zones/{id}`: all of it or nothing. The checks come in the order of 4.7.3. */
export function patchZone(zone: Zone, body: string, now: number): void {
  const { rrsets } = readJson(body);
  if (!Array.isArray(rrsets)) throw unprocessable('No rrsets given in update request');
  const sets = new Map(zone.sets);
  const seen = new Set<string>();
  for (const item of rrsets) change(zone.name, sets, seen, isObject(item) ? item : {});
  zone.sets = sets;
  raiseSerial(zone, now);
}

function change(zone: string, sets: Map<string, StoredSet>, seen: Set<string>, item: Json): void {
  const changetype = textOf(item, 'changetype').toUpperCase();
  const name = readName(textOf(item, 'name'));
  const type = textOf(item, 'type').toUpperCase();
  const label = `RRset ${name} IN ${type}`;
  if (!isSimulated(type)) throw unprocessable(`${label}: unknown type given`);
  const key = `${setKey(name, type)} ${changetype}`;
  if (seen.has(key)) throw unprocessable(`Duplicate ${label} with changetype: ${changetype}`);
  seen.add(key);
  if (changetype === 'DELETE') sets.delete(setKey(name, type));
  else if (changetype === 'REPLACE') replace(zone, sets, item, { name, type, label });
  else throw unprocessable('Changetype not understood');
}

function replace(
  zone: string,
  sets: Map<string, StoredSet>,
  item: Json,
  { name, type, label }: { name: string; type: string; label: string },
): void {
  if (!isPartOf(name, zone)) throw unprocessable(`${label}: Name is out of zone`);
  if (!Array.isArray(item.records)) throw unprocessable(`No change for ${label}`);
  const ttl = numberOf(item, 'ttl');
  const records = item.records.map((record) => readRecord(name, type, isObject(record) ? record : {}));
  records.sort((a, b) => (a.content < b.content ? -1 : 1));
  const twice = records.find(({ content }, index) => records[index + 1]?.content === content);
  if (twice !== undefined) throw unprocessable(`Duplicate record in ${label} with content "${twice.content}"`);
  if (type === 'CNAME' && records.length > 1) throw unprocessable(`${label} has more than one record`);
  const lower = name.toLowerCase();
  const others = [...sets.values()].filter((set) => set.name === lower && set.type !== type);
  if (others.some((other) => type === 'CNAME' || other.type === 'CNAME')) {
    throw unprocessable(`${label}: Conflicts with pre-existing RRset`);
  }
  putSet(sets, { name: lower, type, ttl, records });
}

function readRecord(name: string, type: string, record: Json): StoredRecord {
  const text = textOf(record, 'content');
  const { disabled = false } = record;
  if (typeof disabled !== 'boolean') throw unprocessable("Key 'disabled' not present or not a Bool");
  return { content: readContent(name, type, text), disabled };
}

function textOf(item: Json, key: string): string {
  const value = item[key];
  if (typeof value === 'string') return value;
  throw unprocessable(`Key '${key}' not present or not a String`);
}

function numberOf(item: Json, key: string): number {
  const value = item[key];
  if (typeof value === 'number') return Math.trunc(value);
  if (typeof value === 'string' && /^\d+$/.test(value)) return Number(value);
  throw unprocessable(`Key '${key}' not an Integer or not present`);
}

function readJson(body: string): Json {
  try {
    const parsed: unknown = JSON.parse(body);
    return isObject(parsed) ? parsed : {};
  } catch {
    throw new Refusal(400, 'Bad Request');
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}
