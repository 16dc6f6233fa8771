import assert from "node:assert/strict";
import headless from "@xterm/headless";
import { MarkBound, sliceOf } from "../../lib/ssh/shell/emulator_bounds.ts";
import { RowLog } from "../../lib/ssh/shell/row_log.ts";
import { MAX_STRING_BYTES, StringBound } from "../../lib/ssh/shell/string_bound.ts";
import { Screen } from "../../lib/ssh/shell/screen.ts";

const encoder = new TextEncoder();
const size = { width: 40, height: 10 };

async function shownOf(output: string): Promise<string> {
  const screen = await Screen.open(size, new RowLog(500_000));
  try {
    const bytes = encoder.encode(output);
    for (let at = 0; at < bytes.length;) {
      const slice = screen.slice(bytes.subarray(at));
      await screen.write(bytes.subarray(at, at + slice));
      at += slice;
    }
    return screen.render(0).text.trimEnd();
  } finally {
    screen.dispose();
  }
}

Deno.test("Screen.write() does nothing so often that it would never end", async () => {
  for (const final of ["S", "T", "^", "L", "M", "b", "I", "Z"]) {
    for (const introducer of ["\x1b[", "\x9b"]) {
      for (const count of [100_000, 2_147_483_647, 99_999_999_999]) {
        assert.equal(await shownOf(`one${introducer}${count}${final}`), "one", `${count}${final}`);
      }
    }
  }
  assert.equal(await shownOf("ab\x1b[3b"), "abbbb");
  assert.equal(await shownOf("one\x1b[1L"), "\none");
  assert.equal(await shownOf("one\x1b[3Itwo"), "one                     two");
});

Deno.test("Screen.slice() gives less of what costs more, and never more rows than are kept", async () => {
  const fits = (unit: string): number => sliceOf(encoder.encode(unit.repeat(16 * 1024)), size) / unit.length;
  assert.ok(fits("\x1b[31mx") > 1000);
  for (const unit of ["\n", "\v", "\f", "\x1bD", "\x1bE", "\x1b[S", "\x1b[5T", "\x1b[2J", "\x1bc"]) {
    assert.ok(fits(unit) <= 901, JSON.stringify(unit));
  }
  assert.ok(sliceOf(encoder.encode("\x1bc".repeat(9000)), { width: 200, height: 50 }) < 100);
  for (const lineEnd of ["\r\n", "\r\v", "\r\f", "\r\x1bD", "\x1bE", "\x85"]) {
    const lines = Array.from({ length: 3000 }, (_none, at) => `line ${at}`);
    assert.equal(await shownOf(lines.join(lineEnd)), lines.join("\n"), JSON.stringify(lineEnd));
  }
});

Deno.test("MarkBound.take() piles no more marks on a character than languages do, wherever chunks are cut", () => {
  const piled = encoder.encode("é e" + "\u0301".repeat(5000) + "日本語 x\u0301\u0302 👩\u200d👩\u200d👧 " + "end");
  for (const length of [1, 2, 7, 1000, piled.length]) {
    const bound = new MarkBound();
    let text = "";
    for (let at = 0; at < piled.length; at += length) {
      const left = bound.take(piled.subarray(at, at + length));
      text += typeof left === "string" ? left : new TextDecoder().decode(Uint8Array.from(left));
    }
    assert.equal(text, "é e" + "\u0301".repeat(30) + "日本語 x\u0301\u0302 👩\u200d👩\u200d👧 end", String(length));
  }
});

Deno.test("StringBound.take() bounds what control strings say, and leaves all else as it is, wherever chunks are cut", () => {
  const long = "x".repeat(3 * MAX_STRING_BYTES) + "ü¢";
  const short = "x".repeat(MAX_STRING_BYTES);
  const ended = (text: string): string => `one${text}two\x1b[31mthree \u009b0mé`;
  for (
    const opener of ["\x1b]", "\x1bP", "\x1bX", "\x1b^", "\x1b_", "\u009d", "\u0090", "\u0098", "\u009e", "\u009f"]
  ) {
    const ends = ["\x1b\\", "\u009c", "\x18", "\x1a", ...("\x1b]\u009d".includes(opener) ? ["\x07"] : [])];
    for (const end of ends) {
      const bytes = encoder.encode(ended(opener + long + end));
      for (const length of [1, 7, 4096, 12_000]) {
        const bound = new StringBound();
        const left: number[] = [];
        for (let at = 0; at < bytes.length; at += length) {
          left.push(...bound.take(bytes.subarray(at, at + length)));
        }
        assert.equal(
          new TextDecoder().decode(Uint8Array.from(left)),
          ended(opener + short + end),
          JSON.stringify([opener, end, length]),
        );
      }
    }
  }
  const others = encoder.encode("\x1b[1mé\x1b\x1b]0;title\x07\xc2\u00a0 \x1bP1$r0m\x1b\\ end\x1b");
  assert.deepEqual(new StringBound().take(others), others);
});

Deno.test("Screen.write() shows what stands behind a control string of any length", async () => {
  assert.equal(await shownOf(`one\x1b]0;${"x".repeat(300_000)}\x07two`), "onetwo");
});

Deno.test("Screen.write() gives the emulator no more of a control string than the bound, one that never ends included", async () => {
  const { prototype } = headless.Terminal;
  const { write } = prototype;
  for (const opener of ["\x1b]0;", "\x1bP", "\u0090", "\x1b_"]) {
    for (const end of ["\x1b\\", ""]) {
      let given = 0;
      prototype.write = function (data, callback): void {
        given += data.length;
        write.call(this, data, callback);
      };
      try {
        await shownOf(`one${opener}${"x".repeat(300_000)}${end}`);
      } finally {
        prototype.write = write;
      }
      assert.ok(given > MAX_STRING_BYTES && given < MAX_STRING_BYTES + 100, JSON.stringify([opener, end, given]));
    }
  }
});
