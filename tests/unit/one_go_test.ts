import assert from "node:assert/strict";
import { atEndOfGo, inOneGo } from "../../lib/ssh/transport/one_go.ts";

Deno.test("atEndOfGo() puts work off until what is done in one go is done, and no longer", () => {
  const done: string[] = [];
  const handle = (what: string): void => {
    atEndOfGo(() => {
      done.push(`after ${what}`);
      atEndOfGo(() => done.push("last"));
    });
    inOneGo((inner) => done.push(inner), "within");
    done.push(what);
  };
  inOneGo(handle, "work");
  assert.deepEqual(done, ["within", "work", "after work", "last"]);
});

Deno.test("atEndOfGo() puts work off until the end of the turn when nothing is done in one go", async () => {
  const done: string[] = [];
  atEndOfGo(() => done.push("put off"));
  done.push("now");
  await Promise.resolve();
  assert.deepEqual(done, ["now", "put off"]);
});

Deno.test("inOneGo() does what was put off when the handling throws, and goes on with the next", () => {
  const done: string[] = [];
  const failing = (): void => {
    atEndOfGo(() => done.push("put off"));
    throw new RangeError("bad packet");
  };
  assert.throws(() => inOneGo(failing, undefined), { name: "RangeError", message: "bad packet" });
  inOneGo((what) => done.push(what), "next");
  assert.deepEqual(done, ["put off", "next"]);
});

Deno.test("inOneGo() loses no work behind work that throws", () => {
  const done: string[] = [];
  const handle = (): void => {
    atEndOfGo(() => {
      throw new RangeError("first");
    });
    atEndOfGo(() => done.push("second"));
  };
  assert.throws(() => inOneGo(handle, undefined), { name: "RangeError", message: "first" });
  inOneGo(() => done.push("next"), undefined);
  assert.deepEqual(done.sort(), ["next", "second"]);
});
