/** sudo: the three ways it refuses, the password that nobody sees, and root at the far end. */
import assert from "node:assert/strict";
import { eventually, processes } from "../support/processes.ts";
import { Program } from "../support/program.ts";
import { addSudoRules } from "../support/sudo_rules.ts";
import { tempDir } from "../support/temp_dir.ts";
import { createTestUser, startSshd, type TestUserOptions } from "../support/sshd.ts";

/**
 * @param rules more lines of sudoers, made with the user's name
 * @param env what app.env in the secrets directory holds
 */
async function sudoSetup(options: TestUserOptions, rules?: (name: string) => string, env = "") {
  const sshd = await startSshd();
  const user = await createTestUser(options);
  if (rules !== undefined) await addSudoRules(rules(user.name));
  const secrets = await tempDir();
  await Deno.writeTextFile(`${secrets.path}/app.env`, env, { mode: 0o600 });
  const program = await Program.start({
    permissions: ["--allow-net", `--allow-read=${sshd.dir},${secrets.path}`],
    flags: [`--secrets-dir=${secrets.path}`],
  });
  const { session_id } = await program.ok("ssh_connect", {
    host: sshd.host,
    port: sshd.port,
    username: user.name,
    key_path: sshd.clientKeyPath,
  });
  return {
    program,
    user,
    session_id,
    async [Symbol.asyncDispose]() {
      await program[Symbol.asyncDispose]();
      await user[Symbol.asyncDispose]();
      await sshd[Symbol.asyncDispose]();
      await secrets[Symbol.asyncDispose]();
    },
  };
}

const password = "correct horse'; battery $(staple)";

Deno.test("ssh_sudo_execute runs the whole command as root, with stdin, both streams and the exit code", async () => {
  await using setup = await sudoSetup({ password, sudo: "password" });
  const { program, session_id } = setup;
  const result = await program.ok("ssh_sudo_execute", {
    session_id,
    sudo_password: password,
    command: "id -u | tr 0 R; cat; echo err >&2; exit 7",
    stdin: "my stdin",
    cwd: "/",
  });
  assert.deepEqual([result.stdout, result.stderr, result.exit_code], ["R\nmy stdin", "err\n", 7]);
});

Deno.test("ssh_sudo_execute masks the password that the agent passed", async () => {
  await using setup = await sudoSetup({ password, sudo: "password" });
  const { program, session_id } = setup;
  const result = await program.ok("ssh_sudo_execute", {
    session_id,
    sudo_password: password,
    command: "cat",
    stdin: password,
  });
  assert.equal(result.stdout, "***");
});

Deno.test("ssh_sudo_execute needs no password where sudo needs none, and never sends one it is given", async () => {
  await using setup = await sudoSetup({ sudo: "nopasswd" });
  const { program, session_id } = setup;
  assert.equal((await program.ok("ssh_sudo_execute", { session_id, command: "id -u" })).stdout, "0\n");
  const given = { session_id, command: "cat", stdin: "only this", sudo_password: "unneeded-password" };
  assert.equal((await program.ok("ssh_sudo_execute", given)).stdout, "only this");
});

Deno.test("ssh_sudo_execute tells a wrong password, no sudo rights and a missing password apart, at once", async () => {
  await using setup = await sudoSetup({ password, sudo: "password" });
  const { program, session_id } = setup;
  const command = "true";
  const wrong = await program.fails("ssh_sudo_execute", {
    session_id,
    command,
    sudo_password: "wrong-password",
    timeout: 60,
  });
  assert.equal(wrong.code, "sudo_wrong_password");
  const none = await program.fails("ssh_sudo_execute", { session_id, command });
  assert.equal(none.code, "sudo_password_required");

  await using outsider = await sudoSetup({ password, sudo: "none" });
  const notAllowed = await outsider.program.fails("ssh_sudo_execute", {
    session_id: outsider.session_id,
    command,
    sudo_password: password,
  });
  assert.equal(notAllowed.code, "sudo_not_allowed");
});

