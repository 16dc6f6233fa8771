import assert from "node:assert/strict";
import { shellPath, ShellUser } from "../support/shell_user.ts";
import { startSshd } from "../support/sshd.ts";

const TOKEN = "sk-live-4f9Qz81LmN0pRtUvWxYz2AqB7cD3eF";

/** Pieces of the value that must not be seen. */
function pieces(value: string, length = 8): string[] {
  return Array.from({ length: value.length - length + 1 }, (_none, at) => value.slice(at, at + length));
}

function assertHidden(text: string, where: string): void {
  const squeezed = text.replace(/[\s\p{Cc}]+/gu, "");
  for (const piece of pieces(TOKEN)) assert.ok(!text.includes(piece) && !squeezed.includes(piece), `${where}: ${text}`);
}

for (const name of ["bash", "dash", "ash", "zsh", "ksh93"] as const) {
  Deno.test(`loaded variables are in a shell of ${name}, and neither on its screen nor in its history nor in a file`, async () => {
    await using sshd = await startSshd();
    await using shell = await ShellUser.login(sshd, await shellPath(name));
    await shell.load(`API_TOKEN=${TOKEN}\n`);
    const opened = await shell.open();
    assert.equal(opened.note, undefined);
    assert.equal((await shell.run("echo ${#API_TOKEN}")).output, String(TOKEN.length));
    assert.equal((await shell.run("sh -c 'echo ${#API_TOKEN}'")).output, String(TOKEN.length));
    const history = await shell.send("fc -l 1 2>/dev/null || history 2>/dev/null", { read_lines: 1000 });
    const whole = await shell.read({ lines: 1000, raw: true });
    assertHidden(history.output, "history");
    assertHidden(whole.output, "screen");
    assert.doesNotMatch(whole.output.slice(0, whole.output.indexOf("echo ${#")), /7717|mktemp|eval|mcp\./);
    const files = await shell.run("find /tmp -maxdepth 1 -user $(id -un) -name 'mcp.*'; grep -rl '4f9Qz81LmN0[p]' ~");
    assert.equal(files.output, "");
    assertHidden(
      (await shell.send("echo $API_TOKEN; printf '%s' $API_TOKEN | base64; printf '%s' $API_TOKEN | rev")).output,
      name,
    );
  });
}

Deno.test("a value is hidden at every width, raw and rendered, and wherever lines and since cut", async () => {
  await using sshd = await startSshd();
  await using shell = await ShellUser.login(sshd, await shellPath("bash"));
  await shell.load(`API_TOKEN=${TOKEN}\n`);
  await shell.open({ width: 200, height: 10 });
  for (const width of [200, 41, 30, 20, 11]) {
    await shell.send("", { width });
    const answer = await shell.send("printf '%*s%s|\\n' 185 '' $API_TOKEN; echo $API_TOKEN");
    assertHidden(answer.output, `width ${width}`);
    for (const lines of [1, 2, 3, 5]) {
      assertHidden((await shell.read({ lines })).output, `width ${width}, ${lines} lines`);
      assertHidden((await shell.read({ lines, raw: true })).output, `width ${width}, ${lines} raw lines`);
    }
  }
  const cursor = (await shell.send(
    "printf '%s' ${API_TOKEN%????????????????????}; sleep 0.3; printf '%s\\n' ${API_TOKEN#??????????????????}",
    {
      wait: 0.1,
    },
  )).cursor;
  await shell.wait(undefined);
  assertHidden((await shell.read({ since: cursor })).output, "since");
  assertHidden((await shell.read({ since: cursor, raw: true })).output, "raw since");
});

Deno.test("a value is hidden when the terminal draws its letters as lines", async () => {
  await using sshd = await startSshd();
  await using shell = await ShellUser.login(sshd, await shellPath("bash"));
  await shell.load(`API_TOKEN=${TOKEN}\n`);
  await shell.open();
  const { output } = await shell.run("printf '\\033(0lqk\\nx%sx\\nmqj\\033(B\\n' $API_TOKEN");
  assert.equal(output, "┌─┐\n│***│\n└─┘");
});

