import assert from "node:assert/strict";
import { baseName, decodeName, encodeName, expandHome, joinPath, parentPath } from "../../lib/ssh/sftp/names.ts";
import { matchesGlob } from "../../lib/ssh/transfer/glob.ts";
import { freshPartPath, isPartName, partPath } from "../../lib/ssh/transfer/part_name.ts";

Deno.test("decodeName() and encodeName() keep every byte", () => {
  const samples = [[0xff], [0x61, 0xc3], [0xed, 0xa0, 0x80], [0xef, 0xbb, 0xbf, 0x61], [0xf0, 0x9f, 0x98, 0x80, 0xfe]];
  for (let at = 0; at < 500; at++) samples.push([...crypto.getRandomValues(new Uint8Array(at % 12))]);
  for (const sample of samples) {
    const bytes = new Uint8Array(sample);
    assert.deepEqual(encodeName(decodeName(bytes)), bytes, sample.join(" "));
  }
  assert.equal(decodeName(new TextEncoder().encode("é😀")), "é😀");
});

Deno.test("parentPath(), baseName(), joinPath() and expandHome() take paths apart and together", () => {
  assert.deepEqual(["/a/b", "/a", "a", "a/b/", "/", "a//b"].map(parentPath), ["/a", "/", ".", "a", "/", "a"]);
  assert.deepEqual(["/a/b", "a", "a/b/"].map(baseName), ["b", "a", "b"]);
  assert.deepEqual([joinPath(".", "a"), joinPath("/", "a"), joinPath("b", "a")], ["a", "/a", "b/a"]);
  assert.deepEqual(["~", "~/", "~/a", "~a", "a~", "/~/a"].map(expandHome), [".", ".", "a", "~a", "a~", "/~/a"]);
});

Deno.test("partPath() stands beside its target, is the same for the same content, and never too long", () => {
  assert.equal(partPath("/dir/file", "one"), partPath("/dir/file", "one"));
  assert.notEqual(partPath("/dir/file", "one"), partPath("/dir/file", "two"));
  assert.notEqual(freshPartPath("/dir/file"), freshPartPath("/dir/file"));
  for (const name of ["file", "é".repeat(127), "x".repeat(255), "😀".repeat(63)]) {
    const path = partPath(`/dir/${name}`, "one");
    assert.equal(parentPath(path), "/dir");
    assert.ok(encodeName(baseName(path)).length <= 255);
    assert.equal(isPartName(baseName(path)), true);
    assert.equal(isPartName(name), false);
  }
});

Deno.test("matchesGlob() reads patterns as shells do", () => {
  const yes = [["*", ".x"], ["*.txt", "a.txt"], ["?", "é"], ["[a-c]x", "bx"], ["[!a-c]x", "dx"], ["a[", "a["]];
  yes.push(["\\*", "*"], ["**b**", "abc"], ["[]]", "]"], ["a*b*c", "aXbYc"], ["[a-]", "-"]);
  const no = [["*.txt", "a.txtx"], ["?", "ab"], ["[a-c]x", "dx"], ["\\*", "a"], ["", "a"], ["a*b", "a"], ["[!a]", "a"]];
  for (const [pattern, name] of yes) assert.equal(matchesGlob(name!, pattern!), true, `${pattern} ${name}`);
  for (const [pattern, name] of no) assert.equal(matchesGlob(name!, pattern!), false, `${pattern} ${name}`);
});

Deno.test("matchesGlob() ends with many stars that all could match", () => {
  // Trying every way to split the name between the stars would outlast the machine.
  assert.equal(matchesGlob("a".repeat(255), "*a".repeat(100) + "b"), false);
});
