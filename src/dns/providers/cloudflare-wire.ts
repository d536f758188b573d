import { z } from 'zod';
import { normalizeName } from '../names.ts';
import { isRecordType, type RrsetChange } from '../provider.ts';
import { parseJson } from './answer.ts';
import { canonicalContent, diffSet, type HeldRecord } from './held-records.ts';

const wireErrors = z
  .array(
    z.object({
      code: z.number(),
      message: z.string().default(''),
      error_chain: z.array(z.object({ code: z.number(), message: z.string().default('') })).default([]),
    }),
  )
  .default([]);
const wireEnvelope = z.object({ success: z.boolean(), errors: wireErrors.nullish() });
const wirePage = z.object({
  result: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      type: z.string(),
      content: z.string().default(''),
      ttl: z.number(),
      proxied: z.boolean().default(false),
    }),
  ),
  result_info: z.object({ page: z.number(), total_pages: z.number() }),
});

/** An error as Cloudflare tells it. One of validation is the first of a chain, whose rest says what is wrong. */
export interface CloudflareError {
  readonly code: number;
  readonly message: string;
}

/** Whether the request was done, and the errors that were told; undefined where the text is no answer of the API. */
export function parseEnvelope(text: string): { success: boolean; errors: CloudflareError[] } | undefined {
  const envelope = wireEnvelope.safeParse(parseJson(text));
  if (!envelope.success) return undefined;
  const { success, errors } = envelope.data;
  return { success, errors: (errors ?? []).flatMap(({ error_chain, ...error }) => [error, ...error_chain]) };
}

/** The records of our types in a page of a listing, or undefined if the text is none. */
export function parsePage(text: string): { records: HeldRecord[]; isLast: boolean } | undefined {
  const page = wirePage.safeParse(parseJson(text));
  if (!page.success) return undefined;
  const { result, result_info } = page.data;
  const records = result.flatMap(({ id, name, type, content, ttl, proxied }) => {
    if (!isRecordType(type)) return [];
    const served = proxied ? 0 : ttl;
    return [{ id, name: normalizeName(name), type, content: canonicalContent(type, content), ttl: served }];
  });
  return { records, isLast: result_info.page >= result_info.total_pages };
}

/** The operations of a batch. Cloudflare does them in this order, all or none. */
export interface CloudflareBatch {
  readonly deletes: readonly { readonly id: string }[];
  readonly patches: readonly object[];
  readonly posts: readonly object[];
}

/** What makes a set, whose records are `held`, what `change` says. Never proxied: a proxy lets only HTTP through. */
export function batchOf(change: RrsetChange, held: readonly HeldRecord[]): CloudflareBatch {
  const { deletes, rewrites, adds } = diffSet(held, change);
  const common = { ttl: change.ttl, proxied: false, comment: 'vmctl' };
  return {
    deletes: deletes.map(({ id }) => ({ id })),
    patches: rewrites.map(({ record, content }) => ({ id: record.id, content, ...common })),
    posts: adds.map((content) => ({ type: change.type, name: change.name, content, ...common })),
  };
}

export function joinBatches(batches: readonly CloudflareBatch[]): CloudflareBatch {
  return {
    deletes: batches.flatMap(({ deletes }) => deletes),
    patches: batches.flatMap(({ patches }) => patches),
    posts: batches.flatMap(({ posts }) => posts),
  };
}

export function sizeOf({ deletes, patches, posts }: CloudflareBatch): number {
  return deletes.length + patches.length + posts.length;
}
