/** The named character references of HTML that stand for ASCII marks. */
import { IntMap } from "./int_map.ts";

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

/** Mark by the hash of its name; no two names have the same one, which is checked when the map is made. */
const MARKS = new IntMap();
for (const [name, mark] of ENTITIES) {
  const bytes = new TextEncoder().encode(name);
  const hash = hashOf(bytes, 0, bytes.length);
  if (MARKS.get(hash) >= 0) throw new Error(`two entities have the hash of ${name}`);
  MARKS.set(hash, mark.charCodeAt(0));
}

/** The mark that the name in `[from, to)` of `data` stands for, -1 when it is none of ours. */
export function entityMark(data: Uint8Array, from: number, to: number): number {
  return MARKS.get(hashOf(data, from, to));
}

function hashOf(data: Uint8Array, from: number, to: number): number {
  let hash = to - from;
  for (let at = from; at < to; at++) hash = Math.imul(hash, 0x01000193) ^ (data[at] as number);
  return hash | 0;
}
