import assert from "node:assert/strict";
import { ToolError } from "../../lib/errors.ts";
import { Cursors } from "../../lib/ssh/shell/cursors.ts";
import { type Foreground, shellWaits } from "../../lib/ssh/shell/foreground.ts";
import { keySequence } from "../../lib/ssh/shell/keys.ts";
import { compilePattern, plainText } from "../../lib/ssh/shell/pattern.ts";
import { type EditorSigns, situationOf } from "../../lib/ssh/shell/situation.ts";

function situation(
  before: string,
  more: {
    editorWaits?: boolean;
    editorSpeaks?: boolean;
    draws?: boolean;
    alternate?: boolean;
    bottom?: string;
    after?: string;
    standout?: boolean;
    known?: string[];
  } = {},
): string {
  const { alternate = false, bottom = before, after = "", editorWaits = false, draws = false, known = [] } = more;
  const found = situationOf({ row: 0, before, after, standout: more.standout ?? false, alternate, bottom }, {
    editorWaits,
    editorSpeaks: more.editorSpeaks ?? editorWaits,
    draws,
    known: new Set(known),
    sent: true,
  });
  return found.waitingFor === undefined ? found.state : `${found.state}: ${found.waitingFor}`;
}

Deno.test("situationOf() knows prompts, questions and programs at work", () => {
  const cases: Record<string, string[]> = {
    "prompt": [
      "root@host:~# ",
      "user@host /tmp $ ",
      "host% ",
      "$ ",
      "# ",
      "~ ❯ ",
      "[root@db ~]# ",
      "PS C:\\> ",
      "bash-5.2$ ",
    ],
    "input: password": [
      "[sudo] password for ann: ",
      "Password:",
      "Enter passphrase for key '/x': ",
      "Pass-phrase for the key: ",
      "ann@host's password: ",
      "Mot de passe : ",
      "Enter your API token: ",
      "Enter secret key: ",
    ],
    "input: pager": [
      "--More--",
      "--More--(12%)",
      "(END)",
      ":",
      "Manual page ls(1) line 1 (press h for help or q to quit)",
    ],
    "input: confirmation": [
      "Do you want to continue? [Y/n] ",
      "Proceed (y/N)? ",
      "Are you sure you want to continue connecting (yes/no/[fingerprint])? ",
    ],
    "input: key": [
      "Press any key to continue . . . ",
      "-- Hit ENTER to go on --",
      "Press RETURN to continue or q to quit: ",
    ],
    "input: repl": [
      ">>> ",
      "... ",
      "In [12]: ",
      "mysql> ",
      "postgres=# ",
      "irb(main):001:0> ",
      "sqlite> ",
      "(gdb) ",
      "127.0.0.1:6379> ",
    ],
    "input: more input": ["> ", "quote> ", "for> "],
    "input: answer": ["Which one? ", "#? ", "Name of the project (my-app): ", "What?", "Your choice:"],
    "input: login": ["host login: ", "Username: "],
    "running": ["", "Compiling 12 of 40", "50% ", " 37%", "Downloading 99 %", "Loading...", "a = b >= c", "total: 12"],
  };
  for (const [expected, lines] of Object.entries(cases)) {
    for (const line of lines) assert.equal(situation(line), expected, JSON.stringify(line));
  }
});

Deno.test("situationOf() believes a line editor and known prompts more than the look of a line", () => {
  assert.equal(situation("password: ", { editorWaits: true }), "prompt");
  assert.equal(situation("password: ", { known: ["password: "] }), "prompt");
  assert.equal(situation("odd prompt ;", { known: ["odd prompt ;"] }), "prompt");
  assert.equal(situation("x", { alternate: true, bottom: "lines 1-49" }), "input: pager");
  assert.equal(situation("x", { alternate: true, bottom: "-- INSERT --" }), "fullscreen");
  assert.equal(situation("at work", { draws: true }), "fullscreen");
  assert.equal(situation("> ", { editorWaits: true }), "input: more input");
  assert.equal(situation("> ", { editorSpeaks: true }), "input: repl");
  assert.equal(situation("> ", { editorWaits: true, known: ["> "] }), "prompt");
  for (const alternate of [true, false]) {
    assert.equal(situation("notes.txt", { alternate, standout: true }), "input: pager");
    assert.equal(situation("notes.txt lines 1-49/300 15%", { alternate, standout: true }), "input: pager");
    assert.notEqual(situation("notes.txt ", { alternate, standout: true }), "input: pager");
  }
  assert.equal(situation("$ ", { after: "typed text" }), "running");
});

