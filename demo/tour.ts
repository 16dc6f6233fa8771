/** The tour: what an agent does with every family of tools, and what must come of it. */
import type { Client } from "@modelcontextprotocol/client";
import net from "node:net";
import type { Transcript } from "./transcript.ts";

/** What a tool answered, its structured content. */
// deno-lint-ignore no-explicit-any -- answers have many shapes
type Answer = any;

/** A client that writes down what it does. */
export class Agent implements AsyncDisposable {
  readonly transcript: Transcript;
  readonly #client: Client;
  /** All that the agent has seen so far. */
  seen = "";

  /** @param client connected to the server program */
  constructor(client: Client, transcript: Transcript) {
    this.#client = client;
    this.transcript = transcript;
  }

  /** Calls a tool and writes down call and answer. */
  async call(name: string, args: Record<string, unknown>): Promise<Answer> {
    this.transcript.call(name, args);
    const result = await this.#client.callTool({ name, arguments: args });
    this.seen += JSON.stringify(result);
    const value = result.structuredContent as Record<string, unknown>;
    this.transcript.answer(value, result.isError === true);
    return value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
  }
}

/** Where the tour goes. */
export interface TourOptions {
  host: string;
  port: number;
  /** The directory of --files-dir. */
  files: string;
  /** Values that the agent must never see. */
  secrets: string[];
}

/** Takes the tour. */
export async function tour(agent: Agent, options: TourOptions): Promise<void> {
  const { transcript } = agent;
  const session_id = await connect(agent, options);
  await execute(agent, session_id);
  await secrets(agent, session_id);
  await shell(agent, session_id);
  await files(agent, session_id, options.files);
  await forward(agent, session_id);
  transcript.section("Close");
  transcript.check("closed", (await agent.call("ssh_close_session", { session_id })).closed === true);
  const leaked = options.secrets.filter((secret) => agent.seen.includes(secret) || agent.seen.includes(btoa(secret)));
  transcript.check("no answer of the whole tour held a secret", leaked.length === 0);
}

async function connect(agent: Agent, { host, port }: TourOptions): Promise<string> {
  agent.transcript.section("Connect, with a password that the agent never sees");
  const credentials = { username: "demo", password_var: "DEMO_PASSWORD", env_file: "demo.env" };
  const session = await agent.call("ssh_connect", { host, port, ...credentials });
  agent.transcript.check("connected", session.connected === true);
  return session.session_id;
}

async function execute(agent: Agent, session_id: string): Promise<void> {
  agent.transcript.section("Execute");
  const result = await agent.call("ssh_execute", {
    session_id,
    command: "uname -s; echo 'this goes to stderr' >&2; exit 3",
  });
  agent.transcript.check("stdout, stderr and exit code are told apart", result.exit_code === 3 && result.stderr !== "");
  const hung = await agent.call("ssh_execute", { session_id, command: "echo started; sleep 600", timeout: 2 });
  agent.transcript.check("a command that hangs is ended at its timeout", hung.timed_out && hung.stdout === "started\n");
}

async function secrets(agent: Agent, session_id: string): Promise<void> {
  agent.transcript.section("Use a secret without seeing it");
  await agent.call("ssh_load_env_file", { session_id, file_path: "demo.env" });
  const command = 'echo "token: $API_TOKEN"; printf %s "$API_TOKEN" | base64; echo "length: ${#API_TOKEN}"';
  const result = await agent.call("ssh_execute", { session_id, command });
  agent.transcript.check(
    "the command had the value, the agent got ***",
    result.stdout === "token: ***\n***\nlength: 24\n",
  );
}

async function shell(agent: Agent, session_id: string): Promise<void> {
  agent.transcript.section("A shell that keeps its state");
  await agent.call("ssh_shell_open", { session_id });
  await agent.call("ssh_shell_send", { session_id, data: "cd /tmp && GREETING=hello", await_exit: true });
  const result = await agent.call("ssh_shell_send", {
    session_id,
    data: 'echo "$GREETING from $PWD"',
    await_exit: true,
  });
  agent.transcript.check(
    "directory and variable are still there",
    result.exit_code === 0 && String(result.output).includes("hello from /tmp"),
  );
}

async function files(agent: Agent, session_id: string, directory: string): Promise<void> {
  agent.transcript.section("Files");
  const remote = `${directory}/remote copy.txt`;
  await Deno.writeTextFile(`${directory}/notes.txt`, "one\ntwo\nthree\n");
  await agent.call("ssh_upload_file", { session_id, local_path: "notes.txt", remote_path: remote });
  await agent.call("ssh_write_remote_file", {
    session_id,
    remote_path: remote,
    edit: { old_text: "two", new_text: "2" },
  });
  const read = await agent.call("ssh_read_remote_file", { session_id, remote_path: remote });
  agent.transcript.check("an edit changed one line", read.content === "one\n2\nthree\n");
  await agent.call("ssh_download_file", { session_id, remote_path: remote, local_path: "back.txt" });
  const back = await Deno.readTextFile(`${directory}/back.txt`);
  agent.transcript.check("the download is byte for byte what is there", back === "one\n2\nthree\n");
  await agent.call("ssh_list_remote_dir", { session_id, remote_path: directory });
}

async function forward(agent: Agent, session_id: string): Promise<void> {
  agent.transcript.section("A tunnel");
  const service = net.createServer((socket) => socket.end("hello through the tunnel"));
  await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
  const { port } = service.address() as net.AddressInfo;
  const tunnel = await agent.call("ssh_forward_port", { session_id, remote_port: port, remote_host: "127.0.0.1" });
  const socket = await Deno.connect({ hostname: "127.0.0.1", port: tunnel.local_port });
  const text = await new Response(socket.readable).text();
  agent.transcript.check("bytes came through", text === "hello through the tunnel");
  await agent.call("ssh_close_forward", { session_id, forward_id: tunnel.forward_id });
  await new Promise((resolve) => service.close(resolve));
}