Deno.test("a value that is typed out slowly never shows a piece of eight characters", async () => {
  await using sshd = await startSshd();
  await using shell = await ShellUser.login(sshd, await shellPath("bash"));
  await shell.load(`API_TOKEN=${TOKEN}\n`);
  await shell.open();
  const slow = `for i in $(seq 0 ${TOKEN.length - 1}); do printf '%s' "\${API_TOKEN:$i:1}"; sleep 0.03; done; echo`;
  let { cursor } = await shell.send(slow, { wait: 0.01 });
  const seen: string[] = [];
  for (let turn = 0; turn < 40; turn++) {
    const [tail, raw] = [await shell.read({ lines: 1 }), await shell.read({ since: cursor, raw: true })];
    ({ cursor } = raw);
    assertHidden(tail.output, "tail");
    assertHidden(raw.output, "raw");
    seen.push(raw.output);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  assertHidden(seen.join("").replaceAll("***", ""), "all raw answers together");
});

Deno.test("a value that comes slowly over other text, backwards, in another screen or through a window is hidden at every moment", async () => {
  await using sshd = await startSshd();
  await using shell = await ShellUser.login(sshd, await shellPath("bash"));
  await shell.load(`API_TOKEN=${TOKEN}\n`);
  await shell.open({ width: 60, height: 12 });
  const last = TOKEN.length - 1;
  const character = '"${API_TOKEN:$i:1}"; sleep 0.02; done; echo';
  const over = "printf 'abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz\\r'";
  for (
    const slow of [
      `${over}; for i in $(seq 0 ${last}); do printf '%s' ${character}`,
      `for i in $(seq ${last} -1 0); do printf '\\033[3;%sH%s' $((i+3)) ${character}`,
      `for i in $(seq ${last} -1 0); do printf '\\r\\033[@%s' ${character}`,
      `printf '\\033[?1049h\\033[5;40H'; for i in $(seq 0 ${last}); do printf '%s' ${character}; printf '\\033[?1049l'`,
      `for i in $(seq 0 ${last - 8}); do printf '\\r%s' "\${API_TOKEN:$i:9}"; sleep 0.02; done; echo`,
    ]
  ) {
    let { cursor, state } = await shell.send(`clear; ${slow}`, { wait: 0.01 });
    for (let turn = 0; state !== "prompt" && turn < 500; turn++) {
      const since = await shell.read({ since: cursor });
      ({ cursor, state } = since);
      assertHidden(since.output, slow);
      assertHidden((await shell.read({ lines: 3 })).output, slow);
      assertHidden((await shell.read({ lines: 3, raw: true })).output, slow);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.equal(state, "prompt", slow);
  }
});

Deno.test("a value drawn with cursor moves is hidden on the screen", async () => {
  await using sshd = await startSshd();
  await using shell = await ShellUser.login(sshd, await shellPath("bash"));
  await shell.load(`API_TOKEN=${TOKEN}\n`);
  await shell.open({ width: 60, height: 10 });
  const half = Math.floor(TOKEN.length / 2);
  const drawn = await shell.send(
    `clear; printf '\\033[3;${half + 1}H%s\\033[3;1H%s\\033[5;1H' "\${API_TOKEN:${half}}" "\${API_TOKEN:0:${half}}"`,
  );
  assertHidden(drawn.output, "two halves");
  const backspaced = await shell.send(
    `for i in $(seq 0 ${TOKEN.length - 1}); do printf 'x\\b%s' "\${API_TOKEN:$i:1}"; done; echo`,
  );
  assertHidden(backspaced.output, "backspaces");
});

Deno.test("start-up files that print and are slow keep neither the first prompt nor the variables away", async () => {
  await using sshd = await startSshd();
  await using shell = await ShellUser.login(sshd, await shellPath("bash"));
  const noise = "echo 'noise $ '; sleep 0.3; printf '\\033]0;title\\007more\\nPassword: \\n'; echo /tmp/not-it\n";
  await Deno.writeTextFile(`${shell.user.home}/.bashrc`, noise);
  await Deno.writeTextFile(`${shell.user.home}/.profile`, noise);
  await shell.load(`API_TOKEN=${TOKEN}\n`);
  const opened = await shell.open();
  assert.deepEqual([opened.state, opened.note], ["prompt", undefined]);
  assert.equal((await shell.run("echo ${#API_TOKEN}")).output, String(TOKEN.length));
});
