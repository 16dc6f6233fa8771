/** Secrets through the whole program: loaded, used, never seen, cleared, and lifted by nobody but the person. */
import assert from "node:assert/strict";
import { programBed } from "../support/account_bed.ts";
import type { ProgramOptions } from "../support/program.ts";
import { eventually, processes } from "../support/processes.ts";
import type { TestUserOptions } from "../support/sshd.ts";

const TOKEN = "sk-live-4f9Qz7XbT2mLr8WcD";
const NASTY = 'p"a$s `w`\\o&r<d>;é€*?[!# it is';
const PASSWORD = "correct-Horse-77";

async function secretsSetup(user: TestUserOptions = {}, client: ProgramOptions["client"] = {}) {
  const bed = await programBed({
    sshd: { passwordAuthentication: true },
    user: { password: PASSWORD, sudo: "password", ...user },
    env: `API_TOKEN=${TOKEN}\nNASTY='${NASTY}'\nMULTI="first line here\nsecond line here"\n` +
      `SUDO_PASS=${PASSWORD}\nPORT=8080\n`,
    client,
  });
  const { session_id } = await bed.program.ok("ssh_connect", bed.target);
  const { key_path: _, ...address } = bed.target;
  return { ...bed, session_id, address };
}

Deno.test("ssh_load_env_file answers names and warnings, and nothing of a value", async () => {
  await using setup = await secretsSetup();
  const { program, session_id } = setup;
  const answer = await program.call("ssh_load_env_file", { session_id, file_path: "app.env" });
  assert.deepEqual(answer.value.variables, ["API_TOKEN", "NASTY", "MULTI", "SUDO_PASS", "PORT"]);
  assert.equal(answer.value.count, 5);
  assert.match(answer.value.warnings.join(), /PORT/);
  for (const value of [TOKEN, TOKEN.slice(0, 8), PASSWORD, "8080", "first line"]) {
    assert.ok(!answer.text.includes(value));
  }
});

for (const shell of ["/bin/sh", "/bin/bash", "/usr/bin/zsh"]) {
  Deno.test(`loaded variables reach commands byte for byte with login shell ${shell}, and no answer shows them`, async () => {
    await using setup = await secretsSetup({ shell });
    const { program, session_id } = setup;
    await program.ok("ssh_load_env_file", { session_id, file_path: "app.env" });
    const run = (command: string, stdin?: string) => program.ok("ssh_execute", { session_id, command, stdin });
    assert.equal((await run('echo "$API_TOKEN"; cat; exit 9', "my stdin")).stdout, "***\nmy stdin");
    assert.equal((await run("exit 9")).exit_code, 9);
    // What arrived is compared at the far end, where nothing masks it: a hash is not the value.
    const digest = async (value: string) =>
      new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(value))).toHex();
    assert.equal((await run('printf %s "$NASTY" | sha256sum')).stdout.slice(0, 64), await digest(NASTY));
    const multi = "first line here\nsecond line here";
    assert.equal((await run('printf %s "$MULTI" | sha256sum')).stdout.slice(0, 64), await digest(multi));
    assert.equal((await run("echo $PORT")).stdout, "8080\n");
    const sudo = await program.ok("ssh_sudo_execute", {
      session_id,
      command: 'id -u; printf %s "$API_TOKEN" | sha256sum; echo "$API_TOKEN" >&2',
      sudo_password_var: "SUDO_PASS",
    });
    assert.equal(sudo.stdout.split("\n")[0], "0");
    assert.equal(sudo.stdout.split("\n")[1]?.slice(0, 64), await digest(TOKEN));
    assert.equal(sudo.stderr, "***\n");
  });
}

/** The files of the account, in its home and where anyone may write, that hold `text`. */
async function filesWith(text: string, user: { name: string; home: string }): Promise<string[]> {
  const { stdout } = await new Deno.Command("find", {
    args: [user.home, "/tmp", "/var/tmp", "/dev/shm", "-xdev", "-user", user.name, "-type", "f"]
      .concat("-exec", "grep", "-lF", text, "{}", "+"),
    stderr: "null",
  }).output();
  return new TextDecoder().decode(stdout).split("\n").filter((path) => path !== "");
}

