/** ssh2's client as a promise, for tests of what lies below a connection. */
import type { Client, ConnectConfig, NegotiatedAlgorithms } from "../../lib/ssh/ssh2.ts";
import { loadSsh2 } from "../../lib/ssh/ssh2.ts";

/** A client that is logged in. */
export interface LoggedIn extends Disposable {
  client: Client;
  negotiated: NegotiatedAlgorithms;
  /** Runs a command and gives its stdout. */
  exec(command: string): Promise<string>;
}

/** Logs in. @throws {Error} what the client emits when it cannot */
export async function logIn(config: ConnectConfig): Promise<LoggedIn> {
  const { Client } = await loadSsh2();
  const client = new Client();
  return await new Promise<LoggedIn>((resolve, reject) => {
    let negotiated: NegotiatedAlgorithms | undefined;
    client.on("handshake", (algorithms) => negotiated ??= algorithms);
    client.on("error", reject);
    client.on("ready", () => {
      if (negotiated === undefined) return reject(new Error("ready before the handshake"));
      resolve({
        client,
        negotiated,
        exec: (command) => exec(client, command),
        [Symbol.dispose]: () => void client.end(),
      });
    });
    client.connect(config);
  });
}

function exec(client: Client, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    client.exec(command, (error, channel) => {
      if (error) return reject(error);
      const chunks: Uint8Array[] = [];
      channel.on("data", (chunk: Uint8Array) => chunks.push(chunk));
      channel.stderr.resume();
      channel.on("close", () => resolve(chunks.map((chunk) => new TextDecoder().decode(chunk)).join("")));
    });
  });
}