Deno.test("situationOf() leaves to the host what looks like a question", () => {
  const at = (before: string, shellWaits?: boolean | "unknown", sent = true): [string, boolean | undefined] => {
    const view = { row: 0, before, after: "", standout: false, alternate: false, bottom: before };
    const signs = { editorWaits: false, editorSpeaks: false, draws: false, known: new Set<string>(), sent };
    const { state, doubtful } = situationOf(view, { ...signs, shellWaits });
    return [state, doubtful];
  };
  for (const before of ["Password: ", ">>> ", "--More--", "Which one? "]) {
    assert.deepEqual(at(before), ["input", true]);
    assert.deepEqual(at(before, true), ["prompt", undefined]);
    assert.deepEqual(at(before, false), ["input", undefined]);
    assert.deepEqual(at(before, "unknown"), ["input", undefined]);
  }
  assert.deepEqual(at("odd;; "), ["running", true]);
  assert.deepEqual(at("odd;; ", true), ["prompt", undefined]);
  assert.deepEqual(at("odd;; half typed", undefined, false), ["running", undefined]);
  assert.deepEqual(at(""), ["running", true]);
  for (const before of ["$ ", "> "]) assert.equal(at(before)[1], undefined);
});

Deno.test("shellWaits() tells a shell at its prompt from one that reads a line itself", () => {
  const silent = { editorWaits: false, editorSpeaks: false };
  const speaking = { editorWaits: false, editorSpeaks: true };
  const waiting = { editorWaits: true, editorSpeaks: true };
  const waits = (
    foreground: Foreground,
    editor: EditorSigns,
    line: string,
    asks = true,
  ): boolean => shellWaits(foreground, editor, { typed: [line], asks });
  assert.equal(waits("program", waiting, ""), false);
  assert.equal(waits({ name: "bash", reads: "raw", atTerminal: false }, waiting, ""), true);
  assert.equal(waits({ name: "bash", reads: "raw", atTerminal: false }, speaking, "ask_me"), false);
  assert.equal(waits({ name: "bash", reads: "raw", atTerminal: false }, silent, "PS1='? '"), true);
  assert.equal(waits({ name: "bash", reads: "cooked", atTerminal: false }, silent, "ask_me"), false);
  assert.equal(waits({ name: "dash", reads: "cooked", atTerminal: false }, silent, "PS1='? '"), true);
  assert.equal(waits({ name: "dash", reads: "cooked", atTerminal: false }, speaking, "PS1='? '"), true);
  assert.equal(
    waits({ name: "dash", reads: "cooked", atTerminal: false }, silent, "printf 'at work'; wait", false),
    false,
  );
  assert.equal(waits({ name: "dash", reads: "cooked", atTerminal: false }, silent, "printf '? '; read x"), false);
  assert.equal(waits({ name: "dash", reads: "cooked", atTerminal: true }, silent, "PS1=odd", false), true);
  assert.equal(waits({ name: "dash", reads: "cooked", atTerminal: true }, silent, "'\\0012read -p Name x'"), false);
  assert.equal(waits({ name: "dash", reads: "cooked", atTerminal: true }, silent, "cat thread readme"), true);
  assert.equal(waits({ name: "dash", reads: "silent", atTerminal: true }, silent, "ask_me"), false);
  assert.equal(waits({ name: "mksh", reads: "raw", atTerminal: false }, silent, "PS1='? '"), true);
  assert.equal(waits({ name: "mksh", reads: "raw", atTerminal: false }, silent, "PS1=odd", false), true);
  assert.equal(waits({ name: "mksh", reads: "cooked", atTerminal: false }, silent, "ask_me"), false);
});

