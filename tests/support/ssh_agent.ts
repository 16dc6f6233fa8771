/** A real ssh-agent on a socket of its own. */
import { eventually } from "./processes.ts";
import { runOk } from "./run.ts";

/** A running ssh-agent. */
export interface SshAgent extends AsyncDisposable {
  /** Gives it a private key. */
  add(keyPath: string): Promise<void>;
}

/** Starts an agent that listens on `socket`. */
export async function startSshAgent(socket: string): Promise<SshAgent> {
  const agent = new Deno.Command("ssh-agent", { args: ["-D", "-a", socket], stdout: "null", stderr: "null" }).spawn();
  // Its socket is there before it listens on it, so only a connection shows that it does.
  await eventually("the agent listens", () => isAnswering(socket));
  return {
    add: async (keyPath) => void await runOk("env", [`SSH_AUTH_SOCK=${socket}`, "ssh-add", "-q", keyPath]),
    async [Symbol.asyncDispose]() {
      agent.kill();
      await agent.status;
    },
  };
}

async function isAnswering(socket: string): Promise<boolean> {
  const connection = await Deno.connect({ transport: "unix", path: socket }).catch(() => undefined);
  connection?.close();
  return connection !== undefined;
}
