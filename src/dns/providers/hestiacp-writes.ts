import type { RrsetChange, RrsetKey } from '../provider.ts';
import { diffSet, type HeldRecord } from './held-records.ts';
import { type HestiacpCommand, relativeName } from './hestiacp-wire.ts';

/** A change of one record. */
export interface HestiacpWrite {
  readonly command: HestiacpCommand;
  /** With RESTART in its place. */
  readonly args: (restart: 'yes' | 'no') => readonly string[];
  /** What to do instead if the record is gone by now; undefined: then all is well. */
  readonly instead?: HestiacpWrite | undefined;
  /** The record that shall be there. */
  readonly wanted?: { readonly key: RrsetKey; readonly content: string };
}

/** What makes a set of `zone`, whose records are `held`, what `change` says. Arguments as in bin/v-*-dns-record. */
export function writesOf(
  { owner, zone }: { readonly owner: string; readonly zone: string },
  change: RrsetChange,
  held: readonly HeldRecord[],
): HestiacpWrite[] {
  const { type } = change;
  const { deletes, rewrites, adds } = diffSet(held, change);
  const name = relativeName(change.name, zone);
  const ttl = String(change.ttl);
  const value = (content: string) => (type === 'PTR' ? `${content}.` : content);
  const add = (content: string): HestiacpWrite => ({
    command: 'v-add-dns-record',
    args: (restart) => [owner, zone, name, type, value(content), '', '', restart, ttl],
    wanted: { key: change, content },
  });
  const rewrite = (id: string, content: string): HestiacpWrite => ({
    command: 'v-change-dns-record',
    args: (restart) => [owner, zone, id, name, type, value(content), '', restart, ttl],
    instead: add(content),
    wanted: { key: change, content },
  });
  const remove = (id: string): HestiacpWrite => ({
    command: 'v-delete-dns-record',
    args: (restart) => [owner, zone, id, restart],
  });
  return [
    ...rewrites.map(({ record, content }) => rewrite(record.id, content)),
    ...adds.map(add),
    ...deletes.map(({ id }) => remove(id)),
  ];
}
