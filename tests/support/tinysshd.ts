/** A real TinySSH server on loopback: Ed25519, curve25519 and chacha20-poly1305, and nothing else. */
import { killAll } from "./processes.ts";
import { ensureProgram, runOk } from "./run.ts";
import { tempDir } from "./temp_dir.ts";

/** A running server; users log in through their own ~/.ssh/authorized_keys only. */
export interface Tinysshd extends AsyncDisposable {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** SHA256:… */
  readonly hostKeyFingerprint: string;
}

/** Starts a server. TinySSH speaks on stdin and stdout, so this listens for it and starts one for each connection. */
export async function startTinysshd(): Promise<Tinysshd> {
  const program = await ensureProgram("tinysshd");
  const home = await tempDir("mcp-remote-ssh-tinysshd-");
  const keyDir = `${home.path}/keys`;
  await runOk(program + "-makekey", [keyDir]);
  const printed = await runOk(program + "-printkey", [keyDir]);
  const base64 = /ssh-ed25519 (\S+)/.exec(printed)?.[1] ?? "";
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const served = new Set<Promise<void>>();
  const children = new Set<Deno.ChildProcess>();
  const accepting = (async () => {
    for await (const connection of listener) {
      const child = new Deno.Command(program, {
        args: [keyDir],
        stdin: "piped",
        stdout: "piped",
        stderr: "null",
      }).spawn();
      children.add(child);
      served.add(serve(connection, child).finally(() => children.delete(child)));
    }
  })();
  return {
    host: "127.0.0.1",
    port: listener.addr.port,
    hostKeyFingerprint: await fingerprintOf(base64),
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      killAll([...children].map((child) => child.pid));
      await Promise.all(served);
      await home[Symbol.asyncDispose]();
    },
  };
}

/** Carries bytes both ways until the server or the client is done; a broken pipe is the normal end of either. */
async function serve(connection: Deno.TcpConn, child: Deno.ChildProcess): Promise<void> {
  const up = connection.readable.pipeTo(child.stdin).catch(() => {});
  await child.stdout.pipeTo(connection.writable).catch(() => {});
  await child.status;
  await up;
}

async function fingerprintOf(base64: string): Promise<string> {
  const blob = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", blob));
  return "SHA256:" + btoa(String.fromCharCode(...digest)).replace(/=+$/, "");
}
