/** What a failed operation on a local file means. */
import { quoteUntrusted, ToolError } from "../../errors.ts";
import { denied } from "../../sandbox.ts";

const WORDS: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  ENAMETOOLONG: ["the name is too long", "choose a shorter name"],
  EROFS: ["the file system is read-only", "choose another directory"],
  ELOOP: ["the links on the way lead round in a circle", "choose another path"],
  EMFILE: ["too many files are open", "try again when other transfers are done"],
  EIO: ["the disk gave an error", "look at the disk of the machine the server runs on"],
};

/** The error for a local operation that failed; what is no failure of the local system passes. */
export function localFailure(error: unknown, doing: string, path: string): unknown {
  if (!isLocal(error)) return error;
  const shown = quoteUntrusted(path);
  if (error instanceof Deno.errors.NotCapable) {
    return denied({ name: doing === "reading" ? "read" : "write", path }, `${doing} ${shown}`, error);
  }
  const code = (error as Error & { code?: string }).code;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new ToolError(
      code === "ENOSPC" ? "no_space" : "quota_exceeded",
      `${doing} ${shown} on this machine failed: no space is left for it`,
      { hint: "free some space on the machine the server runs on", cause: error },
    );
  }
  const [what, hint] = error instanceof Deno.errors.NotFound
    ? ["there is no such file or directory", "check local_path; it is relative to --files-dir"]
    : error instanceof Deno.errors.PermissionDenied
    ? ["the user who runs the server may not", "change the file's permissions"]
    : error instanceof Deno.errors.AlreadyExists
    ? ["something has that name already", "choose another name"]
    : code !== undefined && WORDS[code] !== undefined
    ? WORDS[code]
    : [code ?? error.name, "look at the file on the machine the server runs on"];
  return new ToolError("local_file_error", `${doing} ${shown} on this machine failed: ${what}`, { hint, cause: error });
}

function isLocal(error: unknown): error is Error {
  if (!(error instanceof Error) || error instanceof ToolError) return false;
  return "code" in error || Object.values(Deno.errors).some((kind) => error instanceof kind);
}
