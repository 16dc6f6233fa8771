import assert from "node:assert/strict";
import { quoteUntrusted, ToolError } from "../../lib/errors.ts";
import { Vault } from "../../lib/secrets/vault.ts";
import { Sessions } from "../../lib/ssh/sessions.ts";

Deno.test("quoteUntrusted() escapes whatever is not seen, or turns what is seen around", () => {
  const hidden = ["\u0007", "\u001b", "\u0085", "\u00ad", "\u061c", "\u200b", "\u202e", "\u2028", "\u2066", "\ufeff"];
  for (const character of [...hidden, "\u{e0041}", "\u{e0100}"]) {
    const code = character.codePointAt(0)?.toString(16) ?? "";
    const quoted = quoteUntrusted(`a${character}b`);
    assert.match(quoted, /^"a\\[xu]\{?[0-9a-f]+\}?b"$/, code);
    assert.ok(quoted.includes(code.padStart(2, "0").replace(/^0+(?=..)/, "")), quoted);
  }
  assert.equal(quoteUntrusted('né "文" 🙂\\\n'), '"né \\"文\\" 🙂\\\\\\n"');
});

Deno.test("mask() refuses when an agent has passed more than can be masked, and takes what it knows", () => {
  const masked: string[] = [];
  const vault = new Vault({
    add: (values) => void masked.push(...values),
    addInTurns: () => Promise.resolve(),
    isLifted: () => false,
  });
  const password = (index: number): string => `${index}`.padStart(4096, "x");
  for (let index = 0; index < 8; index++) vault.mask(password(index));
  assert.throws(
    () => vault.mask("one-more-password"),
    (error) => error instanceof ToolError && error.code === "limit_reached" && /more different/.test(error.message),
  );
  assert.equal(vault.mask(password(3)), true);
  assert.equal(masked.length, 8);
});

Deno.test("reserve() counts sessions that are being opened, and gives a place back", () => {
  const sessions = new Sessions();
  const places = Array.from({ length: 200 }, () => sessions.reserve());
  assert.throws(
    () => sessions.reserve(),
    (error) => error instanceof ToolError && error.code === "limit_reached" && /200 sessions/.test(error.message),
  );
  places[0]?.[Symbol.dispose]();
  sessions.reserve()[Symbol.dispose]();
});
