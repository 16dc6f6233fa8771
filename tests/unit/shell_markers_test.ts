import assert from "node:assert/strict";
import { MarkerFilter, modeSwitches, type ShellMarker } from "../../lib/ssh/shell/marker_filter.ts";
import { withoutOurLines } from "../../lib/ssh/shell/kept_lines.ts";
import { awaitLine, sourceLine, statusLine } from "../../lib/ssh/shell/shell_line.ts";
import { run } from "../support/run.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function filtered(filter: MarkerFilter, text: string, chunkBytes: number): { text: string; markers: ShellMarker[] } {
  const markers: ShellMarker[] = [];
  let passed = "";
  const bytes = encoder.encode(text);
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    filter.push(bytes.subarray(at, at + chunkBytes), (output) => {
      if (output instanceof Uint8Array) passed += decoder.decode(output);
      else markers.push(output);
    });
  }
  return { text: passed, markers };
}

Deno.test("MarkerFilter.push() takes markers out wherever chunks are cut", () => {
  for (const chunkBytes of [1, 2, 5, 17, 1000]) {
    const filter = new MarkerFilter();
    const token = filter.expect();
    const marker = `\x1b]7717;${token};E;3;77;/tmp/a;b\x07c;${token}\x07`;
    const { text, markers } = filtered(filter, `before\x1b[31m${marker}behind\x1b]0;t\x07${marker}.`, chunkBytes);
    assert.equal(text, "before\x1b[31mbehind\x1b]0;t\x07.");
    assert.deepEqual(markers[0], { token, kind: "E", fields: ["3", "77", "/tmp/a", "b\x07c"] });
    assert.equal(markers.length, 2);
  }
});

Deno.test("MarkerFilter.push() lets markers with another token pass as output", () => {
  const filter = new MarkerFilter();
  const token = filter.expect();
  const forged = `\x1b]7717;mcp000000000000000000000000;E;0;1;/;mcp000000000000000000000000\x07`;
  const unended = `\x1b]7717;${token};E;0` + "x".repeat(9000);
  const { text, markers } = filtered(filter, forged + unended + "\r\n", 100);
  assert.equal(text, forged + unended + "\r\n");
  assert.equal(markers.length, 0);
});

Deno.test("MarkerFilter.mute() shows nothing but markers, and gives back what was muted", () => {
  const filter = new MarkerFilter();
  const token = filter.expect();
  filter.mute();
  const { text, markers } = filtered(filter, `echo\x1b[?2004l\r\n\x1b]7717;${token};B;1;${token}\x07`, 3);
  assert.deepEqual([text, markers.length], ["", 1]);
  const muted = filter.unmute();
  assert.equal(decoder.decode(muted), "echo\x1b[?2004l\r\n");
  assert.equal(modeSwitches(muted), "\x1b[?2004l");
  assert.equal(filtered(filter, "shown", 2).text, "shown");
});

Deno.test("modeSwitches() leaves the alternate screen out", () => {
  assert.equal(
    modeSwitches(encoder.encode("\x1b[?1049h\x1b[?25l\x1b=\x1b[?1;2004h\x1b[?47l")),
    "\x1b[?25l\x1b=\x1b[?1;2004h",
  );
});

Deno.test("awaitLine() holds nothing that a line editor takes for its own, in lines that every terminal takes", () => {
  const command = "echo 'a\tb' \"!x\" \\ $HOME `id` é\n" + "z".repeat(5000) + "\x03\x1b[A";
  const line = awaitLine(command, "mcp" + "0".repeat(24));
  assert.match(line, /^[\x20-\x7e\r]+$/);
  assert.doesNotMatch(line, /!/);
  for (const part of line.split("\r")) assert.ok(part.length < 1000, String(part.length));
});

Deno.test("awaitLine() runs the command with its text intact in a shell", async () => {
  const command = "printf '%s|' 'it'\\''s' \"a b\" '\\n' 'é 日本' $?\nfalse";
  const line = awaitLine(command, "mcp" + "1".repeat(24)).replaceAll("\r", "\n").replaceAll(">/dev/tty", ">&2");
  const { stdout } = await run("sh", ["-c", `(exit 9)\n${line}\necho left $?`]);
  assert.equal(stdout, "it's|a b|\\n|é 日本|9|left 1\n");
});

