/** Names of part files: beside the target, so that a rename stays on one file system, and found again by a resume. */
import { createHash } from "node:crypto";
import { baseName, encodeName, joinPath, parentPath } from "../sftp/names.ts";

/** What every part file ends with. */
export const PART_SUFFIX = ".mcp-part";

/** What Linux and most others allow for one name. */
const MAX_NAME_BYTES = 255;
const KEY_DIGITS = 12;

/**
 * Where the content for `target` stands until it is whole.
 *
 * @param target path of the file to be
 * @param identity what the content is known by (path, size and time of the source, say); a part file with the same
 * identity holds the start of the same content
 */
export function partPath(target: string, identity: string): string {
  const key = createHash("sha256").update(identity).digest("hex").slice(0, KEY_DIGITS);
  const room = MAX_NAME_BYTES - PART_SUFFIX.length - KEY_DIGITS - 2;
  return joinPath(parentPath(target), `.${cut(baseName(target), room)}.${key}${PART_SUFFIX}`);
}

/** The same for content that no one will resume. */
export function freshPartPath(target: string): string {
  return partPath(target, crypto.randomUUID());
}

/** Whether a name is that of a part file, which no copy of a directory takes along. */
export function isPartName(name: string): boolean {
  return /^\..*\.[0-9a-f]{12}\.mcp-part$/s.test(name);
}

function cut(name: string, maxBytes: number): string {
  let bytes = 0;
  let kept = "";
  for (const character of name) {
    bytes += encodeName(character).length;
    if (bytes > maxBytes) break;
    kept += character;
  }
  return kept;
}
