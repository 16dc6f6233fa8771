/** The package as another program imports it. */
import { Client } from "@modelcontextprotocol/client";
import { InMemoryTransport } from "@modelcontextprotocol/server";
import assert from "node:assert/strict";
import { createServer, ToolError } from "../../main.ts";
import { faultyServer } from "../support/faulty_server.ts";
import { socketsWithPort } from "../support/forward_bed.ts";
import { eventually, isAlive } from "../support/processes.ts";
import { startSshd } from "../support/sshd.ts";

Deno.test("createServer() gives the program's server, its sessions and its egress, shared by all its clients", async () => {
  await using sshd = await startSshd();
  await using server = createServer({ hostKeyPolicy: "insecure" });
  const clients = await Promise.all([1, 2].map(async () => {
    const [clientSide, serverSide] = InMemoryTransport.createLinkedPair();
    await server.connect(serverSide);
    const client = new Client({ name: "test", version: "0" });
    await client.connect(clientSide);
    return client;
  }));
  const call = async (client: Client | undefined, name: string, args: Record<string, unknown>) =>
    // deno-lint-ignore no-explicit-any -- results of any shape
    (await client?.callTool({ name, arguments: args }))?.structuredContent as any;
  const target = { host: sshd.host, port: sshd.port, username: sshd.user };
  const { session_id } = await call(clients[0], "ssh_connect", {
    ...target,
    key_path: sshd.clientKeyPath,
    password: "hidden-from-now-on",
  });
  assert.deepEqual(server.sessions(), [{ id: session_id, ...target, connected: true }]);
  const { stdout } = await call(clients[1], "ssh_execute", { session_id, command: "echo $PPID" });
  assert.deepEqual(server.egress.clean({ "hidden-from-now-on": ["it was hidden-from-now-on"] }), {
    "***": ["it was ***"],
  });
  await server.close();
  assert.deepEqual(server.sessions(), []);
  await eventually("the connection is gone", async () => !await isAlive(Number(stdout)));
  for (const client of clients) await client.close();
});

Deno.test("createServer() lets no session be that is being opened when it is closed", async () => {
  await using silent = await faultyServer(() => {});
  await using server = createServer({ hostKeyPolicy: "insecure" });
  const [clientSide, serverSide] = InMemoryTransport.createLinkedPair();
  await server.connect(serverSide);
  const client = new Client({ name: "test", version: "0" });
  await client.connect(clientSide);
  const target = { host: silent.host, port: silent.port, password: "unused" };
  const connecting = client.callTool({ name: "ssh_connect", arguments: target });
  await eventually("the connection is made", async () => (await socketsWithPort(silent.port)).length > 0);
  await server.close();
  assert.match(JSON.stringify((await connecting).structuredContent), /cancelled/);
  await client.close();
});

Deno.test("createServer() refuses directories that overlap", () => {
  assert.throws(
    () => createServer({ filesDir: "/nowhere/a", secretsDir: "/nowhere/a/b" }),
    (error) => error instanceof ToolError && error.code === "invalid_argument",
  );
});
