import assert from "node:assert/strict";
import {
  environmentLine,
  exportLines,
  injectingCommand,
  isShellOwned,
  unsetLine,
} from "../../lib/secrets/injection.ts";

/** Login shells that must work; each is started as sshd does, `shell -c command`. */
const SHELLS: readonly (readonly string[])[] = [
  ["dash"],
  ["bash"],
  ["bash", "--posix"],
  ["busybox", "ash"],
  ["zsh"],
  ["ksh93"],
  ["mksh"],
];
const LOCALES = ["C", "C.UTF-8"];
const encoder = new TextEncoder();

interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

async function run(
  shell: readonly string[],
  command: string,
  stdin: Uint8Array,
  env: Record<string, string> = {},
): Promise<Outcome> {
  const child = new Deno.Command(shell[0]!, {
    args: [...shell.slice(1), "-c", command],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    clearEnv: true,
    env: { PATH: Deno.env.get("PATH")!, HOME: "/dev/null", ...env },
  }).spawn();
  const feed = (async () => {
    const writer = child.stdin.getWriter();
    await writer.write(stdin);
    await writer.close();
  })().catch(() => {}); // a command that does not read its stdin closes it
  const output = await child.output();
  await feed;
  const text = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes);
  return { code: output.code, stdout: text(output.stdout), stderr: text(output.stderr) };
}

function injected(
  shell: readonly string[],
  command: string,
  variables: Record<string, string>,
  { stdin = new Uint8Array(), lang = "C" }: { stdin?: Uint8Array; lang?: string } = {},
): Promise<Outcome> {
  const line = environmentLine(new Map(Object.entries(variables)));
  return run(shell, injectingCommand(command), new Uint8Array([...line, ...stdin]), { LANG: lang });
}

async function hex(data: string | Uint8Array<ArrayBuffer>): Promise<string> {
  const bytes = typeof data === "string" ? encoder.encode(data) : data;
  return [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))]
    .map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Every character from 1 to 255, the shell's special ones in awkward places, and text outside Latin. */
function awkward(): Record<"ALL" | "NEWLINES", string> & Record<string, string> {
  const all = Array.from({ length: 255 }, (_, at) => String.fromCharCode(at + 1)).join("");
  return {
    ALL: all,
    QUOTES: `'"'\\''"\`$(echo no)\`\${HOME}$$!!'`,
    NEWLINES: "\n\none\ntwo'\n\n",
    BLANKS: "  a\t b  ",
    UNICODE: "日本語 🔑 \u0301é",
    TILDE: "~root:~",
    EQUALS: "=ls",
    BACKSLASH: "\\",
    EMPTY: "",
    DASHES: "-n -e",
  };
}

