/**
 * File names as text. On the far side a name is bytes, most often but not always UTF-8, and what is listed must be
 * found again under the name that was shown.
 *
 * A byte that is not part of valid UTF-8 stands as a lone surrogate, U+DC80 to U+DCFF, as in Python's `surrogateescape`
 * (PEP 383): JSON carries it, and {@linkcode encodeName} gives back the very same bytes.
 */

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
const ESCAPE_BASE = 0xdc00;

/** The text of a name. */
export function decodeName(bytes: Uint8Array): string {
  return tryDecode(bytes) ?? decodeByPieces(bytes);
}

/** The bytes of a name that {@linkcode decodeName} gave, or that was typed. */
export function encodeName(name: string): Uint8Array<ArrayBuffer> {
  if (name.isWellFormed()) return encoder.encode(name);
  const bytes: number[] = [];
  for (const character of name) {
    const code = character.codePointAt(0) ?? 0;
    if (code > ESCAPE_BASE + 0x7f && code <= ESCAPE_BASE + 0xff) bytes.push(code - ESCAPE_BASE);
    else bytes.push(...encoder.encode(character));
  }
  return new Uint8Array(bytes);
}

/** Where a path leads: `~` is the directory that SFTP starts in, the user's home; the rest passes as it is. */
export function expandHome(path: string): string {
  if (path === "~" || path === "~/") return ".";
  return path.startsWith("~/") ? path.slice(2).replace(/^\/+/, "") || "." : path;
}

/** Whether a path leads to what the kernel makes up: neither sizes nor free space mean anything there. */
export function isKernelFile(path: string): boolean {
  return /^\/(?:proc|sys)\//.test(path);
}

/** A name below a directory; `.` stands for itself. */
export function joinPath(directory: string, name: string): string {
  if (directory === "" || directory === ".") return name;
  return directory.endsWith("/") ? directory + name : `${directory}/${name}`;
}

/** The directory a path is in, as text; `.` for a bare name. */
export function parentPath(path: string): string {
  const trimmed = path.replace(/\/+$/, "");
  const slash = trimmed.lastIndexOf("/");
  if (slash < 0) return trimmed === "" && path.startsWith("/") ? "/" : ".";
  return trimmed.slice(0, slash).replace(/\/+$/, "") || "/";
}

/** The last component of a path. */
export function baseName(path: string): string {
  const trimmed = path.replace(/\/+$/, "");
  return trimmed.slice(trimmed.lastIndexOf("/") + 1);
}

function tryDecode(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined; // not UTF-8: the caller goes on byte by byte
  }
}

function decodeByPieces(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes[at] ?? 0);
    const character = tryDecode(bytes.subarray(at, at + length));
    text += character ?? String.fromCharCode(ESCAPE_BASE + (bytes[at] ?? 0));
    at += character === undefined ? 1 : length;
  }
  return text;
}

/** How many bytes a UTF-8 sequence with this lead byte has (RFC 3629 §3). */
export function sequenceLength(lead: number): number {
  return lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}
