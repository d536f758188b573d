import { checkBeside, isJson, type Json, readRecord, type StoredRecord, type Zone } from './records.ts';
import { badRequest, invalid, Refusal } from './refusal.ts';

/** `POST …/dns_records/batch`: deletes, patches, puts, posts, in this order, and all or nothing. */
export function runBatch(zone: Zone, body: string, most: number, nextId: () => string): Record<string, StoredRecord[]> {
  const batch = readJson(body);
  const [deletes, patches, puts, posts] = ['deletes', 'patches', 'puts', 'posts'].map((part) => listOf(batch, part));
  const all = [deletes, patches, puts, posts].flatMap((part) => part ?? []);
  // What Cloudflare answers to too large a batch was not seen.
  if (all.length > most) throw invalid(9207, `A batch of ${all.length} operations exceeds the limit of ${most}.`);
  let records = zone.records;

  function find({ id }: Json): StoredRecord {
    const found = records.find((record) => record.id === id);
    if (found === undefined) throw new Refusal(404, { code: 81044, message: 'Record does not exist.' });
    return found;
  }
  function put(record: StoredRecord): StoredRecord {
    checkBeside(records, record);
    const isNew = records.every(({ id }) => id !== record.id);
    if (isNew && records.length >= zone.quota) throw badRequest(81045, 'Record quota exceeded.');
    records = isNew ? [...records, record] : records.map((old) => (old.id === record.id ? record : old));
    return record;
  }
  function remove(item: Json): StoredRecord {
    const found = find(item);
    records = records.filter((record) => record !== found);
    return found;
  }
  const blank = { type: '', content: '', ttl: 1, proxied: false, comment: null };
  const result = {
    deletes: (deletes ?? []).map(remove),
    patches: (patches ?? []).map((item) => put(readRecord(zone, find(item), item))),
    puts: (puts ?? []).map((item) => put(readRecord(zone, { ...blank, id: find(item).id }, item))),
    posts: (posts ?? []).map((item) => put(readRecord(zone, { ...blank, id: nextId() }, item))),
  };
  zone.records = records;
  return result;
}

function listOf(batch: Json, part: string): Json[] {
  const value = batch[part] ?? [];
  if (Array.isArray(value) && value.every(isJson)) return value;
  throw invalid(9207, `${part} must be a list of objects.`);
}

function readJson(body: string): Json {
  try {
    const parsed: unknown = JSON.parse(body);
    if (isJson(parsed)) return parsed;
  } catch {
    // Answered below.
  }
  throw badRequest(9207, 'Request body is invalid.');
}
