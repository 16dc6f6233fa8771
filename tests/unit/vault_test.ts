import assert from "node:assert/strict";
import { ToolError } from "../../lib/errors.ts";
import type { EnvVariable } from "../../lib/secrets/env_file.ts";
import { exemptionOf, Vault } from "../../lib/secrets/vault.ts";

/** A masker that only remembers. */
class Remembering {
  readonly values: string[] = [];
  readonly lifted: Set<string> = new Set();
  isLifted(value: string): boolean {
    return this.lifted.has(value);
  }
  add(values: Iterable<string>): void {
    this.values.push(...values);
  }
  addInTurns(values: Iterable<string>): Promise<void> {
    this.add(values);
    return Promise.resolve();
  }
}

function variable(name: string, value: string, isPublic = false): EnvVariable {
  return { name, value, public: isPublic, line: 1 };
}

Deno.test("Vault.load() gives the variables to one session and masks the secret ones", () => {
  const masker = new Remembering();
  const vault = new Vault(masker);
  const { names, warnings } = vault.load("s1", "/f", [variable("A", "secret-a"), variable("PORT", "8080")]);
  assert.deepEqual(names, ["A", "PORT"]);
  assert.deepEqual(warnings, ["injected but not masked, a whole number of fewer than 6 digits: PORT"]);
  assert.deepEqual([...vault.variablesFor("s1")], [["A", "secret-a"], ["PORT", "8080"]]);
  assert.deepEqual([...vault.variablesFor("s2")], []);
  assert.deepEqual(masker.values, ["secret-a"]);
});

Deno.test("Vault.load() names what is injected and not masked, never its value", () => {
  const { warnings } = new Vault(new Remembering()).load("s", "/f", [
    variable("TINY", "zqx"),
    variable("EMPTY", ""),
    variable("COUNT", "54321"),
    variable("FLAG", "True"),
    variable("URL", "https://zqx.example", true),
    variable("SECRET", "zqxzqxzqx"),
  ]);
  assert.deepEqual(warnings, [
    "injected but not masked, fewer than 4 characters: TINY, EMPTY",
    "injected but not masked, a whole number of fewer than 6 digits: COUNT",
    "injected but not masked, a word too common to mask: FLAG",
    "injected but not masked, marked `# mcp: public`: URL",
  ]);
});

Deno.test("Vault.load() says so when a value is not masked because a person has lifted that", () => {
  const masker = new Remembering();
  masker.lifted.add("secret-a");
  const { warnings } = new Vault(masker).load("s", "/f", [variable("A", "secret-a"), variable("B", "secret-b")]);
  assert.deepEqual(warnings, ["injected but not masked, as the person has said before: A"]);
  assert.deepEqual(masker.values, ["secret-b"]);
});

Deno.test("Vault.load() warns when a login shell keeps a name for itself", () => {
  const { warnings } = new Vault(new Remembering()).load("s", "/f", [
    variable("UID", "1000-1000"),
    variable("A", "abcd"),
  ]);
  assert.deepEqual(warnings, ["some login shells keep these names for themselves and ignore the file's values: UID"]);
});

Deno.test("Vault.load() replaces what the same file gave and keeps its old values masked", () => {
  const masker = new Remembering();
  const vault = new Vault(masker);
  vault.load("s", "/f", [variable("A", "old-value"), variable("GONE", "gone-value")]);
  vault.load("s", "/g", [variable("B", "b-value")]);
  vault.load("s", "/f", [variable("A", "new-value")]);
  assert.deepEqual(Object.fromEntries(vault.variablesFor("s")), { A: "new-value", B: "b-value" });
  assert.deepEqual(masker.values, ["old-value", "gone-value", "b-value", "new-value"]);
});

Deno.test("Vault.load() lets the file loaded last win when two name the same variable", () => {
  const vault = new Vault(new Remembering());
  vault.load("s", "/f", [variable("A", "from-f")]);
  vault.load("s", "/g", [variable("A", "from-g")]);
  assert.equal(vault.get("s", "A"), "from-g");
  vault.load("s", "/f", [variable("A", "from-f-again")]);
  assert.equal(vault.get("s", "A"), "from-f-again");
});

