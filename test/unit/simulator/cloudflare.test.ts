import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Clock } from '../../../src/base/clock.ts';
import {
  type CloudflareOptions,
  type CloudflareSimulator,
  createCloudflareSimulator,
} from '../../../src/simulator/cloudflare.ts';
import { type RunningServer, serve } from '../../../src/simulator/server.ts';

const token = 'token-of-a-test';
const records = '/client/v4/zones/abc/dns_records';
let now = 0;
const clock: Clock = { now: () => now, monotonic: () => now, sleep: async () => {} };
let simulator: CloudflareSimulator;
let served: RunningServer;
async function start(options: Partial<CloudflareOptions> = {}): Promise<void> {
  simulator = createCloudflareSimulator({ token, zones: { abc: { name: 'example.test' } }, clock, ...options });
  await served?.close();
  served = await serve(simulator.handle);
}
beforeEach(() => start());
afterEach(() => served.close());

const envelope = z.object({
  success: z.boolean(),
  errors: z.array(z.object({ code: z.number(), error_chain: z.array(z.object({ code: z.number() })).optional() })),
  result: z.unknown(),
  result_info: z.record(z.string(), z.number()).optional(),
});

async function call(path: string, body?: object | string, authorization: string | null = `Bearer ${token}`) {
  const headers: Record<string, string> = authorization === null ? {} : { authorization };
  const text = typeof body === 'object' ? JSON.stringify(body) : body;
  const answer = await fetch(
    served.url + path,
    text === undefined ? { headers } : { method: 'POST', headers, body: text },
  );
  const { success, errors, result, result_info } = envelope.parse(await answer.json());
  const codes = errors.flatMap(({ code, error_chain = [] }) => [code, ...error_chain.map((link) => link.code)]);
  return { status: answer.status, retryAfter: answer.headers.get('retry-after'), success, codes, result, result_info };
}
const batch = (body: object) => call(`${records}/batch`, body);
const a = (change: object = {}) => ({ type: 'A', name: 'vm.example.test', content: '192.0.2.1', ttl: 300, ...change });
const idOf = (index = 0) => simulator.zone('abc').lines[index]?.id;

describe('a batch', () => {
  test('does deletes, patches, puts and posts, in this order', async () => {
    await batch({ posts: [a(), a({ content: '192.0.2.2' }), a({ content: '192.0.2.3' })] });
    const done = await batch({
      posts: [a()],
      puts: [{ id: idOf(2), ...a({ content: '192.0.2.2' }) }],
      patches: [{ id: idOf(1), content: '192.0.2.9' }],
      deletes: [{ id: idOf(0) }],
    });
    expect(done).toMatchObject({ status: 200, success: true });
    expect(simulator.zone('abc').records()).toEqual({ 'vm.example.test A': ['192.0.2.1', '192.0.2.2', '192.0.2.9'] });
  });

  test('is done whole or not at all', async () => {
    await batch({ posts: [a()] });
    const refused = await batch({ deletes: [{ id: idOf() }], posts: [a({ name: 'b' }), a({ content: 'x' })] });
    expect(refused).toMatchObject({ status: 400, success: false, codes: [9005] });
    expect(simulator.zone('abc').records()).toEqual({ 'vm.example.test A': ['192.0.2.1'] });
  });

  test('of more operations than the plan allows is refused', async () => {
    await start({ operationsPerBatch: 2 });
    const posts = [1, 2, 3].map((n) => a({ content: `192.0.2.${n}` }));
    expect(await batch({ posts })).toMatchObject({ status: 400, success: false });
    expect(await batch({ posts: posts.slice(1) })).toMatchObject({ status: 200 });
  });

  test.each([
    { what: 'an identical record', posts: [a(), a()], codes: [81058] },
    { what: 'an A beside a CNAME', posts: [a({ type: 'CNAME', content: 'b.test' }), a()], codes: [81054] },
    { what: 'a CNAME beside an A', posts: [a(), a({ type: 'CNAME', content: 'b.test' })], codes: [81053] },
    { what: 'an AAAA that is none', posts: [a({ type: 'AAAA' })], codes: [9006] },
    { what: 'a PTR that is none', posts: [a({ type: 'PTR', content: 'not a host' })], codes: [1004, 9007] },
    { what: 'a proxied PTR', posts: [a({ type: 'PTR', content: 'b.test', proxied: true })], codes: [9004] },
    { what: 'a TTL of 30', posts: [a({ ttl: 30 })], codes: [1004, 9021] },
    { what: 'no list', posts: 'x', codes: [1004, 9207] },
  ])('with $what is refused with $codes', async ({ posts, codes }) => {
    expect(await batch({ posts })).toMatchObject({ status: 400, success: false, codes });
  });

  test('that deletes or changes what is not there is 404 with 81044', async () => {
    const gone = { status: 404, success: false, codes: [81044] };
    expect(await batch({ deletes: [{ id: 'x' }] })).toMatchObject(gone);
    expect(await batch({ patches: [{ id: 'x', ttl: 60 }] })).toMatchObject(gone);
  });

  test('takes a TTL of 1, keeps a proxied record at that, and takes a foreign name for a relative one', async () => {
    await batch({ posts: [a({ ttl: 1 }), a({ name: 'vm.other.test', proxied: true })] });
    expect(simulator.zone('abc').lines).toMatchObject([{ ttl: 1 }, { name: 'vm.other.test.example.test', ttl: 1 }]);
  });

  test('beyond the quota of the plan is refused', async () => {
    await start({ quota: 1 });
    expect(await batch({ posts: [a(), a({ content: '192.0.2.2' })] })).toMatchObject({ codes: [81045] });
    expect(await batch({ posts: [a()] })).toMatchObject({ success: true });
  });

  test('that is no JSON is refused', async () => {
    expect(await call(`${records}/batch`, '{')).toMatchObject({ status: 400, success: false });
  });
});

