import assert from "node:assert/strict";
import { GramIndex, type Whole } from "../../lib/secrets/redaction/lexicon/gram_index.ts";
import { KIND } from "../../lib/secrets/redaction/lexicon/forms.ts";
import { IndexCopies } from "../../lib/secrets/redaction/kernel/index_copies.ts";
import { wordAt } from "../../lib/secrets/redaction/lexicon/grams.ts";
import { shortHash, ShortPatterns } from "../../lib/secrets/redaction/lexicon/short_patterns.ts";
import { DENSE, fold, PLAIN } from "../../lib/secrets/redaction/symbols.ts";
import { MET, TextKernel } from "../../lib/secrets/redaction/kernel/text_kernel.ts";
import { viewOf } from "../../lib/secrets/redaction/view.ts";

const kernel = TextKernel.shared();
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A small generator of numbers in [0, 1) that gives the same ones for the same seed. */
function randomFrom(seed: number): () => number {
  return () => (seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff) / 0x80000000;
}

/** An index of forms, in each of which every symbol proves 11, and of forms that have to be met as a whole. */
function indexOf(forms: readonly string[], wholes: readonly string[] = []): GramIndex<Whole> {
  const index = new GramIndex<Whole>(0x30);
  for (const form of forms) index.add(encode(form), new Uint8Array(form.length).fill(11), 0, 8);
  for (const whole of wholes) index.addWhole({ symbols: encode(whole) });
  for (const _ of index.settle());
  return index;
}

/** What is met in a view of what the kernel read last: `start-end` of runs, and `start-end=number` of wholes. */
function met(isDense: boolean, index: GramIndex<Whole>): string[] {
  const all: string[] = [];
  kernel.lookUp(isDense, index, (count) => {
    for (let i = 0; i < count; i++) {
      const [start, end, kinds, proof] = kernel.met.subarray(MET.size * i, MET.size * (i + 1));
      all.push(kinds === 0 ? `${start}-${end}=${proof}` : `${start}-${end}`);
    }
  });
  return all;
}

/** What is met in the plain view of `text`. */
function lookUp(text: string, index: GramIndex<Whole>): string[] {
  kernel.read(viewOf(encode(text)));
  return met(false, index);
}

Deno.test("TextKernel.lookUp() follows a gram wherever it stands, as far as the text goes on as the form does", () => {
  const index = indexOf(["3k9xq0zvaw8"]);
  for (let before = 0; before < 70; before++) {
    const lead = "-".repeat(before);
    assert.deepEqual(lookUp(`${lead}3k9xq0zv${"-".repeat(before % 5)}`, index), [`${before}-${before + 8}`], lead);
    assert.deepEqual(lookUp(`${lead}3k9xq0zvaw8xx`, index), [`${before}-${before + 11}`], lead);
    assert.deepEqual(lookUp(`${lead}3k9xq0zxaw8xx`, index), [], lead);
  }
});

Deno.test("TextKernel.lookUp() finds a form of noughts and ones among noughts and ones, wherever it stands", () => {
  const form = "0110100111011", wide = "10010110001110101101011110010";
  const whole = "1110001011";
  for (const isDense of [false, true]) {
    const table = isDense ? DENSE : PLAIN;
    const index = new GramIndex<Whole>(table[0x30] as number);
    index.add(fold(encode(form), table), new Uint8Array(form.length).fill(11), 0, 8);
    index.add(fold(encode(wide), table), new Uint8Array(wide.length).fill(11), 0, 26);
    index.addWhole({ symbols: fold(encode(whole), table) });
    for (const _ of index.settle());
    for (let before = 0; before < 70; before++) {
      const lead = "0".repeat(before);
      const at = (text: string, more: string): string[] => {
        kernel.read(viewOf(encode(`${lead}${text}${more}`)));
        return met(isDense, index).filter((each) => each.startsWith(`${before}-`));
      };
      for (const more of ["", "0", "0".repeat(50), "7", "0".repeat(9) + "x"]) {
        assert.ok(at(form.slice(0, 12), more).includes(`${before}-${before + 12}`), `${before} ${more}`);
        assert.ok(
          at(wide, more).some((each) => each.startsWith(`${before}-${before + wide.length}`)),
          `${before} ${more}`,
        );
        assert.deepEqual(at(whole, more), [`${before}-${before + whole.length}=0`], `${before} ${more}`);
      }
      assert.deepEqual(at("1010101010101010", ""), []);
    }
  }
});

Deno.test("TextKernel.lookUp() goes on in another form where one ends", () => {
  const index = indexOf(["3k9xq0zvaw8p", "q0zvaw8pmn5r"]);
  assert.deepEqual(lookUp("..3k9xq0zvaw8pmn5r..", index), ["2-18"]);
});

Deno.test("TextKernel.lookUp() tells of forms that have to be met as a whole only where all of one stands", () => {
  const index = indexOf([], ["3k9xq0zv", "3k9xq0zvaw8", "3k9xq0zvaw8pmn5rt", "3k9xq0zvbb"]);
  assert.deepEqual(lookUp("--3k9xq0zvaw8pmn5r", index).sort(), ["2-10=0", "2-13=1"]);
  assert.deepEqual(lookUp("3k9xq0zvaw8pmn5rt", index).sort(), ["0-11=1", "0-17=2", "0-8=0"]);
  assert.deepEqual(lookUp("3k9xq0zx", index), []);
});

Deno.test("TextKernel.lookUp() tells of all that is met, however much that is", () => {
  const wholes = Array.from({ length: 40 }, (_, i) => `3k9xq0zv${"w".repeat(i)}`);
  const index = indexOf(["abcdefgh"], wholes);
  const parts = 120;
  const all = lookUp(`abcdefgh-${wholes.at(-1)}+`.repeat(parts), index);
  assert.equal(all.length, parts * (wholes.length + 1));
  assert.equal(new Set(all).size, all.length);
});

