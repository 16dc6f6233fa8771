/** A real Dropbear server on loopback. */
import { Daemon } from "./daemon.ts";
import { freePort } from "./free_port.ts";
import { ensureProgram, runOk } from "./run.ts";
import { tempDir } from "./temp_dir.ts";

/** How a server is started. */
export interface DropbearOptions {
  /** More arguments, e.g. ["-s"] to refuse passwords. */
  args?: string[];
  /** Host key types as dropbearkey names them. @default ["ed25519"] */
  hostKeyTypes?: ("ed25519" | "rsa" | "ecdsa")[];
  /** False hides the system's SFTP server from it (root only). @default true */
  sftp?: boolean;
}

/** A running server; users log in with their password or through their own ~/.ssh/authorized_keys. */
export interface Dropbear extends AsyncDisposable {
  readonly host: "127.0.0.1";
  readonly port: number;
  readonly pid: number;
  /** Its directory; gone after. */
  readonly dir: string;
  /** Fingerprint of the first host key: SHA256:… */
  readonly hostKeyFingerprint: string;
  /** What it logged so far. */
  log(): string;
  /** Ends listener and sessions at once. */
  kill(): Promise<void>;
}

/** Starts a server and waits until it listens. Log in as a user made with createTestUser. */
export async function startDropbear(options: DropbearOptions = {}): Promise<Dropbear> {
  const program = await ensureProgram("dropbear", "dropbear-bin");
  const keyMaker = await ensureProgram("dropbearkey", "dropbear-bin");
  const home = await tempDir("mcp-remote-ssh-dropbear-");
  try {
    const keyArgs: string[] = [];
    let fingerprint = "";
    for (const type of options.hostKeyTypes ?? ["ed25519"]) {
      const path = `${home.path}/host_${type}`;
      const printed = await runOk(keyMaker, ["-t", type, "-f", path]);
      fingerprint ||= /SHA256:\S+/.exec(printed)?.[0] ?? "";
      keyArgs.push("-r", path);
    }
    const { daemon, port } = await launch(program, [...keyArgs, ...options.args ?? []], options.sftp ?? true);
    return {
      host: "127.0.0.1",
      port,
      pid: daemon.pid,
      dir: home.path,
      hostKeyFingerprint: fingerprint,
      log: () => daemon.log,
      kill: () => daemon.kill(),
      async [Symbol.asyncDispose]() {
        await daemon.kill();
        await home[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await home[Symbol.asyncDispose]();
    throw error;
  }
}

/** Starts "$0" where a program that cannot be run stands for the SFTP server, which no other process sees. */
const WITHOUT_SFTP = 'for s in /usr/lib/sftp-server /usr/libexec/sftp-server; do [ ! -e "$s" ] || ' +
  'mount --bind /dev/null "$(readlink -f "$s")" || exit 1; done; exec "$0" "$@"';

async function launch(program: string, args: string[], sftp: boolean): Promise<{ daemon: Daemon; port: number }> {
  for (let attempt = 1;; attempt++) {
    const port = freePort();
    const all = ["-F", "-E", "-P", "/dev/null", "-p", `127.0.0.1:${port}`, ...args];
    const hidden = ["-m", "--propagation", "private", "sh", "-c", WITHOUT_SFTP, program, ...all];
    const daemon = sftp ? new Daemon(program, all) : new Daemon("unshare", hidden);
    // "Not backgrounding" is its last word before it accepts; a taken port is logged before that.
    if (await daemon.logs("Not backgrounding") && !daemon.log.includes("Failed listening")) return { daemon, port };
    await daemon.kill();
    if (attempt === 5) throw new Error(`dropbear did not start: ${daemon.log}`);
  }
}
