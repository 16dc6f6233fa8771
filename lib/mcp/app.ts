/** What all calls of one server share. */
import { FilesDir } from "../files_dir.ts";
import type { Redactor } from "../secrets/redactor.ts";
import { Vault } from "../secrets/vault.ts";
import type { HostKeyPolicy, KnownHosts } from "../ssh/host_keys/known_hosts.ts";
import { Sessions } from "../ssh/sessions.ts";
import { Egress } from "./egress.ts";

/** How a server is set up; the command line has a flag for each. */
export interface AppOptions {
  /** Directory that env files and keys are read from; none by default. */
  secretsDir?: string | undefined;
  /** Directory that uploads come from and downloads go to; none by default. */
  filesDir?: string | undefined;
  /** Path of the known_hosts file. @default ~/.ssh/known_hosts, where it may be read */
  knownHostsFile?: string | undefined;
  /** What to do with host keys. @default "accept-new" */
  hostKeyPolicy?: HostKeyPolicy | undefined;
}

/** What is secret, and what keeps it unseen. */
interface Secrets {
  readonly redactor: Redactor;
  readonly vault: Vault;
}

/** The state of one server. */
export class App {
  readonly options: AppOptions;
  readonly sessions: Sessions = new Sessions((id) => this.vault.forget(id));
  readonly egress: Egress = new Egress(() => this.#secrets?.redactor);
  /** The one directory that transfers touch on this machine. */
  readonly files: FilesDir;
  #secrets: Secrets | undefined;
  #ready: Promise<void> | undefined;
  #knownHosts: Promise<KnownHosts> | undefined;

  /**
   * @param options how the server is set up
   * @throws {ToolError} `invalid_argument` when the directories for files and secrets overlap
   */
  constructor(options: AppOptions = {}) {
    this.options = options;
    this.files = new FilesDir(options.filesDir, options.secretsDir);
  }

  /**
   * Loads the redactor, which is large and which listing the tools does not need. Every call of a tool waits for it
   * before anything else, so that no secret comes before what masks it.
   */
  ready(): Promise<void> {
    this.#ready ??= import("../secrets/redactor.ts").then(({ Redactor }) => {
      const redactor = new Redactor();
      this.#secrets = { redactor, vault: new Vault(redactor) };
    });
    return this.#ready;
  }

  /** Masks what is secret; there once the app is {@linkcode App.ready}. */
  get redactor(): Redactor {
    return this.#loaded.redactor;
  }

  /** What is loaded for each session; there once the app is {@linkcode App.ready}. */
  get vault(): Vault {
    return this.#loaded.vault;
  }

  get #loaded(): Secrets {
    if (this.#secrets === undefined) throw new Error("secrets are used before the app is ready for them");
    return this.#secrets;
  }

  /** The host keys that are trusted; loaded with the first connection, since listing the tools does not need them. */
  knownHosts(): Promise<KnownHosts> {
    this.#knownHosts ??= import("../ssh/host_keys/known_hosts.ts").then(({ KnownHosts }) => {
      const { knownHostsFile: file, hostKeyPolicy: policy = "accept-new" } = this.options;
      return new KnownHosts({ ...(file !== undefined && { file }), policy });
    });
    return this.#knownHosts;
  }

  /** Closes one session and lets go of its variables. @throws {ToolError} `unknown_session` */
  async closeSession(id: string): Promise<void> {
    await this.sessions.close(id);
    this.vault.forget(id);
  }

  /** Closes every session. */
  async close(): Promise<void> {
    await this.sessions.closeAll();
  }
}