Deno.test("TextKernel.probeThrees() notes the places at which three symbols may be in a short pattern, and no others", () => {
  for (const texts of [["3k9xq0"], ["3k9x", "q0zvaw8"]]) {
    const short = new ShortPatterns();
    const pattern = { exact: null, kind: KIND.literal, proof: 60, dropped: 0 };
    for (const text of texts) short.add({ ...pattern, symbols: encode(text) });
    for (let before = 0; before < 40; before++) {
      const text = `${"-".repeat(before)}${texts[0]}${"=".repeat(before % 7)}${texts.at(-1)}`;
      kernel.read(viewOf(encode(text)));
      const { plain, plainLength, found } = kernel;
      const isBit = (at: number): boolean => {
        const bit = shortHash(wordAt(plain, at));
        return (((short.bits[bit >>> 5] as number) >>> (bit & 31)) & 1) === 1;
      };
      const places = Array.from({ length: Math.ceil(plainLength / short.step) }, (_, i) => short.step * i);
      const count = kernel.probeThrees(short);
      assert.deepEqual([...found.subarray(0, count)], places.filter(isBit), text);
      assert.ok(count >= 2 || short.step === 4, text);
    }
  }
});

Deno.test("GramIndex.add() makes all of a form found when most of it stands in other forms too", () => {
  const least = 15;
  const random = randomFrom(7);
  const digits = (length: number): string =>
    Array.from({ length }, () => "0123456789abcdef"[Math.floor(random() * 16)]).join("");
  for (let round = 0; round < 60; round++) {
    const head = digits(2 * (round % 12));
    const forms = Array.from({ length: 3 }, () => `${head}${digits(64)}`).flatMap((form) => {
      const at = 1 + Math.floor(random() * (form.length - 2));
      const other = `${form.slice(0, at)}x${form.slice(at + 1)}`;
      const edges = [`${digits(8)}${form.slice(0, 8)}${digits(9)}`, `${digits(8)}${form.slice(-8)}${digits(9)}`];
      return [...edges, form, other, form.replace(/.{16}/g, "0x$&"), form.replace(/.{8}/g, "$&0x"), `${form}x${form}`];
    });
    const index = new GramIndex<Whole>(DENSE[0x30] as number);
    for (const form of forms) {
      // Those that only have eight digits of another one are of another kind, so that nothing is left to them.
      const kind = form.length < 26 ? KIND.reversed : KIND.hex;
      index.add(fold(encode(form), DENSE), new Uint8Array(form.length).fill(6 + round % 2), kind, least);
    }
    for (const _ of index.settle());
    for (const form of forms) {
      for (let at = 0; at + least <= form.length; at++) {
        kernel.read(viewOf(encode(form.slice(at, at + least))));
        assert.ok(met(true, index).includes(`0-${least}`), `${form} at ${at}`);
      }
    }
  }
});

Deno.test("IndexCopies.of() grows the memory, and gives each index as it is now", () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 640, shared: true });
  const before = new Uint8Array(memory.buffer, 0, 16).fill(7);
  const copies = new IndexCopies(memory, 1024);
  const indexes = Array.from({ length: 6 }, (_, i) => indexOf([`3k9xq0zv${i}`], [`whole-of-${i}`]));
  for (let round = 0; round < 3; round++) {
    for (const [i, index] of indexes.entries()) {
      // Enough to make some of them outgrow their places.
      for (let more = 0; more < 900 * round * (i % 2); more++) {
        index.add(encode(`${round}-${more}-of-form-${i}`), new Uint8Array(20).fill(11), 0, 12);
      }
      for (const _ of index.settle());
    }
    for (const index of [...indexes, ...indexes].reverse()) {
      const head = new Uint32Array(memory.buffer, copies.of(index), 26);
      const { sieves, pool, facts, table, wide, wholes, wholeList, wholePool } = index.parts;
      const parts = [sieves.probes.bits, sieves.grams.bits, sieves.wide.bits, sieves.wholes.bits, pool, facts, table];
      for (const [at, part] of [...parts, wide.slots, wholes.slots, wholeList, wholePool].entries()) {
        if (at >= 4) assert.equal(head[2 * at], part.length);
        const Kind = part.constructor as { new (buffer: ArrayBufferLike, at: number, length: number): typeof part };
        assert.deepEqual(new Kind(memory.buffer, head[2 * at + 1] as number, part.length), part);
      }
      const { bits } = sieves.wholeHeads;
      assert.deepEqual(new Int32Array(memory.buffer, head[25] as number, bits.length), bits);
    }
  }
  assert.ok(before.every((byte) => byte === 7));
});

Deno.test("TextKernel.lookUp() meets a whole that begins within a form, also where the text is full of the form", () => {
  const form = "3k9xq0zvaw8mtr5cyh2ljd";
  for (let at = 1; at + 9 <= form.length; at++) {
    const whole = form.slice(at, at + 9);
    const full = `${form}-`.repeat(40);
    const runs = Array.from({ length: 40 }, (_, i) => {
      const start = i * (form.length + 1);
      return [`${start}-${start + form.length}`, `${start + at}-${start + at + 9}=0`];
    }).flat().sort();
    assert.deepEqual(lookUp(full, indexOf([form], [whole])).sort(), runs, whole);
    // Which of them is added first makes no difference.
    const index = new GramIndex<Whole>(0x30);
    index.addWhole({ symbols: encode(whole) });
    index.add(encode(form), new Uint8Array(form.length).fill(11), 0, 8);
    for (const _ of index.settle());
    assert.deepEqual(lookUp(full, index).sort(), runs, whole);
  }
});
