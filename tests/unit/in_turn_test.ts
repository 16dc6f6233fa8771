import assert from "node:assert/strict";
import { inTurn } from "../../lib/ssh/transfer/in_turn.ts";

/** Work that says when it begins, and ends when it is told to. */
function steps() {
  const said: string[] = [];
  const ends = new Map<string, () => void>();
  const begin = (name: string, signal?: AbortSignal) =>
    inTurn("file", () => {
      said.push(name);
      return new Promise<string>((resolve) => ends.set(name, () => resolve(name)));
    }, signal);
  return { said, begin, end: (name: string) => ends.get(name)?.() };
}

const soon = () => new Promise((resolve) => setTimeout(resolve));

Deno.test("inTurn() does one work after the other, in the order they came", async () => {
  const { said, begin, end } = steps();
  const works = [begin("a"), begin("b"), begin("c")];
  for (const name of ["a", "b", "c"]) {
    await soon();
    assert.equal(said.at(-1), name);
    end(name);
  }
  assert.deepEqual(await Promise.all(works), ["a", "b", "c"]);
});

Deno.test("inTurn() lets go who is cancelled while waiting, and nobody passes who is before him", async () => {
  const { said, begin, end } = steps();
  const abort = new AbortController();
  const first = begin("a");
  const second = begin("b", abort.signal);
  const third = begin("c");
  abort.abort();
  await assert.rejects(second, { code: "cancelled" });
  await soon();
  assert.deepEqual(said, ["a"]);
  end("a");
  await soon();
  assert.deepEqual(said, ["a", "c"]);
  end("c");
  assert.deepEqual(await Promise.all([first, third]), ["a", "c"]);
});

Deno.test("inTurn() goes on after work that failed, and keeps other things apart", async () => {
  const failing = inTurn("file", () => Promise.reject(new Error("no")), undefined);
  const next = inTurn("file", () => Promise.resolve("next"), undefined);
  await assert.rejects(failing, /no/);
  assert.equal(await next, "next");
  const stuck = steps();
  const first = stuck.begin("a");
  assert.equal(await inTurn("other", () => Promise.resolve("other"), undefined), "other");
  await soon();
  stuck.end("a");
  await first;
});
