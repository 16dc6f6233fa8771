/**
 * Shows the main job with nothing to set up: `deno task demo`. The server program runs as a child with exactly the
 * README's permission flags, and is spoken to by a real MCP client. `deno task demo -- user@host` does the same,
 * read-only, against a host of yours.
 */
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { fileURLToPath } from "node:url";
import { startEmbeddedServer } from "./embedded_server.ts";
import { ownHostTour } from "./own_host_tour.ts";
import { Agent, tour } from "./tour.ts";
import { Transcript } from "./transcript.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

/** Starts the server program with these flags, and a client that talks to it. */
async function startAgent(transcript: Transcript, permissions: string[], flags: string[]): Promise<Agent> {
  const args = ["run", "--quiet", "--no-prompt", ...permissions, MAIN, ...flags];
  console.log(`$ deno ${args.map((arg) => arg === MAIN ? "main.ts" : arg).join(" ")}`);
  const client = new Client({ name: "demo", version: "1" });
  await client.connect(new StdioClientTransport({ command: Deno.execPath(), args, env: agentEnvironment() }));
  return new Agent(client, transcript);
}

function agentEnvironment(): Record<string, string> {
  const names = ["PATH", "HOME", "SSH_AUTH_SOCK", "DENO_DIR", "XDG_CACHE_HOME"];
  return Object.fromEntries(names.map((name) => [name, Deno.env.get(name) ?? ""]).filter(([, value]) => value !== ""));
}

/** The tour on the embedded server. */
async function embeddedDemo(transcript: Transcript): Promise<void> {
  const password = crypto.randomUUID();
  const token = `sk-live-${crypto.randomUUID().replaceAll("-", "").slice(0, 16)}`;
  const directory = await Deno.makeTempDir({ prefix: "mcp-remote-ssh-demo-" });
  const [secrets, files] = [`${directory}/secrets`, `${directory}/files`];
  try {
    for (const path of [secrets, files]) await Deno.mkdir(path, { mode: 0o700 });
    const env = `# what only this machine holds\nDEMO_PASSWORD=${password}\nAPI_TOKEN=${token}\nPORT=8080\n`;
    await Deno.writeTextFile(`${secrets}/demo.env`, env, { mode: 0o600 });
    await using server = await startEmbeddedServer("demo", password);
    const permissions = ["--allow-net", `--allow-read=${secrets},${files}`, `--allow-write=${files}`];
    await using agent = await startAgent(transcript, permissions, [`--secrets-dir=${secrets}`, `--files-dir=${files}`]);
    await tour(agent, { host: server.host, port: server.port, files, secrets: [password, token] });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** The read-only tour on a host of the user's. */
async function ownHostDemo(transcript: Transcript, target: string): Promise<void> {
  const { username, host, port } = addressOf(target);
  const socket = Deno.env.get("SSH_AUTH_SOCK") ?? "";
  const permissions = ["--allow-net", "--allow-env=SSH_AUTH_SOCK", `--allow-read=${socket}`, `--allow-write=${socket}`];
  await using agent = await startAgent(transcript, socket === "" ? ["--allow-net"] : permissions, []);
  await ownHostTour(agent, {
    host,
    username: username ?? Deno.env.get("USER") ?? "root",
    ...(port !== undefined && { port: Number(port) }),
    ...(socket === "" && { password: prompt(`password of ${target}:`) ?? "" }),
  });
}

/** Reads `user@host:port`, where an IPv6 address stands in brackets if a port follows. */
function addressOf(target: string): { username?: string; host: string; port?: string } {
  const [, username, address = ""] = /^(?:([^@]+)@)?(.*)$/.exec(target) ?? [];
  const [, inBrackets, name, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(address) ?? [];
  return {
    ...(username !== undefined && { username }),
    host: inBrackets ?? name ?? address,
    ...(port !== undefined && { port }),
  };
}

const transcript = new Transcript();
const target = Deno.args.find((arg) => arg !== "--");
if (target === undefined) await embeddedDemo(transcript);
else await ownHostDemo(transcript, target);
Deno.exit(transcript.verdict());