Deno.test("Vault.load() masks before the values can be used", () => {
  const seen: number[] = [];
  const vault: Vault = new Vault({
    add: () => void seen.push(vault.variablesFor("s").size),
    addInTurns: () => Promise.resolve(),
    isLifted: () => false,
  });
  vault.load("s", "/f", [variable("A", "secret")]);
  assert.deepEqual(seen, [0]);
});

Deno.test("Vault.get() throws unknown_variable with the loaded names when there is none", () => {
  const vault = new Vault(new Remembering());
  assert.throws(() => vault.get("s", "NOPE"), {
    name: "ToolError",
    code: "unknown_variable",
    message: "there is no loaded variable NOPE",
    hint: "load an env file first with ssh_load_env_file",
  });
  vault.load("s", "/f", [variable("A", "secret"), variable("B", "secret2")]);
  assert.throws(() => vault.get("s", "a value pasted by mistake"), {
    name: "ToolError",
    code: "unknown_variable",
    message: "there is no loaded variable the name given",
    hint: "the loaded variables are A, B",
  });
});

Deno.test("Vault.clear() stops the injection for one session and tells the names", () => {
  const vault = new Vault(new Remembering());
  vault.load("s1", "/f", [variable("A", "secret"), variable("B", "1")]);
  vault.load("s2", "/f", [variable("A", "secret")]);
  assert.deepEqual(vault.clear("s1"), ["A", "B"]);
  assert.equal(vault.variablesFor("s1").size, 0);
  assert.equal(vault.variablesFor("s2").size, 1);
  assert.deepEqual(vault.clear("s1"), []);
});

Deno.test("Vault.forget() lets go of a closed session", () => {
  const vault = new Vault(new Remembering());
  vault.load("s1", "/f", [variable("A", "secret")]);
  vault.forget("s1");
  assert.equal(vault.variablesFor("s1").size, 0);
});

Deno.test("Vault.variablesFor() is a copy that later loading does not change", () => {
  const vault = new Vault(new Remembering());
  vault.load("s", "/f", [variable("A", "secret")]);
  const before = vault.variablesFor("s");
  vault.load("s", "/f", [variable("A", "changed")]);
  assert.equal(before.get("A"), "secret");
});

Deno.test("Vault.mask() masks a password and leaves common words alone", () => {
  const masker = new Remembering();
  const vault = new Vault(masker);
  assert.equal(vault.mask("correct horse"), true);
  assert.equal(vault.mask("none"), false);
  assert.deepEqual(masker.values, ["correct horse"]);
});

Deno.test("exemptionOf() follows the rule at its borders", () => {
  const cases: [string, ReturnType<typeof exemptionOf>][] = [
    ["", "short"],
    ["abc", "short"],
    ["🔑🔑🔑", "short"],
    ["abcd", undefined],
    ["ab1\n", "short"],
    ["      ", "short"],
    ["🔑🔑🔑🔑", undefined],
    ["12345", "number"],
    ["123456", undefined],
    ["0123", "number"],
    ["12.45", undefined],
    ["LOCALHOST", "word"],
    ["127.0.0.1", "word"],
    ["0.0.0.0", "word"],
    ["null", "word"],
    ["falsey", undefined],
  ];
  for (const [value, expected] of cases) assert.equal(exemptionOf(value), expected, value);
});

Deno.test("Vault.get() tells at most 50 of the loaded names", () => {
  const vault = new Vault(new Remembering());
  const variables = Array.from(
    { length: 60 },
    (_, i) => ({ name: `V${i}`, value: "abcd", public: false, line: i + 1 }),
  );
  vault.load("s", "f", variables);
  assert.throws(
    () => vault.get("s", "NOPE"),
    (error) => error instanceof ToolError && /V49 and 10 more$/.test(error.hint ?? ""),
  );
});

Deno.test("maskAll() masks the secret values and loads none of them", async () => {
  const masker = new Remembering();
  const vault = new Vault(masker);
  await vault.maskAll([variable("A", "secret-a"), variable("PORT", "8080"), variable("B", "public-b", true)]);
  assert.deepEqual(masker.values, ["secret-a"]);
  assert.deepEqual([...vault.variablesFor("s")], []);
});
