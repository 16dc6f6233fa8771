import assert from "node:assert/strict";
import { Stretches } from "../../lib/secrets/redaction/layouts/stretches.ts";

function sorted(numbers: readonly number[]): number[] | undefined {
  const stretches = new Stretches(new Uint16Array(128), new Uint16Array(128));
  for (const [i, number] of numbers.entries()) stretches.push(number * 10, number * 10 + i, number);
  if (!stretches.sort()) return undefined;
  const [from, to] = [[...stretches.from], [...stretches.to]].map((places) => places.slice(0, numbers.length));
  assert.deepEqual(to, from?.map((place) => place + numbers.indexOf(place / 10)));
  return from?.map((place) => place / 10);
}

/** These numbers, and many more in the same order: few are put in order in another way than many. */
function fewAndMany(numbers: readonly number[]): number[][] {
  return [[...numbers], numbers.flatMap((number) => Array.from({ length: 10 }, (_, i) => 10 * number + i))];
}

Deno.test("Stretches.sort() puts stretches in the order of their numbers, however mixed these are", () => {
  for (
    const numbers of [[1, 0], [5, 0, 1, 2, 3], [0, 1, 2, 7, 3], [3, 4, 5, 0, 1, 2], [9, 8, 7, 6, 5, 4, 3], [
      4,
      1,
      3,
      0,
      5,
      2,
    ]]
  ) {
    for (const each of fewAndMany(numbers)) assert.deepEqual(sorted(each), each.toSorted((a, b) => a - b));
  }
});

Deno.test("Stretches.sort() leaves alone what is in order, and what has a number twice", () => {
  for (const numbers of [[], [1], [1, 2, 3], [2, 2, 1], [1, 2, 1, 2], [3, 1, 2, 5, 0, 3]]) {
    for (const each of fewAndMany(numbers)) assert.equal(sorted(each), undefined);
  }
});
