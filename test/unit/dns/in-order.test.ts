import { expect, test } from 'vitest';
import { inOrder } from '../../../src/dns/in-order.ts';

test('a value waits for those before it and comes as soon as they are there', () => {
  const seen: string[] = [];
  const pass = inOrder<string>((value) => seen.push(value));
  pass(2, 'c');
  expect(seen).toEqual([]);
  pass(0, 'a');
  expect(seen).toEqual(['a']);
  pass(1, 'b');
  expect(seen).toEqual(['a', 'b', 'c']);
});