Deno.test("ssh_sudo_execute says so where sudo is missing", async () => {
  await using shells = await tempDir();
  await Deno.chmod(shells.path, 0o755);
  const shell = `${shells.path}/nosudo`;
  await Deno.writeTextFile(shell, '#!/bin/sh\nPATH=/nowhere exec /bin/sh "$@"\n');
  await Deno.chmod(shell, 0o755);
  await using setup = await sudoSetup({ sudo: "none", shell });
  const { program, session_id } = setup;
  const missing = await program.fails("ssh_sudo_execute", {
    session_id,
    command: "true",
    sudo_password: "some-password",
  });
  assert.equal(missing.code, "sudo_missing");
});

Deno.test("ssh_sudo_execute ends a root command at its timeout and confirms it", async () => {
  await using setup = await sudoSetup({ password, sudo: "password" });
  const { program, session_id } = setup;
  const result = await program.ok("ssh_sudo_execute", {
    session_id,
    sudo_password: password,
    command: "echo started; trap '' TERM; sleep 8181; sleep 8182",
    timeout: 4,
  });
  assert.equal(result.timed_out, true);
  assert.equal(result.process_gone, true);
  await eventually(
    "nothing is left",
    async () => !(await processes()).some((process) => /sleep 818/.test(process.command) && process.state !== "Z"),
  );
});

Deno.test("ssh_sudo_execute keeps the password out of every command line while it runs", async () => {
  await using setup = await sudoSetup({ password, sudo: "password" });
  const { program, session_id } = setup;
  const running = program.ok("ssh_sudo_execute", { session_id, sudo_password: password, command: "sleep 1.5" });
  let looks = 0;
  await eventually("sudo runs", async () => (await processes()).some((process) => process.command.startsWith("sudo ")));
  while (looks < 5) {
    for (const process of await processes()) assert.ok(!process.command.includes(password), process.command);
    looks++;
  }
  assert.equal((await running).exit_code, 0);
});