Deno.test("no command line, file or history of the remote host holds a value while commands run with secrets", async () => {
  await using setup = await secretsSetup({ shell: "/bin/bash" });
  const { program, session_id, user } = setup;
  await program.ok("ssh_load_env_file", { session_id, file_path: "app.env" });
  await program.ok("ssh_shell_open", { session_id });
  const running = [
    program.ok("ssh_execute", { session_id, command: "sleep 9.25" }),
    program.ok("ssh_sudo_execute", { session_id, command: "sleep 9.25", sudo_password_var: "SUDO_PASS" }),
  ];
  const sleeping = async () => (await processes()).filter((process) => process.command === "sleep 9.25");
  await eventually("both commands run", async () => (await sleeping()).length === 2);
  for (const process of await processes()) {
    if (process.pid === Deno.pid) continue;
    for (const value of [TOKEN, PASSWORD]) assert.ok(!process.command.includes(value), process.command);
  }
  assert.deepEqual(await filesWith(TOKEN, user), []);
  await Promise.all(running);
  await program.ok("ssh_execute", { session_id, command: 'printf %s "$API_TOKEN" >shown' });
  assert.deepEqual(await filesWith(TOKEN, user), [`${user.home}/shown`]);
  await program.ok("ssh_execute", { session_id, command: "rm shown" });
  // The shell writes its history when it ends.
  await program.ok("ssh_shell_send", { session_id, data: 'printf %s "${#API_TOKEN}"; exit' });
  await program.ok("ssh_close_session", { session_id });
  assert.deepEqual(await filesWith(TOKEN, user), []);
});

Deno.test("a secret of one session is masked in all others, in errors, names of files and what an agent passes", async () => {
  await using setup = await secretsSetup();
  const { program, session_id, target } = setup;
  const other = await program.ok("ssh_connect", target);
  await program.ok("ssh_load_env_file", { session_id, file_path: "app.env" });
  const literal = await program.call("ssh_execute", { session_id: other.session_id, command: `echo ${TOKEN}` });
  assert.equal(literal.value.stdout, "***\n");
  const unknown = await program.call("ssh_execute", { session_id: TOKEN, command: "true" });
  assert.ok(!unknown.text.includes(TOKEN), unknown.text);
  await assert.rejects(program.call(`ssh_${TOKEN}`), (error: Error) => !error.message.includes(TOKEN));
  await program.ok("ssh_execute", { session_id, command: 'mkdir -p dir && touch "dir/$API_TOKEN"' });
  const listing = await program.call("ssh_list_remote_dir", { session_id, remote_path: "dir" });
  assert.ok(!listing.text.includes(TOKEN) && listing.text.includes("***"), listing.text);
});

Deno.test("ssh_connect takes a password by the name of a variable, and masks one that the agent passes", async () => {
  await using setup = await secretsSetup();
  const { program, address } = setup;
  const named = await program.call("ssh_connect", { ...address, password_var: "SUDO_PASS", env_file: "app.env" });
  assert.equal(named.isError, false, named.text);
  const echoed = await program.ok("ssh_execute", { session_id: named.value.session_id, command: `echo ${PASSWORD}` });
  assert.equal(echoed.stdout, "***\n");
  const missing = await program.fails("ssh_connect", { ...address, password_var: "NOPE", env_file: "app.env" });
  assert.equal(missing.code, "unknown_variable");
  const wrong = await program.call("ssh_connect", { ...address, password: "passed-by-agent-1" });
  assert.equal(wrong.value.error.code, "authentication_failed");
  const later = await program.ok("ssh_execute", {
    session_id: named.value.session_id,
    command: "echo passed-by-agent-1",
  });
  assert.equal(later.stdout, "***\n");
});

