/** What stands at the path on the host that a file is to have. */
import { quoteUntrusted, ToolError } from "../../errors.ts";
import { type Attributes, fileType } from "../sftp/attributes.ts";
import type { FileClient } from "../sftp/file_client.ts";
import { failure, isNotFound } from "../sftp/failure.ts";

/** The error for a target that can only be written in its place. */
export class KernelFile extends ToolError {
  /** @param path of the file */
  constructor(path: string) {
    super("not_a_regular_file", `${quoteUntrusted(path)} is a file of the kernel, which nothing can replace`, {
      hint: "write to it with ssh_write_remote_file",
    });
  }
}

/** What is at the target now. */
export interface Target {
  /** The path, where it is a link the path it leads to. */
  path: string;
  /** Undefined when nothing is there. */
  existing: Attributes | undefined;
}

/**
 * What is at a path now, links followed.
 *
 * @throws {ToolError} `is_a_directory` or `not_a_regular_file` when it cannot be a file's target
 */
export async function findTarget(client: FileClient, path: string): Promise<Target> {
  const attempt = { doing: "writing", path };
  if (path.endsWith("/")) throw failure("is_a_directory", attempt);
  const there = await client.lstat(path).catch(absent);
  if (there === undefined) return { path, existing: undefined };
  if (fileType(there.mode) === "symlink") {
    const real = await client.realpath(path);
    return regular({ path: real, existing: await client.stat(real).catch(absent) }, path);
  }
  return regular({ path, existing: there }, path);
}

function regular(target: Target, path: string): Target {
  if (target.existing === undefined) return target;
  const type = fileType(target.existing.mode);
  if (type === "directory") throw failure("is_a_directory", { doing: "writing", path });
  if (type === "file" || target.existing.mode === undefined) return target;
  throw notRegular(path, type);
}

/** The error for a path that is no regular file. */
export function notRegular(path: string, type: string): ToolError {
  return new ToolError("not_a_regular_file", `${quoteUntrusted(path)} is a ${type.replace("_", " ")}, not a file`, {
    hint: "give the path of a regular file",
  });
}

/** For a request that may find nothing. @throws whatever else failed */
export function absent(error: unknown): undefined {
  if (!isNotFound(error)) throw error;
  return undefined;
}
