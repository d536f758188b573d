import type { StoredRecord, Zone } from './records.ts';

/** A page of `GET …/dns_records`: `name.exact` or `name`, `type`, `page`, `per_page`. */
export function listPage(
  zone: Zone,
  query: URLSearchParams,
  mostPerPage: number,
): { result: StoredRecord[]; result_info: object } {
  const name = (query.get('name.exact') ?? query.get('name'))?.toLowerCase();
  const type = query.get('type')?.toUpperCase();
  const found = zone.records.filter(
    (record) => (name === undefined || record.name === name) && (type === undefined || record.type === type),
  );
  const page = atLeastOne(query.get('page'), 1);
  const per_page = Math.min(atLeastOne(query.get('per_page'), 100), mostPerPage);
  const result = found.slice((page - 1) * per_page, page * per_page);
  const total_pages = Math.ceil(found.length / per_page);
  return { result, result_info: { page, per_page, count: result.length, total_count: found.length, total_pages } };
}

function atLeastOne(text: string | null, fallback: number): number {
  return Math.max(1, Math.trunc(Number(text ?? fallback)) || fallback);
}
