/** Users of the test machine that exist for one test. Only root can make them. */
import { eventually, killAll, processes } from "./processes.ts";
import { ensureProgram, isRoot, run, type RunResult } from "./run.ts";
import { addSudoRules, removeSudoRules } from "./sudo_rules.ts";

/** How a test user is made. */
export interface TestUserOptions {
  /** The login shell. @default "/bin/sh" */
  shell?: string;
  /** The password. @default none: no password logs in */
  password?: string;
  /** Whether sudo asks for the password, does not, or refuses. @default "none" */
  sudo?: "password" | "nopasswd" | "none";
}

/** A user that is gone, with its processes, home and sudo rights, when the test is. */
export interface TestUser extends AsyncDisposable {
  readonly name: string;
  readonly uid: number;
  readonly home: string;
  readonly password: string | undefined;
  /** Puts a public key line into ~/.ssh/authorized_keys, which dropbear and tinysshd read. */
  authorize(publicKeyLine: string): Promise<void>;
}

/**
 * Makes a user.
 *
 * @throws {Error} when not root
 */
export async function createTestUser(options: TestUserOptions = {}): Promise<TestUser> {
  if (!isRoot()) throw new Error("this test makes a user of its own, which only root can: run it as root");
  await ensureProgram("useradd", "passwd");
  const name = "mrs" + crypto.randomUUID().slice(0, 8);
  // Not in /tmp: TinySSH takes no authorized_keys from below a directory that others can write to.
  const home = `/home/${name}`;
  await locked(() => run("useradd", ["-m", "-d", home, "-s", options.shell ?? "/bin/sh", "-p", "*", name]));
  const uid = Number((await run("id", ["-u", name])).stdout);
  if (options.password !== undefined) await locked(() => run("chpasswd", [], `${name}:${options.password}\n`));
  if (options.sudo !== undefined) await grantSudo(name, options.sudo);
  return {
    name,
    uid,
    home,
    password: options.password,
    authorize: (publicKeyLine) => authorize(name, home, publicKeyLine),
    [Symbol.asyncDispose]: () => removeUser(name, uid, home),
  };
}

async function grantSudo(name: string, sudo: "password" | "nopasswd" | "none"): Promise<void> {
  await ensureProgram("sudo");
  if (sudo === "none") return;
  await addSudoRules(`${name} ALL=(ALL:ALL) ${sudo === "nopasswd" ? "NOPASSWD: " : ""}ALL\n`);
}

async function authorize(name: string, home: string, publicKeyLine: string): Promise<void> {
  await Deno.mkdir(`${home}/.ssh`, { recursive: true, mode: 0o700 });
  await Deno.writeTextFile(`${home}/.ssh/authorized_keys`, publicKeyLine.trim() + "\n", { append: true, mode: 0o600 });
  await run("chown", ["-R", `${name}:`, `${home}/.ssh`]);
}

async function removeUser(name: string, uid: number, home: string): Promise<void> {
  await removeSudoRules(name);
  await eventually(`processes of ${name} are gone`, async () => {
    const left = (await processes()).filter((process) => process.uid === uid && process.state !== "Z");
    killAll(left.map((process) => process.pid));
    return left.length === 0;
  });
  // What keeps a shell's output was killed before it could take it away. Looked for while the number is still this
  // user's: the next user that is made gets it again.
  for await (const { name: left } of Deno.readDir("/dev/shm")) {
    const path = `/dev/shm/${left}`;
    const owner = await Deno.lstat(path).then((info) => info.uid, () => null);
    if (owner === uid) await Deno.remove(path, { recursive: true }).catch(() => {});
  }
  await locked(() => run("userdel", ["-f", name]));
  await Deno.remove(home, { recursive: true }).catch(() => {});
}

/** The password database is locked while another test changes it; the tools say so at once instead of waiting. */
async function locked(change: () => Promise<RunResult>): Promise<void> {
  await eventually("the password database is unlocked", async () => {
    const result = await change();
    if (result.code === 0) return true;
    if (/cannot lock|try again later/i.test(result.stderr)) return false;
    throw new Error(result.stderr.trim());
  });
}
