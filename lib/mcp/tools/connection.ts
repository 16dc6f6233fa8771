/** Sessions: connect, list, close. */
import { z } from "zod";
import { ToolError } from "../../errors.ts";
import { flag, holds } from "../../sandbox.ts";
import type { Credentials } from "../../ssh/authentication/authentication.ts";
import { Deadline } from "../../ssh/deadline.ts";
import type { Session } from "../../ssh/session.ts";
import type { App } from "../app.ts";
import { defineTool, type Tool } from "../define_tool.ts";
import { hostName, port, sessionId, timeoutSeconds, userName, variableName } from "../fields.ts";
import { chosen, variablesToChooseFrom } from "../secret_arguments.ts";

const connect = defineTool({
  name: "ssh_connect",
  title: "Connect",
  description: "Open an SSH session. Without password and key_path the ssh-agent is used. " +
    "Returns the session_id for the other tools.",
  input: {
    host: hostName,
    username: userName.default("root"),
    password: z.string().max(4096).optional(),
    key_path: z.string().min(1).max(4096).optional().describe("Local private key file"),
    passphrase: z.string().max(4096).optional().describe("Of the key"),
    password_var: variableName.optional().describe("Variable that holds it"),
    passphrase_var: variableName.optional(),
    env_file: z.string().min(1).max(4096).optional().describe("Where these variables are"),
    port: port.default(22),
    timeout: timeoutSeconds(60),
  },
  output: {
    session_id: z.string(),
    host: z.string(),
    username: z.string(),
    port: z.int(),
    connected: z.boolean(),
    server_version: z.string(),
    host_key: z.looseObject({}),
    kex: z.string(),
    cipher: z.string(),
  },
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true },
  async run(args, { app, signal: cancelled }) {
    using room = app.sessions.reserve();
    const timeoutMs = args.timeout * 1000;
    const deadline = new Deadline(timeoutMs);
    const signal = AbortSignal.any([cancelled, room.signal]);
    const [{ Connection }, { Session }] = await Promise.all([
      import("../../ssh/connection.ts"),
      import("../../ssh/session.ts"),
    ]);
    const knownHosts = await app.knownHosts();
    const givenUp = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const credentials = await deadline.race(credentialsOf(args, app, givenUp), () => "end of reading the key", signal);
    const { host, port, username } = args;
    const target = { host, port, username, credentials, knownHosts };
    const connection = await Connection.connect({ ...target, timeoutMs, deadline, signal });
    const session = new Session(connection, app.sessions.leftOutputs);
    app.sessions.add(session);
    // Asked for now, in the background, so that the first command need not wait for it; it asks again if this fails.
    session.loginShell.isPosix().catch(() => {});
    const { serverVersion, hostKey, hostKeyVerdict, kex, cipher } = connection.facts;
    return {
      session_id: session.id,
      host,
      username,
      port,
      connected: true,
      server_version: serverVersion,
      host_key: {
        type: hostKey.type,
        fingerprint: hostKey.fingerprint,
        ...hostKeyVerdict,
      },
      kex,
      cipher,
    };
  },
});

const listSessions = defineTool({
  name: "ssh_list_sessions",
  title: "List sessions",
  description: "All sessions, also those whose connection was lost.",
  input: {},
  output: {
    sessions: z.array(z.object({
      session_id: z.string(),
      host: z.string(),
      username: z.string(),
      port: z.int(),
      connected: z.boolean(),
      lost: z.string().optional(),
      shell_open: z.boolean(),
      uptime_seconds: z.int(),
      active_forwards: z.int(),
    })),
  },
  annotations: { readOnlyHint: true, openWorldHint: false },
  run(_args, { app }) {
    return { sessions: [...app.sessions].map(describe) };
  },
});

const closeSession = defineTool({
  name: "ssh_close_session",
  title: "Close session",
  description: "Close a session with its running commands, shells and forwards.",
  input: { session_id: sessionId },
  output: { session_id: z.string(), closed: z.boolean() },
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true },
  async run({ session_id }, { app }) {
    await app.closeSession(session_id);
    return { session_id, closed: true };
  },
});

/** The tools of this family, in order. */
export const connectionTools: readonly Tool[] = [connect, listSessions, closeSession];

function describe(session: Session): {
  session_id: string;
  host: string;
  username: string;
  port: number;
  connected: boolean;
  lost?: string;
  shell_open: boolean;
  uptime_seconds: number;
  active_forwards: number;
} {
  const { host, username, port } = session.connection.facts;
  const { ended } = session;
  return {
    session_id: session.id,
    host,
    username,
    port,
    connected: ended === undefined,
    ...(ended !== undefined && { lost: [ended.message, ended.hint].join("; ") }),
    shell_open: session.shells.open > 0,
    uptime_seconds: session.uptimeSeconds,
    active_forwards: session.forwards.active,
  };
}

/** The parameters that say how to prove who we are. */
interface ProofArguments {
  password?: string | undefined;
  key_path?: string | undefined;
  passphrase?: string | undefined;
  password_var?: string | undefined;
  passphrase_var?: string | undefined;
  env_file?: string | undefined;
}

/** What the agent gave to prove itself with; the ssh-agent when that is nothing. */
async function credentialsOf(args: ProofArguments, app: App, signal: AbortSignal): Promise<Credentials> {
  const variables = await variablesToChooseFrom(app, args.env_file);
  const password = chosen(app, variables, "password", args.password, args.password_var);
  const passphrase = chosen(app, variables, "passphrase", args.passphrase, args.passphrase_var);
  if (args.key_path !== undefined) {
    const { readPrivateKeyFile } = await import("../../ssh/authentication/private_key.ts");
    const { parsed } = await readPrivateKeyFile(args.key_path, { passphrase, signal });
    return { privateKey: parsed, password };
  }
  if (password !== undefined) return { password };
  return { agentSocket: agentSocket() };
}

/**
 * Path of the ssh-agent's socket.
 *
 * @throws {ToolError} `agent_unavailable`, with the flags that give access to it
 */
function agentSocket(): string {
  const advice = "give password or key_path";
  if (!holds({ name: "env", variable: "SSH_AUTH_SOCK" })) {
    throw new ToolError(
      "agent_unavailable",
      "neither password nor key_path is given, and the ssh-agent is out of reach",
      {
        hint: `${advice}; for the ssh-agent start the server with --allow-env=SSH_AUTH_SOCK`,
      },
    );
  }
  const path = Deno.env.get("SSH_AUTH_SOCK");
  if (path === undefined || path === "") {
    throw new ToolError("agent_unavailable", "neither password nor key_path is given, and no ssh-agent runs here", {
      hint: advice,
    });
  }
  if (!holds({ name: "read", path }) || !holds({ name: "write", path })) {
    throw new ToolError("agent_unavailable", "the ssh-agent's socket is out of reach in Deno's sandbox", {
      hint: `${advice}; for the ssh-agent start the server with ${flag({ name: "read", path })} ` +
        flag({ name: "write", path }),
    });
  }
  return path;
}
