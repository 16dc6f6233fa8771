/** A host with a directory for one test, and the file tools connected to it. */
import { FileTools, names } from "./file_tools.ts";
import { type Sshd, type SshdOptions, startSshd } from "./sshd.ts";
import { type TempDir, tempDir } from "./temp_dir.ts";

/** Both, gone when the test is. */
export class FileHost implements AsyncDisposable {
  readonly sshd: Sshd;
  readonly tools: FileTools;
  /** The directory on the host, which is this machine. */
  readonly remote: TempDir;

  private constructor(sshd: Sshd, tools: FileTools, remote: TempDir) {
    this.sshd = sshd;
    this.tools = tools;
    this.remote = remote;
  }

  /** Starts a server and connects. */
  static async start(options: SshdOptions = {}): Promise<FileHost> {
    const sshd = await startSshd(options);
    const remote = await tempDir("mcp-remote-ssh-remote-");
    return new FileHost(sshd, await FileTools.connect(sshd), remote);
  }

  /** A path on the host. */
  path(name: string): string {
    return `${this.remote.path}/${name}`;
  }

  /** Names in the directory on the host, part files included. */
  async remoteNames(): Promise<string[]> {
    return await names(this.remote.path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tools[Symbol.asyncDispose]();
    await this.sshd[Symbol.asyncDispose]();
    await this.remote[Symbol.asyncDispose]();
  }
}
