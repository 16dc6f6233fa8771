/** Port forwards: open, list, close. */
import net from "node:net";
import { z } from "zod";
import { quoteUntrusted, ToolError } from "../../errors.ts";
import type { ForwardRequest, ForwardStatus } from "../../ssh/forward.ts";
import { defineTool, type Tool } from "../define_tool.ts";
import { hostName, sessionId } from "../fields.ts";

const portOrAny = z.int().refine((value) => value >= 0 && value <= 65_535, "must be 0 to 65535");

const input = {
  session_id: sessionId,
  remote_port: portOrAny.optional(),
  local_port: portOrAny.default(0),
  remote_host: z.string().default("localhost").describe("Or a Unix socket path"),
  direction: z.enum(["local", "remote", "dynamic"]).default("local"),
  bind_address: z.string().default("127.0.0.1"),
  local_host: z.string().default("127.0.0.1"),
};

type Arguments = z.output<z.ZodObject<typeof input>>;

const openForward = defineTool({
  name: "ssh_forward_port",
  title: "Forward port",
  description:
    "As ssh -L, -R, -D. local: local_port here leads to remote_host:remote_port. remote: remote_port there " +
    "leads to local_host:local_port here. dynamic: SOCKS proxy on local_port. Port 0 to listen on: any free one.",
  input,
  output: {
    forward_id: z.string(),
    listening: z.string(),
    local_port: z.int(),
    warning: z.string().optional(),
  },
  annotations: { readOnlyHint: false, destructiveHint: false },
  async run(args, call) {
    const session = call.session(args.session_id);
    const request = requestOf(args);
    const { id, direction, listen, target } = await session.forwards.open(request, call.signal);
    const isRemote = direction === "remote";
    const remotePort = isRemote ? listen.port : args.remote_port;
    return {
      forward_id: id,
      ...{ direction, target }, // not worth their place in the schema
      listening: address(listen),
      local_port: isRemote ? args.local_port : listen.port,
      ...(direction !== "dynamic" && remotePort !== undefined && { remote_port: remotePort }),
      ...(!isLoopback(listen.host) && { warning: exposure(isRemote) }),
    };
  },
});

const listForwards = defineTool({
  name: "ssh_list_forwards",
  title: "List forwards",
  description: "Forwards of one session or of all: addresses, state, connections, bytes, last error.",
  input: { session_id: sessionId.optional() },
  output: { forwards: z.array(z.unknown()) },
  annotations: { readOnlyHint: true, openWorldHint: false },
  run({ session_id }, { app }) {
    const sessions = session_id === undefined ? [...app.sessions] : [app.sessions.find(session_id)];
    const forwards = sessions.flatMap((session) =>
      session.forwards.list().map((status) => ({ session_id: session.id, ...describe(status) }))
    );
    return Promise.resolve({ forwards });
  },
});

const closeForward = defineTool({
  name: "ssh_close_forward",
  title: "Close forward",
  description: "Close a forward with its connections; its port is free afterwards.",
  input: { session_id: sessionId, forward_id: z.string() },
  output: { forward_id: z.string(), closed: z.boolean() },
  annotations: { readOnlyHint: false, destructiveHint: true },
  async run({ session_id, forward_id }, { app }) {
    await app.sessions.find(session_id).forwards.closeForward(forward_id);
    return { forward_id, closed: true };
  },
});

/** The tools of this family, in order. */
export const forwardingTools: readonly Tool[] = [openForward, listForwards, closeForward];

/** @throws {ToolError} `invalid_argument`, saying which parameter the direction needs */
function requestOf(args: Arguments): ForwardRequest {
  const { direction, bind_address, local_port, local_host, remote_host, remote_port } = args;
  // A server may compare names, not addresses (PermitListen), and listen on both loopbacks for this one.
  const host = direction === "remote" && bind_address === "localhost" ? bind_address : listenHost(bind_address);
  switch (direction) {
    case "dynamic":
      return { direction, listen: { host, port: local_port } };
    case "remote":
      if (remote_port === undefined) throw missing("remote_port", "the port to listen on there, 0 for any free one");
      if (local_port === 0) throw missing("local_port", "the port here that the connections lead to");
      return {
        direction,
        listen: { host, port: remote_port },
        to: { host: name("local_host", local_host), port: local_port },
      };
    case "local": {
      const listen = { host, port: local_port };
      if (remote_host.includes("/")) return { direction, listen, to: { socketPath: socketPath(remote_host) } };
      if (remote_port === undefined || remote_port === 0) throw missing("remote_port", "the port there to lead to");
      return { direction, listen, to: { host: name("remote_host", remote_host), port: remote_port } };
    }
  }
}

function missing(parameter: string, meaning: string): ToolError {
  return new ToolError("invalid_argument", `ssh_forward_port: ${parameter} is missing: ${meaning}`, {
    hint: "correct the arguments and call again",
  });
}

/** An address to listen on: names are not looked up, since what they mean could change who can connect. */
function listenHost(text: string): string {
  if (text === "localhost") return "127.0.0.1";
  if (text === "*") return "0.0.0.0";
  const bare = withoutBrackets(text);
  if (net.isIPv4(bare)) return bare;
  // In one spelling, so that loopback is known as such; Deno cannot listen on an address with a zone.
  if (net.isIPv6(bare) && !bare.includes("%")) return withoutBrackets(new URL(`http://[${bare}]`).hostname);
  throw new ToolError("invalid_argument", `bind_address ${quoteUntrusted(text, 64)} is not an IP address`, {
    hint: "use 127.0.0.1 for this machine alone, or the address of one of its interfaces",
  });
}

/** @throws {ToolError} `invalid_argument` */
function name(parameter: string, text: string): string {
  const bare = withoutBrackets(text);
  const isName = hostName.safeParse(bare).success && !/[:[\]]/.test(bare);
  if (isName || net.isIPv6(bare)) return bare;
  throw new ToolError("invalid_argument", `${parameter} ${quoteUntrusted(text, 64)} is no host name or address`, {
    hint: "correct the arguments and call again",
  });
}

/** @throws {ToolError} `invalid_argument` */
function socketPath(text: string): string {
  if (text.startsWith("/") && text.length <= 255) return text;
  throw new ToolError("invalid_argument", `remote_host ${quoteUntrusted(text, 64)} is no whole path of a Unix socket`, {
    hint: "give the path from / on, in at most 255 characters",
  });
}

function withoutBrackets(text: string): string {
  return text.replace(/^\[(.*)\]$/, "$1");
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.") || host.startsWith("::ffff:7f");
}

function exposure(isRemote: boolean): string {
  return isRemote
    ? "other machines may reach this port, if the server's GatewayPorts allows it"
    : "other machines can reach this port";
}

function address({ host, port }: { host: string; port: number }): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function describe(status: ForwardStatus): { forward_id: string; state: "open" | "closed"; [key: string]: unknown } {
  return {
    forward_id: status.id,
    direction: status.direction,
    state: status.state,
    ...(status.reason !== undefined && { reason: status.reason }),
    listening: address(status.listen),
    ...(status.target !== undefined && { target: status.target }),
    connections_now: status.connectionsNow,
    connections_total: status.connectionsTotal,
    connections_failed: status.connectionsFailed,
    bytes_to_remote: status.bytesToRemote,
    bytes_from_remote: status.bytesFromRemote,
    ...(status.lastError !== undefined && { last_error: status.lastError }),
  };
}
