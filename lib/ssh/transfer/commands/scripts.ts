/** The scripts that stand for SFTP requests, for sh and the tools of GNU, BusyBox and BSD; the path is in `$f`. */
import type { Buffer } from "node:buffer";
import type { Attributes } from "../../sftp/attributes.ts";
import { Status, StatusError } from "../../sftp/status.ts";

/** The words of strerror(3), for what a script finds out itself. */
const fail = (words: string): string => `{ echo "${words}" >&2; exit 1; }`;

/** Scripts that open a file; `$chmod` is the mode of a new one. */
export const MAKE: Readonly<Record<"read" | "fresh" | "append" | "empty" | "existing", string>> = {
  read: ': < "$f"',
  fresh: `[ ! -e "$f" ] && [ ! -L "$f" ] || ${fail("File exists")}; ` +
    'set -C; : > "$f" || exit 1; [ -z "$chmod" ] || chmod "$chmod" "$f"',
  append: '[ -e "$f" ] && chmod=; : >> "$f" || exit 1; [ -z "$chmod" ] || chmod "$chmod" "$f"',
  empty: `[ -e "$f" ] || ${fail("No such file or directory")}; : > "$f"`,
  existing: `[ -e "$f" ] || ${fail("No such file or directory")}; : >> "$f"`,
};

/** BusyBox may come without stat; its ls says the same in letters. `$o` is L to follow links. */
const WITHOUT_STAT = 'set -f; set -- $(ls -dln$o "$n") && [ $# -gt 5 ] || exit 1; ' +
  't=$(date -r "$n" +%s 2>/dev/null) || t=0; printf "%s %s %s %s %s " "$1" "$5" "$t" "$3" "$4"';

/** Prints mode, size, time, user and group. */
export const ATTRIBUTES: string =
  "if command -v stat >/dev/null 2>&1; then stat ${o:+-$o} -c '%f %s %Y %u %g ' \"$f\"; " +
  `else n=$f; ${WITHOUT_STAT}; fi`;

/**
 * Prints the same of each entry of a directory, the names of user and group, and its name, each with a slash after it:
 * no name holds one. An entry that is gone by the time it is looked at is left out.
 */
export const LIST: string = `[ -d "$f" ] || { ls -d "$f" >/dev/null || exit 1; ${fail("Not a directory")}; }; ` +
  `[ -r "$f" ] && [ -x "$f" ] && cd "$f" || ${fail("Permission denied")}; ` +
  "if command -v stat >/dev/null 2>&1; then " +
  "printf '%s\\0' .* * | xargs -0 stat -c '%f %s %Y %u %g %U/%G/%n/' -- 2>/dev/null; exit 0; fi; " +
  'o=; for n in .* *; do n=./$n; [ -e "$n" ] || [ -L "$n" ] || continue; ' +
  `( ${WITHOUT_STAT}; printf '%s/%s/%s/\\n' "$3" "$4" "\${n#./}" ); done`;

/** A link at `$f` that leads to `$g`. */
export const MAKE_LINK = 'ln -s -- "$g" "$f"';

/** A second name, which fails where one is, then one less; where files can have one name only, as good as it goes. */
export const RENAME: string = `[ ! -e "$g" ] && [ ! -L "$g" ] || ${fail("File exists")}; ` +
  'if ln "$f" "$g" 2>/dev/null; then rm -f "$f"; ' +
  `else [ ! -e "$g" ] && [ ! -L "$g" ] || ${fail("File exists")}; mv -f "$f" "$g"; fi`;

/** mv(1) would put a file into a directory, and into one that a link leads to. */
export const REPLACE: string = 'if [ -L "$g" ] && [ -d "$g" ]; then rm -f "$g" || exit 1; fi; ' +
  `[ ! -d "$g" ] || ${fail("Is a directory")}; mv -f "$f" "$g"`;

/** A script that sets attributes. The mode comes last: a change of owner takes some bits of it away. */
export function setAttributes({ size, uid, gid, mode }: Attributes): string {
  const steps = [
    ...(size === undefined ? [] : [`dd if=/dev/null of="$f" bs=1 count=0 seek=${size} 2>/dev/null`]),
    ...(uid === undefined || gid === undefined ? [] : [`chown ${uid}:${gid} "$f"`]),
    ...(mode === undefined ? [] : [`chmod ${mode.toString(8)} "$f"`]),
  ];
  return steps.join(" && ") || ":";
}

/** What {@linkcode ATTRIBUTES} printed. */
export function readFacts(output: Buffer): Attributes {
  const facts = attributesOf(output.toString("latin1").trim().split(" "));
  if (facts === undefined) throw new StatusError(Status.FAILURE, "the host's stat gave no answer");
  return facts;
}

/** Mode in hexadecimal or in letters, size, time, user, group. */
export function attributesOf([mode = "", ...numbers]: readonly string[]): Attributes | undefined {
  const [size, modified, uid, gid] = numbers.map(Number);
  const bits = /^[0-9a-f]+$/.test(mode) ? parseInt(mode, 16) : modeOfLetters(mode);
  if (bits === undefined || uid === undefined || gid === undefined) return undefined;
  return { size: Number.isNaN(size) ? 0 : size, uid, gid, mode: bits, modified, accessed: modified };
}

const KINDS: Readonly<Record<string, number>> = { "-": 8, d: 4, l: 10, c: 2, b: 6, p: 1, s: 12 };

/** As `ls -l` prints it (POSIX, ls, "long format"). */
function modeOfLetters(letters: string): number | undefined {
  const kind = KINDS[letters[0] ?? ""];
  if (kind === undefined || !/^.[-r][-w][-xsS][-r][-w][-xsS][-r][-w][-xtT]/.test(letters)) return undefined;
  let mode = kind << 12;
  for (let at = 1; at <= 9; at++) {
    const letter = letters[at] ?? "-";
    if (!/[-ST]/.test(letter)) mode |= 1 << (9 - at);
    if (/[sStT]/.test(letter)) mode |= 0o1000 << (3 - at / 3);
  }
  return mode;
}
