/** The README's setting: a host with an account, and a secrets directory here with the account's key in it. */
import { Program, type ProgramOptions } from "./program.ts";
import { createTestUser, type Sshd, type SshdOptions, startSshd, type TestUser, type TestUserOptions } from "./sshd.ts";
import { type TempDir, tempDir } from "./temp_dir.ts";

/** A host, an account on it, and what a client needs to log in. */
export interface AccountBed extends AsyncDisposable {
  sshd: Sshd;
  user: TestUser;
  secrets: TempDir;
  /** The arguments of ssh_connect that log in with the key of the secrets directory. */
  target: { host: string; port: number; username: string; key_path: string };
  /** The least permissions and flags, as the README names them. */
  least: { permissions: string[]; flags: string[] };
}

/** What the setting is made of. */
export interface AccountBedOptions {
  sshd?: SshdOptions;
  user?: TestUserOptions;
  /** What app.env in the secrets directory holds. */
  env?: string;
}

/** Starts the host and makes the account. */
export async function accountBed(options: AccountBedOptions = {}): Promise<AccountBed> {
  const { sshd: server = {}, user: account = {}, env = "" } = options;
  const sshd = await startSshd(server);
  const user = await createTestUser(account);
  const secrets = await tempDir();
  await Deno.copyFile(sshd.clientKeyPath, `${secrets.path}/key`);
  await Deno.writeTextFile(`${secrets.path}/app.env`, env, { mode: 0o600 });
  return {
    sshd,
    user,
    secrets,
    target: { host: sshd.host, port: sshd.port, username: user.name, key_path: `${secrets.path}/key` },
    least: {
      permissions: ["--allow-net", `--allow-read=${secrets.path}`],
      flags: [`--secrets-dir=${secrets.path}`],
    },
    async [Symbol.asyncDispose]() {
      await user[Symbol.asyncDispose]();
      await sshd[Symbol.asyncDispose]();
      await secrets[Symbol.asyncDispose]();
    },
  };
}

/** The same, with the program and its client. */
export async function programBed(
  { client, ...options }: AccountBedOptions & Pick<ProgramOptions, "client"> = {},
): Promise<AccountBed & { program: Program }> {
  const bed = await accountBed(options);
  return withProgram(bed, await Program.start({ ...bed.least, ...client && { client } }));
}

/** A setting and a program of it, which ends first. */
export function withProgram<B extends AsyncDisposable, P extends AsyncDisposable>(bed: B, program: P) {
  return {
    ...bed,
    program,
    async [Symbol.asyncDispose]() {
      await program[Symbol.asyncDispose]();
      await bed[Symbol.asyncDispose]();
    },
  };
}