Deno.test("env files outside the secrets directory are refused, whatever the path looks like", async () => {
  await using setup = await secretsSetup();
  const { program, session_id, secrets } = setup;
  await Deno.symlink("/etc/passwd", `${secrets.path}/link.env`);
  for (const file_path of ["/etc/passwd", "../passwd", "a/../../x", "link.env", "/proc/self/environ"]) {
    const error = await program.fails("ssh_load_env_file", { session_id, file_path });
    assert.match(error.code, /outside_secrets_dir|env_file_unreadable|permission_denied_locally/, file_path);
    assert.ok(!JSON.stringify(error).includes("root:x:0"));
  }
});

Deno.test("ssh_clear_secrets stops the injection and keeps the masking when nobody can be asked", async () => {
  await using setup = await secretsSetup();
  const { program, session_id } = setup;
  await program.ok("ssh_load_env_file", { session_id, file_path: "app.env" });
  const cleared = await program.ok("ssh_clear_secrets", { session_id });
  assert.deepEqual([cleared.count, cleared.masking], [5, "on"]);
  const after = await program.ok("ssh_execute", { session_id, command: `echo "[$API_TOKEN]" ${TOKEN}` });
  assert.equal(after.stdout, "[] ***\n");
});

const ANSWERS: ReadonlyArray<
  [answer: { action: "accept" | "decline" | "cancel"; content?: { confirm: boolean } }, seen: string]
> = [
  [{ action: "accept", content: { confirm: true } }, TOKEN],
  [{ action: "accept", content: { confirm: false } }, "***"],
  [{ action: "decline" }, "***"],
  [{ action: "cancel" }, "***"],
];

for (const [answer, seen] of ANSWERS) {
  for (const era of ["2025-11-25", "2026-07-28"]) {
    Deno.test(`ssh_clear_secrets shows ${seen} after the person's ${JSON.stringify(answer)} over ${era}`, async () => {
      await using setup = await secretsSetup({}, {
        capabilities: { elicitation: { form: {} } },
        ...(era === "2026-07-28" && { versionNegotiation: { mode: { pin: era } } }),
      });
      const { program, session_id } = setup;
      let question = "";
      program.client.setRequestHandler("elicitation/create", (request) => {
        question = request.params.message;
        return answer;
      });
      await program.ok("ssh_load_env_file", { session_id, file_path: "app.env" });
      const cleared = await program.ok("ssh_clear_secrets", { session_id });
      assert.match(question, /API_TOKEN/);
      assert.equal(cleared.masking, seen === TOKEN ? "lifted" : "on");
      const after = await program.ok("ssh_execute", { session_id, command: `echo ${TOKEN}` });
      assert.equal(after.stdout, `${seen}\n`);
    });
  }
}

for (const shell of ["/bin/sh", "/bin/bash", "/usr/bin/zsh"]) {
  Deno.test(`shells of ${shell}, open already or opened later, get the variables unseen and lose them at the clear`, async () => {
    await using setup = await secretsSetup({ shell });
    const { program, session_id } = setup;
    const value = async (name: string): Promise<string> => {
      const data = 'printf "%s" "$API_TOKEN" | sha256sum | cut -c1-64';
      const sent = await program.ok("ssh_shell_send", { session_id, name, data, await_exit: true });
      return sent.output.trim();
    };
    const digest = async (text: string) =>
      new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))).toHex();
    await program.ok("ssh_shell_open", { session_id, name: "early" });
    const loaded = await program.ok("ssh_load_env_file", { session_id, file_path: "app.env" });
    assert.ok(!(loaded.warnings ?? []).join().includes("shell"), JSON.stringify(loaded.warnings));
    await program.ok("ssh_shell_open", { session_id, name: "late" });
    assert.equal(await value("early"), await digest(TOKEN));
    assert.equal(await value("late"), await digest(TOKEN));
    const screen = await program.call("ssh_shell_read", { session_id, name: "early", raw: true, lines: 1000 });
    for (const trace of [TOKEN, "API_TOKEN=", "mkfifo", "/tmp"]) assert.ok(!screen.text.includes(trace), screen.text);
    const cleared = await program.ok("ssh_clear_secrets", { session_id });
    assert.equal(cleared.warnings, undefined);
    assert.equal(await value("early"), await digest(""));
    assert.equal(await value("late"), await digest(""));
  });
}