Deno.test("withoutOurLines() shows the command in place of the line that ran it", () => {
  const token = "mcp" + "a".repeat(24);
  const long = `echo ${"w".repeat(3000)}`;
  const echoed = (line: string): string => line.replaceAll("\\\r ", "\\\n>  ").trimEnd();
  const kept = `$ ${echoed(awaitLine("ls -l 'a b'; (exit 4)", token))}\nout\n$ ${echoed(awaitLine(long, token))}\n` +
    `$ ${echoed(statusLine(token))}\n$ ${echoed(sourceLine("/tmp/x/f", token))}\n$ `;
  assert.equal(withoutOurLines(kept), `$ ls -l 'a b'; (exit 4)\nout\n$ ${long}\n$ \n$ \n$ `);
  assert.equal(withoutOurLines("plain\n"), "plain\n");
  const lines = awaitLine(long, token).split("\\\r ");
  const unedited = `$ ${lines.join("\\\n ").trimEnd()}\n${"> ".repeat(lines.length - 1)}out\n> 1\n$ `;
  assert.equal(withoutOurLines(unedited), `$ ${long}\nout\n> 1\n$ `);
  const head = kept.slice(kept.indexOf(" {"), kept.indexOf("; __mcp_c"));
  for (const unended of [head.repeat(20_000), " { case ${BASH_VERSION-} in".repeat(20_000)]) {
    assert.equal(withoutOurLines(unended), unended);
  }
});

Deno.test("withoutOurLines() shows the command wherever in the echo a shell without a line editor has asked for more", () => {
  const token = "mcp" + "a".repeat(24);
  for (const command of [`echo ${"v".repeat(200)}`, `echo ${"w".repeat(900)}`]) {
    const whole = awaitLine(command, token).replaceAll("\\\r ", "\\\n ").trimEnd();
    const folds = whole.split("\\\n").length - 1;
    assert.ok(folds > 0);
    const first = whole.indexOf("\\\n") + 2;
    for (let at = first; at <= whole.length; at++) {
      const asked = `${whole.slice(0, at)}> ${whole.slice(at)}\n${"> ".repeat(folds - 1)}> quoted\n$ `;
      // The line that follows must keep its place, whatever it is.
      const kept = `$ ${asked}${sourceLine("/tmp/x/f", token).trimEnd()}\n$ `;
      assert.equal(withoutOurLines(kept), `$ ${command}\n> quoted\n$ \n$ `, String(at));
    }
  }
});

Deno.test("withoutOurLines() takes nothing behind a line of ours whose end is overwritten, and leaves what only looks like one", () => {
  const token = "mcp" + "a".repeat(16);
  for (const command of ["ls -l", `echo ${"w".repeat(900)}`]) {
    const whole = awaitLine(command, token).replaceAll("\\\r ", "\\\n>  ").trimEnd();
    for (const lost of [1, 10, 60, 150]) {
      const source = sourceLine("/tmp/x/f", token).trimEnd();
      const kept = `$ ${whole.slice(0, -lost)}\none\n$ ${source}\n$ ${whole}\nagain\n$ `;
      assert.equal(withoutOurLines(kept), `$ ${command}\none\n$ \n$ ${command}\nagain\n$ `, `${lost}`);
    }
  }
  const line = awaitLine("ls", token).trimEnd();
  const tail = line.slice(line.lastIndexOf(" __mcp_s=$?; { printf "), -10);
  const behind = `$ ${sourceLine("/tmp/x/f", token).trimEnd()}\n$ `;
  assert.equal(withoutOurLines(`${tail}\none\n${behind}`), "\none\n$ \n$ ");
  const source = ' { __mcp_s=$?; __mcp_w=";\nconst more = "; __mcp_w=$__mcp_w";\n';
  assert.equal(withoutOurLines(source), source);
});
