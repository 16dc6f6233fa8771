/** Hosts without an SFTP server, of the kinds that there are. */
import { startDropbear } from "./dropbear.ts";
import { FileTools, names } from "./file_tools.ts";
import { ensureProgram, runOk } from "./run.ts";
import { createTestUser, makeKey, startSshd } from "./sshd.ts";
import { tempDir } from "./temp_dir.ts";

/** OpenSSH with its subsystem taken away; Dropbear; OpenSSH on a system of BusyBox alone, which has no stat. */
export const KINDS = ["sshd", "dropbear", "busybox"] as const;

/** A host with a directory for one test, and the file tools connected to it. */
export interface NoSftpHost extends AsyncDisposable {
  readonly tools: FileTools;
  /** The directory on the host, which is this machine. */
  readonly dir: string;
  /** A path on the host. */
  path(name: string): string;
  /** Names in the directory on the host, part files included. */
  remoteNames(): Promise<string[]>;
}

/** Starts one (root only). @param diskBytes with a file system of that size at `small` */
export async function startWithoutSftp(kind: typeof KINDS[number], diskBytes?: number): Promise<NoSftpHost> {
  await using stack = new AsyncDisposableStack();
  const remote = stack.use(await tempDir("mcp-remote-ssh-remote-"));
  await Deno.chmod(remote.path, 0o777);
  if (diskBytes !== undefined) {
    // Before the server starts: one that hides something from itself sees no later mounts.
    const small = `${remote.path}/small`;
    await Deno.mkdir(small);
    await runOk("mount", ["-t", "tmpfs", "-o", `size=${diskBytes},mode=777`, "tmpfs", small]);
    stack.defer(async () => void await runOk("umount", [small]));
  }
  const tools = kind === "dropbear"
    ? await onDropbear(stack)
    : await onSshd(stack, kind === "busybox" ? { path: `${remote.path}-bin` } : {});
  stack.use(tools);
  const owned = stack.move();
  return {
    tools,
    dir: remote.path,
    path: (name) => `${remote.path}/${name}`,
    remoteNames: () => names(remote.path),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function onSshd(stack: AsyncDisposableStack, { path }: { path?: string }): Promise<FileTools> {
  if (path === undefined) return await FileTools.connect(stack.use(await startSshd({ sftp: "none" })));
  await makeBusyBox(path);
  stack.defer(() => Deno.remove(path, { recursive: true }));
  const config = [`Match User *`, `SetEnv PATH=${path} HOME=/`, "Match all"];
  return await FileTools.connect(stack.use(await startSshd({ sftp: "none", config })));
}

/** As small routers have it. */
async function makeBusyBox(directory: string): Promise<void> {
  const busybox = await ensureProgram("busybox");
  await Deno.mkdir(directory);
  const left = new Set(["stat", "truncate", "sha256sum", "sh", "ash"]);
  for (const name of (await runOk(busybox, ["--list"])).trim().split("\n")) {
    if (!left.has(name)) await Deno.symlink(busybox, `${directory}/${name}`);
  }
  await Deno.symlink(busybox, `${directory}/sh`);
}

async function onDropbear(stack: AsyncDisposableStack): Promise<FileTools> {
  const server = stack.use(await startDropbear({ sftp: false }));
  const user = stack.use(await createTestUser());
  const key = await makeKey(server.dir, "ed25519", "client");
  await user.authorize(key.publicKey);
  const login = { host: server.host, port: server.port, user: user.name, clientKeyPath: key.path };
  return await FileTools.connect(login);
}
