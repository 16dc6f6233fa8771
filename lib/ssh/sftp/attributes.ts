/** What SFTP says of a file (draft-ietf-secsh-filexfer-02 §5). */
import type { PacketBuilder, PacketReader } from "./wire.ts";

/** A file's attributes; what the server did not send is undefined. */
export interface Attributes {
  /** Bytes. */
  size?: number | undefined;
  uid?: number | undefined;
  gid?: number | undefined;
  /** File type and permission bits, as in stat(2). */
  mode?: number | undefined;
  /** Seconds since 1970. */
  accessed?: number | undefined;
  /** Seconds since 1970. */
  modified?: number | undefined;
}

/** Kinds of file. */
export type FileType = "file" | "directory" | "symlink" | "fifo" | "socket" | "block_device" | "char_device" | "other";

const Flag = { SIZE: 1, UIDGID: 2, PERMISSIONS: 4, ACMODTIME: 8, EXTENDED: 0x80000000 } as const;

const TYPES: Readonly<Record<number, FileType>> = {
  0o010000: "fifo",
  0o020000: "char_device",
  0o040000: "directory",
  0o060000: "block_device",
  0o100000: "file",
  0o120000: "symlink",
  0o140000: "socket",
};

/** The kind of file that a mode stands for. */
export function fileType(mode: number | undefined): FileType {
  return TYPES[(mode ?? 0) & 0o170000] ?? "other";
}

/** Permission bits, as chmod takes them: four octal digits. */
export function permissions(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, "0");
}

/** Reads attributes. */
export function readAttributes(reader: PacketReader): Attributes {
  const flags = reader.u32();
  const found: Attributes = {};
  if (flags & Flag.SIZE) found.size = reader.u64();
  if (flags & Flag.UIDGID) {
    found.uid = reader.u32();
    found.gid = reader.u32();
  }
  if (flags & Flag.PERMISSIONS) found.mode = reader.u32();
  if (flags & Flag.ACMODTIME) {
    found.accessed = reader.u32();
    found.modified = reader.u32();
  }
  if (flags & Flag.EXTENDED) {
    for (let count = reader.u32(); count > 0; count--) {
      reader.string();
      reader.string();
    }
  }
  return found;
}

/** Appends the attributes that are to be set. */
export function writeAttributes(builder: PacketBuilder, attributes: Attributes): PacketBuilder {
  const { size, uid, gid, mode, accessed, modified } = attributes;
  const owned = uid !== undefined && gid !== undefined;
  const timed = accessed !== undefined && modified !== undefined;
  builder.u32(
    (size === undefined ? 0 : Flag.SIZE) | (owned ? Flag.UIDGID : 0) |
      (mode === undefined ? 0 : Flag.PERMISSIONS) | (timed ? Flag.ACMODTIME : 0),
  );
  if (size !== undefined) builder.u64(size);
  if (owned) builder.u32(uid).u32(gid);
  if (mode !== undefined) builder.u32(mode);
  if (timed) builder.u32(accessed).u32(modified);
  return builder;
}
