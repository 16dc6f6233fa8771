/** All tools, in the order in which they are listed. */
import type { Tool } from "./define_tool.ts";
import { connectionTools } from "./tools/connection.ts";
import { executionTools } from "./tools/execution.ts";
import { fileTools } from "./tools/files.ts";
import { forwardingTools } from "./tools/forwarding.ts";
import { secretTools } from "./tools/secrets.ts";
import { shellTools } from "./tools/shell.ts";

/** All tools, in the order in which they are listed. */
export const catalogue: readonly Tool[] = [
  ...connectionTools,
  ...executionTools,
  ...shellTools,
  ...secretTools,
  ...fileTools,
  ...forwardingTools,
];
