import assert from "node:assert/strict";
import {
  canRun,
  captureLocally,
  joinStreams,
  type LeakCase,
  loadLeakCases,
  runLeakCase,
  valuesFor,
} from "../support/leak_cases.ts";

const CASES = loadLeakCases();

Deno.test("loadLeakCases() gives at least 200 cases to hold, each with an id of its own", () => {
  assert.ok(CASES.filter((each) => !each.class.startsWith("out of reach")).length >= 200);
  assert.equal(new Set(CASES.map(({ id }) => id)).size, CASES.length);
  const classes = ["must be masked", "should be masked", "out of reach of output filtering"];
  for (const each of CASES) {
    assert.ok(classes.includes(each.class), each.id);
    assert.ok(each.command.includes("API_TOKEN") || /\b(env|set|export|declare|environ)\b/.test(each.command), each.id);
    assert.ok(["plain", "special", "multiline", "noslash", undefined].includes(each.profile), each.id);
  }
});

Deno.test("valuesFor() gives values of 24, 25 and 26 characters, and the special kinds", () => {
  assert.deepEqual(valuesFor("plain").map((value) => value.length), [24, 25, 26]);
  assert.deepEqual(valuesFor("plain", 3), valuesFor("plain", 3));
  assert.notDeepEqual(valuesFor("plain", 3), valuesFor("plain", 4));
  const special = valuesFor("special")[0]!;
  for (const character of `'"\\$&<>/+%= `) assert.ok(special.includes(character), character);
  assert.ok(valuesFor("multiline")[0]!.split("\n").length > 3);
  assert.ok(valuesFor("noslash").every((value) => !value.includes("/")));
});

Deno.test("canRun() is false when a program is missing or the network is needed", async () => {
  const needing = (needs: string): LeakCase => ({ ...CASES[0]!, needs });
  assert.equal(await canRun(needing("sh, gnu grep")), true);
  assert.equal(await canRun(needing("sh,no-such-program")), false);
  assert.equal(await canRun(needing("network")), false);
});

/** The unmasked suite, dealt into groups so that a failure names its cases. */
for (const name of ["must be masked", "should be masked"] as const) {
  Deno.test(`runLeakCase() finds a leak in every "${name}" case when nothing is masked`, async () => {
    const quiet: string[] = [];
    const queue = CASES.filter((each) => each.class === name);
    const worker = async () => {
      for (let next = queue.shift(); next; next = queue.shift()) {
        if (!(await canRun(next))) continue;
        const run = async (command: string, env: Record<string, string>, tty: boolean) =>
          joinStreams(await captureLocally(command, env, tty));
        if (!(await runLeakCase(next, valuesFor(next.profile)[0]!, run)).leaked) quiet.push(next.id);
      }
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
    assert.deepEqual(quiet, []);
  });
}