for (const shell of SHELLS) {
  const name = shell.join(" ");

  Deno.test(`injectingCommand() gives ${name} values of any bytes and an untouched stdin`, async () => {
    const stdin = crypto.getRandomValues(new Uint8Array(5000));
    const values = awkward();
    const names = Object.keys(values);
    const command = names.map((each) => `printf '%s' "$${each}" | sha256sum`).join("; ") + "; exec sha256sum";
    const expected = (await Promise.all([...Object.values(values), stdin].map(hex))).map((sum) => `${sum}  -\n`);
    for (const lang of LOCALES) {
      const outcome = await injected(shell, command, values, { stdin, lang });
      assert.equal(outcome.stderr, "");
      assert.deepEqual(outcome.stdout.split(/(?<=\n)/), expected);
      assert.equal(outcome.code, 0);
    }
  });

  Deno.test(`injectingCommand() gives ${name} values of 64 KB and 1000 variables`, async () => {
    const big = "abc'd$e`f\"g\\h é\n".repeat(4096).slice(0, 65536);
    const many = Object.fromEntries(Array.from({ length: 999 }, (_, at) => [`V${at}`, `value '${at}'\n`]));
    const stdin = encoder.encode("rest\n\n");
    const command = 'printf %s "$BIG" | sha256sum; printf %s "$V998$V0" | sha256sum; env | grep -c "^V[0-9]*="; cat';
    const outcome = await injected(shell, command, { BIG: big, ...many }, { stdin });
    assert.equal(outcome.stderr, "");
    assert.equal(
      outcome.stdout,
      `${await hex(big)}  -\n${await hex("value '998'\nvalue '0'\n")}  -\n999\nrest\n\n`,
    );
  });

  Deno.test(`injectingCommand() keeps the exit status and the shell of ${name} as they are without it`, async () => {
    const commands = [
      "true",
      "false",
      "exit 3",
      "(exit 7)",
      "set -e; false; echo not reached",
      "echo $?",
      "cat <<EOF\nhere $((1+1))\nEOF",
      "cat <<'EOF' # a comment\n$HOME `x`\nEOF\n",
      "echo a # comment",
      "echo 'it''s' \"quoted\" \\$X $0 $# \"$@\"",
      "trap 'echo bye' EXIT; echo in; exit 4",
      "f() { return 5; }; f",
      "kill -TERM $$",
      'set -u; echo "$NOT_SET"; echo not reached',
      "\n\necho two lines down\n",
      "exec sh -c 'exit 9'",
    ];
    const outcomes = await Promise.all(commands.map(async (command) => {
      const bare = await run(shell, command, new Uint8Array());
      const wrapped = await injected(shell, command, { A: "b" });
      return { bare: [command, bare.stdout, bare.code], wrapped: [command, wrapped.stdout, wrapped.code] };
    }));
    for (const { bare, wrapped } of outcomes) assert.deepEqual(wrapped, bare);
  });

  Deno.test(`injectingCommand() fails in ${name} as a syntax error does, and says where`, async () => {
    for (const command of ["echo (", "if", "echo 'open", "fi; echo no"]) {
      const outcome = await injected(shell, command, { A: "secret-value" });
      assert.notEqual(outcome.code, 0, command);
      assert.equal(outcome.stdout, "");
      assert.notEqual(outcome.stderr, "");
      assert.doesNotMatch(outcome.stderr, /secret-value/);
    }
  });

  Deno.test(`injectingCommand() leaves nothing of its own in ${name}'s environment`, async () => {
    const long = "x".repeat(5000);
    for (const value of ["short\n", long]) {
      const outcome = await injected(shell, "env; export -p; set | grep '^__mcp'; :", { MINE: value });
      assert.match(outcome.stdout, /^MINE=/m);
      assert.doesNotMatch(outcome.stdout, /__mcp/);
    }
  });

  Deno.test(`injectingCommand() runs nothing in ${name} when the variables did not arrive whole`, async () => {
    for (const value of ["short", "long".repeat(5000)]) {
      const line = environmentLine(new Map([["A", "first"], ["B", value]]));
      for (const cut of [0, 10, line.length - 20, line.length - 12]) {
        const outcome = await run(shell, injectingCommand("echo ran"), line.slice(0, cut));
        assert.equal(outcome.stdout, "", `cut at ${cut} of ${line.length}`);
        assert.notEqual(outcome.code, 0);
      }
    }
  });

  Deno.test(`environmentLine() survives names that ${name} keeps for itself`, async () => {
    const owned = ["UID", "EUID", "GID", "PPID", "OPTIND", "LINENO", "SHELLOPTS", "status", "path", "USERNAME"];
    owned.push("PIPESTATUS", "BASHPID", "GROUPS", "FUNCNAME", "DIRSTACK", "_", "__mcp_env", "__mcp_nl");
    assert.ok(owned.every(isShellOwned));
    const variables = Object.fromEntries([...owned.map((each) => [each, "x-1"]), ["AFTER", "reached"]]);
    const outcome = await injected(shell, 'echo "$AFTER"; id -u', variables);
    assert.equal(outcome.stdout, `reached\n${Deno.uid()}\n`);
    assert.equal(outcome.stderr, "");
  });

  Deno.test(`environmentLine() without head(1) still gives ${name} a long value`, async () => {
    const value = "ab'\n".repeat(3000);
    const line = environmentLine(new Map([["LONG", value]]));
    const command = injectingCommand('PATH=$GOOD_PATH; printf %s "$LONG" | sha256sum; cat');
    const shellPath = (await run(["sh"], `command -v ${shell[0]}`, new Uint8Array())).stdout.trim();
    const outcome = await run([shellPath, ...shell.slice(1)], command, new Uint8Array([...line, 0x72, 0x0a]), {
      PATH: "/nonexistent",
      GOOD_PATH: Deno.env.get("PATH")!,
    });
    assert.equal(outcome.stdout, `${await hex(value)}  -\nr\n`);
  });

  Deno.test(`exportLines() and unsetLine() set and unset variables in ${name} that sources a FIFO`, async () => {
    const values = Object.assign(awkward(), { UID: "x", path: "y" });
    const directory = await Deno.makeTempDir();
    try {
      // One FIFO a message: a second writer could otherwise reach the first reader, and the second reader nothing.
      const fifos = [`${directory}/1`, `${directory}/2`] as const;
      await new Deno.Command("mkfifo", { args: [...fifos] }).output();
      const command = `. ${fifos[0]}; printf '%s' "$ALL" | sha256sum; printf '%s' "$NEWLINES" | sha256sum; ` +
        `. ${fifos[1]}; echo "\${ALL-unset} \${EMPTY-unset}"`;
      const running = run(shell, command, new Uint8Array());
      await Deno.writeTextFile(fifos[0], exportLines(new Map(Object.entries(values))));
      await Deno.writeTextFile(fifos[1], unsetLine(Object.keys(values)));
      const outcome = await running;
      assert.equal(
        outcome.stdout,
        `${await hex(values.ALL)}  -\n${await hex(values.NEWLINES)}  -\nunset unset\n`,
      );
      assert.equal(outcome.stderr, "");
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
}

Deno.test("environmentLine() throws TypeError when a name or a value cannot be in an environment", () => {
  assert.throws(() => environmentLine(new Map([["A B", "x"]])), {
    name: "TypeError",
    message: "a variable's name is none that a shell can hold",
  });
  assert.throws(() => environmentLine(new Map([["A", "x\0y"]])), {
    name: "TypeError",
    message: "the value of A holds a NUL, which no environment can carry",
  });
  assert.throws(() => unsetLine(["$(id)"]), { name: "TypeError" });
});

Deno.test("unsetLine() is empty when there is nothing to unset", () => {
  assert.equal(unsetLine([]), "");
  assert.equal(unsetLine(["A", "B_2"]), "unset A B_2\n");
});
