/** A real OpenSSH server on loopback, with its own configuration, host keys and authorized keys. */
import { Daemon } from "./daemon.ts";
import { freePort } from "./free_port.ts";
import { killAll, processesWithEnvironment } from "./processes.ts";
import { ensureProgram, isRoot, run, runOk } from "./run.ts";
import { type TempDir, tempDir } from "./temp_dir.ts";

export { startDropbear } from "./dropbear.ts";
export { createTestUser, type TestUser, type TestUserOptions } from "./test_user.ts";
export { startTinysshd } from "./tinysshd.ts";

/** Host key types that ssh-keygen makes. */
export type HostKeyType = "ed25519" | "rsa" | "ecdsa-256" | "ecdsa-384" | "ecdsa-521";

/** How a server is started. */
export interface SshdOptions {
  /** Lines of sshd_config that win over ours. */
  config?: string[];
  /** Lines that must stand at the end, e.g. a Match block. */
  configAtEnd?: string[];
  /** Allows passwords, of users made with createTestUser (root only). @default false */
  passwordAuthentication?: boolean;
  /** Asks passwords through keyboard-interactive only (root only; needs PAM). @default false */
  keyboardInteractive?: boolean;
  /** Channels a connection may have open. @default OpenSSH's 10 */
  maxSessions?: number;
  /** Host keys to make. @default ["ed25519"] */
  hostKeyTypes?: HostKeyType[];
  /** Public key lines to accept besides the client key made here. */
  authorizedKeys?: string[];
  /** The SFTP server: the one inside sshd, the path of a program, or none. @default "internal-sftp" */
  sftp?: string;
  /** The port. @default a free one */
  port?: number;
}

/** One host key of a test server. */
export interface TestHostKey {
  path: string;
  /** The public key as a line: type, base64, comment. */
  publicKey: string;
  /** As ssh-keygen -l shows it: SHA256:… */
  fingerprint: string;
}

/** A running server. Disposing ends it, its sessions and everything that was started through it. */
export interface Sshd extends AsyncDisposable {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** The user the tests run as. Test users can log in too, when root, with the same client key. */
  readonly user: string;
  /** An Ed25519 private key that logs in. */
  readonly clientKeyPath: string;
  readonly hostKeys: TestHostKey[];
  /** Fingerprint of the first host key. */
  readonly hostKeyFingerprint: string;
  /** Its directory; gone after. */
  readonly dir: string;
  /** The listener's process id; changes at restart. */
  readonly pid: number;
  /** What it logged so far, this run. */
  log(): string;
  /** Ends listener and sessions at once, as a power cut would. */
  kill(): Promise<void>;
  /** Ends it as kill does, and starts it again with the same port and keys. */
  restart(): Promise<void>;
  /** Puts one more public key line into authorized_keys. */
  authorize(publicKeyLine: string): Promise<void>;
}

/**
 * The path of sshd: found, or installed with apt-get when root.
 *
 * @throws {Error} saying in one line what to install
 */
export async function ensureSshd(): Promise<string> {
  const path = await ensureProgram("sshd", "openssh-server");
  await ensureProgram("ssh-keygen", "openssh-client");
  // OpenSSH's privilege separation directory, which only its init script makes.
  if (isRoot()) await Deno.mkdir("/run/sshd", { recursive: true, mode: 0o755 });
  return path;
}

/** OpenSSH 9.8 and later shut out an address after failed logins, which tests do on purpose; before, no such option. */
async function hasPenalties(program: string): Promise<boolean> {
  const { stderr } = await run(program, ["-t", "-f", "/dev/null", "-o", "PerSourcePenalties=no"]);
  return !/bad configuration option/i.test(stderr);
}

/** Makes a key pair with ssh-keygen, without passphrase, and gives the path of its private half. */
export async function makeKey(dir: string, type: HostKeyType, name: string): Promise<TestHostKey> {
  const [kind = type, bits] = type.split("-");
  const size = type === "rsa" ? ["-b", "2048"] : bits === undefined ? [] : ["-b", bits];
  const path = `${dir}/${name}`;
  await runOk("ssh-keygen", ["-q", "-t", kind, ...size, "-N", "", "-C", name, "-f", path]);
  const fingerprint = (await runOk("ssh-keygen", ["-lf", path])).split(" ")[1] ?? "";
  return { path, publicKey: (await Deno.readTextFile(`${path}.pub`)).trim(), fingerprint };
}

