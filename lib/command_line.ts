/** The program's flags. */
import { parseArgs } from "node:util";
import type { HostKeyPolicy } from "./ssh/host_keys/known_hosts.ts";

/** What the flags say. */
export interface CommandLine {
  transport: "stdio" | "streamable-http";
  /** Where to listen; with `streamable-http` only. */
  host: string;
  port: number;
  secretsDir: string | undefined;
  filesDir: string | undefined;
  knownHostsFile: string | undefined;
  hostKeyPolicy: HostKeyPolicy;
  help: boolean;
  version: boolean;
}

/** Wrong flags; the message says which and what is right. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const FLAGS = {
  transport: { type: "string", default: "stdio" },
  host: { type: "string" },
  port: { type: "string" },
  "secrets-dir": { type: "string" },
  "files-dir": { type: "string" },
  "known-hosts": { type: "string" },
  "host-keys": { type: "string", default: "accept-new" },
  help: { type: "boolean", default: false },
  version: { type: "boolean", default: false },
} as const;

const TRANSPORTS = ["stdio", "streamable-http"] as const;
const POLICIES = ["strict", "accept-new", "insecure"] as const;

/** What --help prints. */
export const HELP = `mcp-remote-ssh: SSH for AI agents, as an MCP server

  deno run --no-prompt --allow-net --allow-read=DIR main.ts --secrets-dir=DIR

  --transport=TRANSPORT          stdio | streamable-http (stdio)
  --host=HOST, --port=PORT       where streamable-http listens (127.0.0.1, 9810)
  --secrets-dir=DIR              env files and keys are read from here, and only from here
  --files-dir=DIR                uploads come from here and downloads go here, and nowhere else
  --known-hosts=FILE             host keys (~/.ssh/known_hosts where it may be read)
  --host-keys=POLICY             strict | accept-new | insecure (accept-new)
  --help, --version

Each power is one flag of Deno; a call that lacks one says which to add.
`;

/**
 * Reads the flags.
 *
 * @throws {UsageError} for an unknown flag, naming the nearest right one, or a wrong value
 */
export function parseCommandLine(args: readonly string[]): CommandLine {
  for (const arg of args) checkFlag(arg);
  const { values } = parse(args);
  const policy = POLICIES.find((name) => name === values["host-keys"]);
  if (policy === undefined) throw new UsageError(`--host-keys takes one of ${POLICIES.join(", ")}`);
  const transport = TRANSPORTS.find((name) => name === values.transport);
  if (transport === undefined) throw new UsageError(`--transport takes one of ${TRANSPORTS.join(", ")}`);
  if (transport === "stdio" && (values.host ?? values.port) !== undefined) {
    throw new UsageError("--host and --port need --transport=streamable-http");
  }
  return {
    transport,
    host: values.host ?? "127.0.0.1",
    port: portNumber(values.port ?? "9810"),
    secretsDir: values["secrets-dir"],
    filesDir: values["files-dir"],
    knownHostsFile: values["known-hosts"],
    hostKeyPolicy: policy,
    help: values.help,
    version: values.version,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: FLAGS, strict: true, allowPositionals: false });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65535) return port;
  throw new UsageError("--port takes a number from 0, for any free port, to 65535");
}

/** @throws {UsageError} when `arg` is not a flag of ours */
function checkFlag(arg: string): void {
  const name = /^--([^=]*)/.exec(arg)?.[1];
  if (name === undefined || name in FLAGS) return;
  const nearest = Object.keys(FLAGS).sort((one, other) => distance(name, one) - distance(name, other))[0] ?? "help";
  throw new UsageError(`unknown flag --${name}; the nearest one is --${nearest}`);
}

/** Levenshtein distance: how many characters to add, drop or change. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const change = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, change));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
