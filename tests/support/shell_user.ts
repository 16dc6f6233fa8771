/** A user with a given login shell, logged in, and the shell tools called for it. */
import { eventually } from "./processes.ts";
import { ensureProgram } from "./run.ts";
import type { Sshd } from "./sshd.ts";
import { createTestUser, type TestUser, type TestUserOptions } from "./test_user.ts";
import { type Answer, type AnsweredError, ToolClient } from "./tool_client.ts";

/** What the shell tools answer. */
export interface ShellAnswer extends Answer {
  output: string;
  cursor: string;
  state: string;
  waiting_for?: string;
  exit_code?: number | null;
  cwd?: string;
  omitted_lines?: number;
  lost?: boolean;
  note?: string;
  reason?: string;
  opened?: boolean;
}

/** Calls the shell tools for one user. */
export class ShellUser implements AsyncDisposable {
  readonly client: ToolClient;
  readonly user: TestUser;
  readonly #sshd: Sshd;
  session = "";

  private constructor(client: ToolClient, user: TestUser, sshd: Sshd) {
    this.client = client;
    this.user = user;
    this.#sshd = sshd;
  }

  /** Makes a user with that login shell and logs in. */
  static async login(sshd: Sshd, shell: string, options: TestUserOptions = {}): Promise<ShellUser> {
    const program = shell.endsWith("busybox") ? await ashOf(shell, sshd.dir) : shell;
    const user = await createTestUser({ ...options, shell: program });
    await user.authorize((await Deno.readTextFile(`${sshd.clientKeyPath}.pub`)).trim());
    // Without one, zsh asks a new user what to do.
    await Deno.writeTextFile(`${user.home}/.zshrc`, "");
    const made = new ShellUser(await ToolClient.start({ secretsDir: sshd.dir }), user, sshd);
    await made.connect();
    return made;
  }

  /** Opens a session, again after a drop. */
  async connect(): Promise<void> {
    this.session = await this.client.connect(this.#sshd, this.user.name);
  }

  /** Loads these lines as an env file. */
  async load(lines: string): Promise<void> {
    await Deno.writeTextFile(`${this.#sshd.dir}/loaded.env`, lines, { mode: 0o600 });
    await this.client.call("ssh_load_env_file", { session_id: this.session, file_path: "loaded.env" });
  }

  open(args: Answer = {}): Promise<ShellAnswer> {
    return this.#call("open", args);
  }

  send(data: string, args: Answer = {}): Promise<ShellAnswer> {
    return this.#call("send", { data, ...args });
  }

  /** Runs a command for its exit code. */
  run(data: string, args: Answer = {}): Promise<ShellAnswer> {
    return this.#call("send", { data, await_exit: true, ...args });
  }

  read(args: Answer = {}): Promise<ShellAnswer> {
    return this.#call("read", args);
  }

  press(key: string, args: Answer = {}): Promise<ShellAnswer> {
    return this.#call("send_control", { key, ...args });
  }

  wait(pattern: string | undefined, args: Answer = {}): Promise<ShellAnswer> {
    return this.#call("wait", { ...(pattern !== undefined && { pattern }), ...args });
  }

  /**
   * What the shell shows once it is in that state. What draws a screen does so in steps, and a busy machine may rest
   * longer between two of them than an answer waits.
   */
  async until(state: string, args: Answer = {}): Promise<ShellAnswer> {
    return await eventually(`the shell's state is ${state}`, async () => {
      const answer = await this.read(args);
      return answer.state === state ? answer : undefined;
    });
  }

  /** What the shell shows once that is in it. */
  async shows(pattern: RegExp, args: Answer = {}): Promise<ShellAnswer> {
    return await eventually(`the shell shows ${pattern}`, async () => {
      const answer = await this.read(args);
      return pattern.test(answer.output) ? answer : undefined;
    });
  }

  /** Calls a shell tool that must fail. */
  fail(tool: string, args: Answer): Promise<AnsweredError> {
    return this.client.fail(`ssh_shell_${tool}`, { session_id: this.session, ...args });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client[Symbol.asyncDispose]();
    await this.user[Symbol.asyncDispose]();
  }

  #call(tool: string, args: Answer): Promise<ShellAnswer> {
    return this.client.call<ShellAnswer>(`ssh_shell_${tool}`, { session_id: this.session, ...args });
  }
}

/** Paths of the shells that are tested; ash is busybox. */
export async function shellPath(name: "bash" | "dash" | "ash" | "zsh" | "ksh93" | "mksh"): Promise<string> {
  if (name === "ksh93") return await ensureProgram("ksh93", "ksh93u+m");
  return await ensureProgram(name === "ash" ? "busybox" : name);
}

/** A login shell that runs busybox's ash, which has no path of its own. */
async function ashOf(busybox: string, directory: string): Promise<string> {
  const path = `${directory}/ash`;
  await Deno.writeTextFile(path, `#!/bin/sh\nexec ${busybox} ash "$@"\n`);
  await Deno.chmod(path, 0o755);
  return path;
}
