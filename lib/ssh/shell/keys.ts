/** Keys of a terminal by name, as xterm sends them (XTerm Control Sequences, "PC-Style Function Keys"). */
import { quoteUntrusted, ToolError } from "../../errors.ts";

const ESC = "\x1b";

/** Keys whose sequence depends on the cursor key mode: the letter behind CSI or SS3. */
const CURSOR_KEYS: Readonly<Record<string, string>> = {
  up: "A",
  down: "B",
  right: "C",
  left: "D",
  home: "H",
  end: "F",
};

const NAMED_KEYS: Readonly<Record<string, string>> = {
  enter: "\r",
  tab: "\t",
  escape: ESC,
  pageup: `${ESC}[5~`,
  pagedown: `${ESC}[6~`,
  insert: `${ESC}[2~`,
  delete: `${ESC}[3~`,
  backspace: "\x7f",
  space: " ",
  f1: `${ESC}OP`,
  f2: `${ESC}OQ`,
  f3: `${ESC}OR`,
  f4: `${ESC}OS`,
  f5: `${ESC}[15~`,
  f6: `${ESC}[17~`,
  f7: `${ESC}[18~`,
  f8: `${ESC}[19~`,
  f9: `${ESC}[20~`,
  f10: `${ESC}[21~`,
  f11: `${ESC}[23~`,
  f12: `${ESC}[24~`,
};

const ALIASES: Readonly<Record<string, string>> = {
  return: "enter",
  esc: "escape",
  del: "delete",
  page_up: "pageup",
  page_down: "pagedown",
};

/**
 * What a terminal sends for a key.
 *
 * @param key a letter or one of `[ ] \ ^ _ @ ?`, which mean Ctrl with it, with or without `ctrl-`, `C-` or `^` before
 * it; or a name such as `enter` or `f1`
 * @param applicationCursorKeys whether a program wants arrow keys as SS3 sequences (DECCKM)
 * @throws {ToolError} `invalid_argument`, with the keys there are
 */
export function keySequence(key: string, applicationCursorKeys: boolean): string {
  const control = /^(?:ctrl[-+]|c-|\^)?([a-z[\]\\^_@?])$/i.exec(key)?.[1];
  if (control !== undefined) {
    return control === "?" ? "\x7f" : String.fromCharCode(control.toUpperCase().charCodeAt(0) & 0x1f);
  }
  const lower = key.toLowerCase();
  const name = ALIASES[lower] ?? lower;
  const letter = Object.hasOwn(CURSOR_KEYS, name) ? CURSOR_KEYS[name] : undefined;
  if (letter !== undefined) return ESC + (applicationCursorKeys ? "O" : "[") + letter;
  const sequence = Object.hasOwn(NAMED_KEYS, name) ? NAMED_KEYS[name] : undefined;
  if (sequence !== undefined) return sequence;
  throw new ToolError("invalid_argument", `there is no key ${quoteUntrusted(key, 40)}`, {
    hint: `keys: a to z and [ ] \\ ^ _ @ ? (with Ctrl), ${
      ["enter", "tab", "escape", ...Object.keys(CURSOR_KEYS), ...Object.keys(NAMED_KEYS).slice(3)].join(", ")
    }`,
  });
}
