import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const schema = z.object({
  name: z.string(),
  request: z.object({
    method: z.string(),
    path: z.string(),
    params: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    /** `root`, `panel`, …, or a whole Authorization header. */
    auth: z.string().nullish(),
    content_type: z.string().optional(),
  }),
  status: z.number(),
  reason: z.string(),
  body: z.union([z.string(), z.array(z.string())]),
  headers: z.array(z.tuple([z.string(), z.string()])).optional(),
  /** How long the answer took. */
  ms: z.number().optional(),
});

/** One recorded request with its answer. `body` is a list where raw connections were recorded. */
export type Row = z.infer<typeof schema>;

/** The recording in this folder, in the order it was made. Throws where it is missing or not as expected. */
export function readRecording(folder: string): Row[] {
  const text = readFileSync(join(folder, 'pve-transcripts.jsonl'), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => schema.parse(JSON.parse(line)));
}

/** When the request was sent, ms since the epoch; undefined where the answer has no date. */
export function sentAt({ headers, ms = 0 }: Row): number | undefined {
  const date = Date.parse(headers?.find(([name]) => name === 'Date')?.[1] ?? '');
  return Number.isNaN(date) ? undefined : date - ms;
}
