/** A bound for control strings, e.g. a window's title: an emulator holds what they say until they end (ECMA-48 §5.6). */

/** Most that one may say. */
export const MAX_STRING_BYTES = 4096;

const BELL = 0x07;
const CANCEL = 0x18;
const SUBSTITUTE = 0x1a;
const ESCAPE = 0x1b;
/** In UTF-8 the controls from 0x80 on stand behind this byte. */
const C1_LEAD = 0xc2;
const C1_TERMINATOR = 0x9c;
/** What begins one behind ESC, and as a control of its own: OSC, which a bell ends, too, DCS, SOS, PM and APC. */
const OPENERS = {
  [ESCAPE]: [..."]PX^_"].map((letter) => letter.charCodeAt(0)),
  [C1_LEAD]: [0x9d, 0x90, 0x98, 0x9e, 0x9f],
};

/** Takes out of a stream what its control strings say beyond the bound. */
export class StringBound {
  /** What the stream is in the middle of. */
  #inside: "none" | "command" | "other" = "none";
  /** Bytes of the string that have come. */
  #said = 0;
  /** The byte before, when it may be the first of two. */
  #lead: typeof ESCAPE | typeof C1_LEAD | undefined;

  /** What is left of the next bytes. */
  take(bytes: Uint8Array): Uint8Array {
    const plain = this.#inside === "none" && this.#lead === undefined;
    if (plain && !bytes.includes(ESCAPE) && !bytes.includes(C1_LEAD)) return bytes;
    const left = new Uint8Array(bytes.length + 1);
    let length = 0;
    for (const byte of bytes) {
      const lead = this.#lead;
      this.#lead = byte === ESCAPE || byte === C1_LEAD ? byte : undefined;
      if (this.#inside === "none") {
        if (lead !== undefined) this.#open(OPENERS[lead].indexOf(byte));
      } else if (this.#ends(byte, lead)) {
        if (lead === C1_LEAD && this.#said > MAX_STRING_BYTES) left[length++] = lead;
        this.#inside = "none";
      } else if (++this.#said > MAX_STRING_BYTES) continue;
      left[length++] = byte;
    }
    return left.subarray(0, length);
  }

  /** The stream goes on outside of any. */
  reset(): void {
    this.#inside = "none";
    this.#lead = undefined;
  }

  #open(kind: number): void {
    if (kind < 0) return;
    this.#inside = kind === 0 ? "command" : "other";
    this.#said = 0;
  }

  #ends(byte: number, lead: number | undefined): boolean {
    if (byte === CANCEL || byte === SUBSTITUTE || byte === ESCAPE) return true;
    return (byte === BELL && this.#inside === "command") || (byte === C1_TERMINATOR && lead === C1_LEAD);
  }
}