Deno.test("keySequence() gives what a terminal sends", () => {
  assert.equal(keySequence("c", false), "\x03");
  assert.equal(keySequence("Ctrl-C", false), "\x03");
  assert.deepEqual(["[", "]", "\\", "^", "_", "@", "?"].map((key) => keySequence(key, false)), [
    ..."\x1b\x1d\x1c\x1e\x1f\0\x7f",
  ]);
  // As xterm sends them (ctlseqs, PC-Style Function Keys).
  const known = {
    up: "[A",
    down: "[B",
    right: "[C",
    left: "[D",
    HOME: "[H",
    end: "[F",
    pageup: "[5~",
    pagedown: "[6~",
    delete: "[3~",
    ...{ f1: "OP", f2: "OQ", f3: "OR", f4: "OS", f5: "[15~", f6: "[17~", f7: "[18~", f8: "[19~", f9: "[20~" },
    ...{ f10: "[21~", f11: "[23~", f12: "[24~" },
  };
  for (const [key, sequence] of Object.entries(known)) assert.equal(keySequence(key, false), `\x1b${sequence}`, key);
  assert.equal(keySequence("up", true), "\x1bOA");
  assert.deepEqual(
    ["enter", "tab", "escape", "backspace", "delete", "pageup", "f1", "f12"].map((key) => keySequence(key, true)),
    [
      "\r",
      "\t",
      "\x1b",
      "\x7f",
      "\x1b[3~",
      "\x1b[5~",
      "\x1bOP",
      "\x1b[24~",
    ],
  );
  for (const key of ["constructor", "ü", "cc", ""]) {
    assert.throws(
      () => keySequence(key, false),
      (error) => error instanceof ToolError && error.code === "invalid_argument" && /f12/.test(error.hint ?? ""),
    );
  }
});

Deno.test("compilePattern() takes plain text and RE2, and no more than 4096 characters", async () => {
  assert.equal((await compilePattern("a.c", false)).matches("abc"), false);
  assert.equal((await compilePattern("a.c", true)).matches("xabcx"), true);
  assert.equal((await compilePattern("one\ntwo", false)).lines, 2);
  for (
    const [pattern, regex] of [["", false], ["x".repeat(4097), false], ["(", true], ["(a)\\1", true], [
      "(?=a)",
      true,
    ]] as const
  ) {
    await assert.rejects(
      compilePattern(pattern, regex),
      (error) => error instanceof ToolError && error.code === "invalid_argument",
    );
  }
  assert.equal(
    (await compilePattern("\\d{1,3}(?:\\.\\d{1,3}){3}:\\d{1,5} (?:ready|failed)", true)).matches("10.0.0.1:80 ready"),
    true,
  );
  const large = await compilePattern("(a|b|ab)*".repeat(300) + "c", true);
  assert.deepEqual([large.matches("x".repeat(15_000) + "abc"), large.matches("abc" + "x".repeat(15_000))], [
    true,
    false,
  ]);
  for (
    const pattern of ["(?:a?){1000}".repeat(300), "a{1,1000}".repeat(50), "(?:abcdefghijklmnopqrst){1000}"]
  ) {
    await assert.rejects(
      compilePattern(pattern.slice(0, 4096), true),
      (error) => error instanceof ToolError && /too large|too many/.test(error.message),
      pattern,
    );
  }
  assert.equal(plainText(new TextEncoder().encode("a\x1b[31mb\x1b]0;t\x07\rc\x1b(B\n")), "abc\n");
});

Deno.test("Cursors.resolve() gives the place back, and takes no cursor of another shell", () => {
  const cursors = new Cursors();
  const cursor = cursors.issue({ offset: 10, row: 2, line: "$ " });
  assert.deepEqual(cursors.resolve(cursor, 10), { offset: 10, row: 2, line: "$ " });
  assert.deepEqual(cursors.resolve("0", 10), { offset: 0, row: 0, line: undefined });
  for (const foreign of [new Cursors().issue({ offset: 1, row: 0, line: "" }), "", "x", "1", "-5"]) {
    assert.throws(
      () => cursors.resolve(foreign, 10),
      (error) => error instanceof ToolError && error.code === "invalid_argument" && /no cursor/.test(error.message),
      foreign,
    );
  }
  for (let at = 0; at < 1000; at++) cursors.issue({ offset: 11 + at, row: 3, line: "" });
  assert.equal(cursors.resolve(cursor, 2000).line, undefined);
});
