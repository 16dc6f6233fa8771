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
  await eventually("the agent listens", () => Deno.stat(socket).then(() => true, () => false));
  return {
    add: async (keyPath) => void await runOk("env", [`SSH_AUTH_SOCK=${socket}`, "ssh-add", "-q", keyPath]),
    async [Symbol.asyncDispose]() {
      agent.kill();
      await agent.status;
    },
  };
}