describe('a listing', () => {
  test('comes in pages, by exact name and type, whatever the case', async () => {
    for (const n of [1, 2, 3]) simulator.zone('abc').add({ ...a(), content: `192.0.2.${n}` });
    simulator.zone('abc').add({ ...a(), name: 'sub.vm.example.test' });
    const page = await call(`${records}?name.exact=VM.example.test&type=A&per_page=2&page=2`);
    expect(page.result).toMatchObject([{ name: 'vm.example.test', content: '192.0.2.3', proxied: false }]);
    expect(page.result_info).toEqual({ page: 2, per_page: 2, count: 1, total_count: 3, total_pages: 2 });
    expect((await call(`${records}?type=AAAA`)).result_info).toMatchObject({ total_count: 0, total_pages: 0 });
  });

  test('gives no more on a page than the limit', async () => {
    await start({ mostPerPage: 1 });
    for (const n of [1, 2]) simulator.zone('abc').add({ ...a(), content: `192.0.2.${n}` });
    expect((await call(`${records}?per_page=1000`)).result_info).toMatchObject({ per_page: 1, total_pages: 2 });
  });
});

describe('who may ask', () => {
  test.each([
    { what: 'no token', authorization: null, status: 400, codes: [9106] },
    { what: 'another scheme', authorization: 'Basic x', status: 400, codes: [6003, 6111] },
    { what: 'a wrong token', authorization: 'Bearer x', status: 403, codes: [9109] },
  ])('$what is $codes', async ({ authorization, status, codes }) => {
    expect(await call(records, undefined, authorization)).toMatchObject({ status, success: false, codes });
  });

  test('a zone that is not there is 7003, one of somebody else 10000', async () => {
    expect(await call('/client/v4/zones/nope/dns_records')).toMatchObject({ status: 404, codes: [7003] });
    const other = `/client/v4/zones/${'0'.repeat(32)}/dns_records`;
    expect(await call(other)).toMatchObject({ status: 403, codes: [10000] });
  });

  test('too many requests are 429 until the five minutes are over', async () => {
    now = 0;
    await start({ requestsPerWindow: 2 });
    now = 1_000;
    await call(records);
    await call(records);
    expect(await call(records)).toMatchObject({ status: 429, retryAfter: '299', success: false });
    now = 300_000;
    expect(await call(records)).toMatchObject({ status: 200 });
  });
});

test('faults come as the real ones do', async () => {
  simulator.setFault({ do: 'failure-200', code: 10013 });
  expect(await call(records)).toMatchObject({ status: 200, success: false, codes: [10013] });
  simulator.setFault({ do: 'rate-limit', retryAfter: 3, times: 1 });
  expect(await call(records)).toMatchObject({ status: 429, retryAfter: '3' });
  expect(await call(records)).toMatchObject({ status: 200 });
  simulator.setFault({ do: 'html', status: 503 });
  const page = await fetch(served.url + records);
  expect([page.status, page.headers.get('content-type')]).toEqual([503, 'text/html']);
  simulator.setFault({ do: 'down' });
  await expect(call(records)).rejects.toThrow();
});
