/** The named character references of HTML that stand for ASCII marks. */
import { NAME_BITS } from "../kernel/memory.ts";

const ENTITIES: readonly (readonly [name: string, mark: string])[] = [
  ["amp", "&"],
  ["AMP", "&"],
  ["lt", "<"],
  ["LT", "<"],
  ["gt", ">"],
  ["GT", ">"],
  ["quot", '"'],
  ["QUOT", '"'],
  ["apos", "'"],
  ["nbsp", " "],
  ["Tab", "\t"],
  ["NewLine", "\n"],
  ["excl", "!"],
  ["num", "#"],
  ["dollar", "$"],
  ["percnt", "%"],
  ["lpar", "("],
  ["rpar", ")"],
  ["ast", "*"],
  ["midast", "*"],
  ["plus", "+"],
  ["comma", ","],
  ["period", "."],
  ["sol", "/"],
  ["colon", ":"],
  ["semi", ";"],
  ["equals", "="],
  ["quest", "?"],
  ["commat", "@"],
  ["lsqb", "["],
  ["lbrack", "["],
  ["bsol", "\\"],
  ["rsqb", "]"],
  ["rbrack", "]"],
  ["Hat", "^"],
  ["lowbar", "_"],
  ["UnderBar", "_"],
  ["grave", "`"],
  ["lcub", "{"],
  ["lbrace", "{"],
  ["verbar", "|"],
  ["vert", "|"],
  ["rcub", "}"],
  ["rbrace", "}"],
];

/**
 * The marks by the hash of their names, as escapes.as looks them up: in each slot a hash and a mark, no mark where the slot
 * is free, and what does not find its slot free in the next free one.
 *
 * @throws {Error} when two names have the same hash
 */
export function entityTable(): Int32Array {
  const table = new Int32Array(2 << NAME_BITS);
  const mask = table.length - 1;
  for (const [name, mark] of ENTITIES) {
    let hash = name.length;
    for (const char of name) hash = Math.imul(hash, 0x01000193) ^ char.charCodeAt(0);
    let at = 2 * (Math.imul(hash, 0x9e3779b1) >>> (32 - NAME_BITS));
    for (; table[at + 1] !== 0; at = (at + 2) & mask) {
      if (table[at] === hash) throw new Error(`two entities have the hash of ${name}`);
    }
    table[at] = hash;
    table[at + 1] = mark.charCodeAt(0);
  }
  return table;
}