/** Starts a server and waits until it listens. */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const program = await ensureSshd();
  const home = await tempDir("mcp-remote-ssh-sshd-");
  try {
    // Other users read authorized_keys with their own rights, so the directory must let them through.
    await Deno.chmod(home.path, 0o755);
    const user = (await runOk("id", ["-un"])).trim();
    const clientKey = await makeKey(home.path, "ed25519", "client_key");
    const hostKeys: TestHostKey[] = [];
    for (const type of options.hostKeyTypes ?? ["ed25519"] as const) {
      hostKeys.push(await makeKey(home.path, type, `host_${type}`));
    }
    const authorized = [clientKey.publicKey, ...options.authorizedKeys ?? []];
    await Deno.mkdir(`${home.path}/home`);
    await home.write("authorized_keys", authorized.join("\n") + "\n", 0o644);
    return await RunningSshd.start({
      program,
      hasPenalties: await hasPenalties(program),
      home,
      user,
      clientKeyPath: clientKey.path,
      hostKeys,
      options,
    });
  } catch (error) {
    await home[Symbol.asyncDispose]();
    throw error;
  }
}

interface Setup {
  program: string;
  hasPenalties: boolean;
  home: TempDir;
  user: string;
  clientKeyPath: string;
  hostKeys: TestHostKey[];
  options: SshdOptions;
}

class RunningSshd implements Sshd {
  readonly host = "127.0.0.1";
  readonly #setup: Setup;
  /** In the environment of everything started through this server, so that nothing of it outlives the test. */
  readonly #mark = crypto.randomUUID();
  #port = 0;
  #daemon!: Daemon;

  private constructor(setup: Setup) {
    this.#setup = setup;
  }

  static async start(setup: Setup): Promise<RunningSshd> {
    const sshd = new RunningSshd(setup);
    for (let attempt = 1;; attempt++) {
      sshd.#port = setup.options.port ?? freePort();
      try {
        await sshd.#launch();
        return sshd;
      } catch (error) {
        if (attempt === 5 || setup.options.port !== undefined) throw error;
      }
    }
  }

  async #launch(): Promise<void> {
    const config = await this.#setup.home.write("sshd_config", configText(this.#setup, this.#port, this.#mark));
    this.#daemon = new Daemon(this.#setup.program, ["-D", "-e", "-f", config]);
    if (await this.#daemon.logs(`Server listening on 127.0.0.1 port ${this.#port}`)) return;
    await this.#daemon.kill();
    throw new Error(`sshd did not start: ${this.#daemon.log}`);
  }

  get port(): number {
    return this.#port;
  }

  get user(): string {
    return this.#setup.user;
  }

  get clientKeyPath(): string {
    return this.#setup.clientKeyPath;
  }

  get hostKeys(): TestHostKey[] {
    return this.#setup.hostKeys;
  }

  get hostKeyFingerprint(): string {
    return this.#setup.hostKeys[0]?.fingerprint ?? "";
  }

  get dir(): string {
    return this.#setup.home.path;
  }

  get pid(): number {
    return this.#daemon.pid;
  }

  log(): string {
    return this.#daemon.log;
  }

  async kill(): Promise<void> {
    await this.#daemon.kill();
  }

  async restart(): Promise<void> {
    await this.#daemon.kill();
    // What was killed may hold the port until it has had its turn to end.
    for (let attempt = 1;; attempt++) {
      try {
        return await this.#launch();
      } catch (error) {
        if (attempt === 20) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  async authorize(publicKeyLine: string): Promise<void> {
    await Deno.writeTextFile(`${this.dir}/authorized_keys`, publicKeyLine.trim() + "\n", { append: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon.kill();
    const left = await processesWithEnvironment("MCP_TEST_SSHD", this.#mark);
    killAll(left.map((process) => process.pid));
    await this.#setup.home[Symbol.asyncDispose]();
  }
}

/** sshd_config(5): of each keyword the first value wins, so the caller's lines come first. */
function configText(setup: Setup, port: number, mark: string): string {
  const { home, hostKeys, options } = setup;
  const yes = (value: boolean | undefined): string => value === true ? "yes" : "no";
  const lines = [
    ...options.config ?? [],
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    ...hostKeys.map((key) => `HostKey ${key.path}`),
    "PidFile none",
    "LogLevel VERBOSE",
    "StrictModes no",
    "UseDNS no",
    `UsePAM ${yes(options.keyboardInteractive)}`,
    "PermitRootLogin yes",
    `PasswordAuthentication ${yes(options.passwordAuthentication)}`,
    `KbdInteractiveAuthentication ${yes(options.keyboardInteractive)}`,
    `AuthorizedKeysFile ${home.path}/authorized_keys`,
    `SetEnv MCP_TEST_SSHD=${mark}`,
    "MaxStartups 500:30:1000",
    ...setup.hasPenalties ? ["PerSourcePenalties no"] : [],
    ...options.maxSessions === undefined ? [] : [`MaxSessions ${options.maxSessions}`],
    ...options.sftp === "none" ? [] : [`Subsystem sftp ${options.sftp ?? "internal-sftp"}`],
    // A home of its own for the user of the tests: their start-up files would have a say in every command.
    `Match User ${setup.user}`,
    `SetEnv MCP_TEST_SSHD=${mark} HOME=${home.path}/home`,
    "Match all",
    ...options.configAtEnd ?? [],
  ];
  return lines.join("\n") + "\n";
}