Deno.test("ssh_sudo_execute gives what the shell says of a command that it cannot read", async () => {
  for (const [shell, complaint] of [["/bin/bash", /unexpected EOF/], ["/usr/bin/zsh", /unmatched '/]] as const) {
    await using setup = await sudoSetup({ password, sudo: "password", shell });
    const { program, session_id } = setup;
    const result = await program.ok("ssh_sudo_execute", { session_id, sudo_password: password, command: "echo 'open" });
    assert.match(result.stderr, complaint);
    assert.notEqual(result.exit_code, 0);
  }
});

Deno.test("ssh_sudo_execute refuses a password with a line end, whose rest the command would read", async () => {
  await using setup = await sudoSetup({ password, sudo: "password" });
  const { program, session_id } = setup;
  const call = { session_id, command: "cat", sudo_password: `${password}\nthe-rest` };
  const error = await program.fails("ssh_sudo_execute", call);
  assert.deepEqual([error.code, /sudo_password/.test(error.message)], ["invalid_argument", true]);
});

Deno.test("ssh_sudo_execute says that the password is wrong where sudo asks only once", async () => {
  await using setup = await sudoSetup({ password, sudo: "password" }, (name) => `Defaults:${name} passwd_tries=1\n`);
  const { program, session_id } = setup;
  const call = { session_id, command: "true", sudo_password: "wrong-password" };
  assert.equal((await program.fails("ssh_sudo_execute", call)).code, "sudo_wrong_password");
});

Deno.test("ssh_sudo_execute does not ask for a password where sudo refuses for want of a terminal", async () => {
  await using setup = await sudoSetup({ password, sudo: "password" }, (name) => `Defaults:${name} requiretty\n`);
  const { program, session_id } = setup;
  for (const more of [{}, { sudo_password: password }]) {
    const error = await program.fails("ssh_sudo_execute", { session_id, command: "true", ...more });
    assert.equal(error.code, "sudo_not_allowed");
    assert.match(error.message, /tty/);
    assert.match(error.hint ?? "", /ssh_shell_open/);
  }
});

/** What sudo may be told to do with the environment and the terminal. */
const DEFAULTS: Readonly<Record<string, string>> = {
  "env_reset": "env_reset",
  "no env_reset": "!env_reset",
  "env_reset, some of its variables kept": 'env_reset, env_keep += "APP_KEPT LANG"',
  "no env_reset, some of its variables deleted": '!env_reset, env_delete += "APP_TOKEN"',
  "secure_path": "secure_path=/usr/sbin:/usr/bin:/sbin:/bin",
  "use_pty": "use_pty",
  "no use_pty": "!use_pty",
  "always_set_home, set_logname": "always_set_home, set_logname",
  "umask, closefrom": "umask=0077, closefrom=10",
};

for (const [name, defaults] of Object.entries(DEFAULTS)) {
  Deno.test(`ssh_sudo_execute adds the loaded variables to the environment and no other with ${name}`, async () => {
    const values = { APP_TOKEN: "a b'c\"d\\e$f`g\nsecond line é 4f9Qz7XbT2", APP_KEPT: "k8Lr2WcD-kept-value" };
    const env = Object.entries(values).map(([key, value]) => `${key}='${value.replace("'", "")}'\n`).join("");
    const digest = async (text: string): Promise<string> => {
      const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
      return hash.toHex();
    };
    await using setup = await sudoSetup(
      { password, sudo: "password" },
      (user) => `Defaults:${user} ${defaults}\n`,
      env,
    );
    const { program, session_id } = setup;
    const run = async (command: string): Promise<string[]> => {
      const call = { session_id, command, sudo_password: password };
      const { exit_code, stdout, stderr } = await program.ok("ssh_sudo_execute", call);
      assert.equal(exit_code, 0, String(stderr));
      return String(stdout).trim().split("\n").filter((line) => !/^(_|SUDO_COMMAND)=?$/.test(line));
    };
    const names = "env -0 | tr '\\n' ' ' | tr '\\0' '\\n' | cut -d= -f1 | sort";
    const before = await run(names);
    await program.ok("ssh_load_env_file", { session_id, file_path: "app.env" });
    assert.deepEqual(await run(names), [...before, ...Object.keys(values)].toSorted((a, b) => a < b ? -1 : 1));
    for (const [key, value] of Object.entries(values)) {
      assert.deepEqual(await run(`printf %s "$${key}" | sha256sum | cut -c1-64`), [
        await digest(value.replace("'", "")),
      ]);
    }
    assert.deepEqual(await run("id -u; cat; echo end"), ["0", "end"]);
  });
}

Deno.test("ssh_sudo_execute says what else to do where the rules allow only some commands", async () => {
  await using setup = await sudoSetup({ password }, (name) => `${name} ALL=(ALL) /usr/bin/id\n`);
  const { program, session_id } = setup;
  const error = await program.fails("ssh_sudo_execute", { session_id, command: "id", sudo_password: password });
  assert.equal(error.code, "sudo_not_allowed");
  assert.doesNotMatch(error.message, /mcp[0-9a-f]/);
  assert.match(error.hint ?? "", /sudo -n/);
});

Deno.test("ssh_sudo_execute tells root that it needs no sudo where there is none", async () => {
  await using sshd = await startSshd({
    config: ['ForceCommand PATH=/nowhere /bin/sh -c "$SSH_ORIGINAL_COMMAND"'],
  });
  await using program = await Program.start({ permissions: ["--allow-net", `--allow-read=${sshd.dir}`] });
  const target = { host: sshd.host, port: sshd.port, username: sshd.user, key_path: sshd.clientKeyPath };
  const { session_id } = await program.ok("ssh_connect", target);
  const error = await program.fails("ssh_sudo_execute", { session_id, command: "true" });
  assert.deepEqual([error.code, error.hint], ["sudo_missing", "this user is root already: use ssh_execute"]);
});
