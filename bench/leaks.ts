/**
 * The leak suite against three ways of masking: none, every literal value replaced, and ours.
 *
 *     deno run -A bench/leaks.ts [--only=REGEX] [--seed=N] [--shell=sh|bash|…] [--show]
 *
 * `--only` picks cases by id, `--show` prints what each leaking case shows. Cases out of reach of output filtering are
 * counted and not run: they leak by definition, and some of them leave something behind.
 */
import { parseArgs } from "node:util";
import { Redactor } from "../lib/secrets/redactor.ts";
import {
  canRun,
  captureLocally,
  joinStreams,
  judge,
  type LeakCase,
  type LeakClass,
  loadLeakCases,
  valuesFor,
} from "../tests/support/leak_cases.ts";

/** Masks all streams of a command. */
type Mask = (streams: readonly Uint8Array[]) => Uint8Array[];

/** Counts of one class. */
interface Row {
  cases: number;
  leaked: Record<string, string[]>;
}

const { values: options } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    seed: { type: "string", default: "1" },
    shell: { type: "string", default: "sh" },
    show: { type: "boolean", default: false },
  },
});

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Replaces the value wherever it stands as it is, as most tools that mask do. */
function literally(value: string): Mask {
  return (streams) => streams.map((stream) => encoder.encode(decoder.decode(stream).replaceAll(value, "***")));
}

/** Each stream as it comes, and then both texts as one answer. */
function ours(value: string): Mask {
  const redactor = new Redactor();
  redactor.add([value]);
  return (streams) => {
    const texts = streams.map((stream) => decoder.decode(redactor.redactBytes(stream)));
    return redactor.redactTogether(texts).map((text) => encoder.encode(text));
  };
}

/** The names of the maskers that one case leaks through, with any of its values. */
async function leaksOf(leakCase: LeakCase): Promise<string[]> {
  const leaks = new Set<string>();
  for (const value of valuesFor(leakCase.profile, Number(options.seed))) {
    const env = { API_TOKEN: value };
    const streams = await captureLocally(leakCase.command, env, leakCase.tty ?? false, options.shell);
    const masks: Record<string, Mask> = { none: (all) => [...all], literal: literally(value), ours: ours(value) };
    for (const [name, mask] of Object.entries(masks)) {
      const { leaked, recovery, shown } = judge(leakCase, value, joinStreams(mask(streams)));
      if (!leaked) continue;
      leaks.add(name);
      if (name === "ours" && options.show) {
        const note = `${leakCase.id} ${value.length} ${recovery.length} via ${recovery.via.join(" > ")}`;
        console.error(`${note}\n  ${leakCase.command}\n  ${JSON.stringify(decoder.decode(shown).slice(0, 400))}`);
      }
    }
  }
  return [...leaks];
}

async function main(): Promise<void> {
  const rows = new Map<LeakClass, Row>();
  const absent: string[] = [];
  for (const leakCase of loadLeakCases()) {
    if (!new RegExp(options.only).test(leakCase.id)) continue;
    const isOutOfReach = leakCase.class === "out of reach of output filtering";
    if (!isOutOfReach && !(await canRun(leakCase))) {
      absent.push(leakCase.id);
      continue;
    }
    const row = rows.get(leakCase.class) ?? { cases: 0, leaked: { none: [], literal: [], ours: [] } };
    rows.set(leakCase.class, row);
    row.cases++;
    if (isOutOfReach) continue;
    for (const name of await leaksOf(leakCase)) row.leaked[name]!.push(leakCase.id);
  }
  console.log("| class | cases | leaked here | leaked when only literal values are replaced | leaked unmasked |");
  console.log("|---|---|---|---|---|");
  for (const [name, { cases, leaked }] of rows) {
    const counts = [leaked.ours!, leaked.literal!, leaked.none!].map((ids) => ids.length);
    const cells = name === "out of reach of output filtering" ? ["all", "all", "all"] : counts;
    console.log(`| ${name} | ${cases} | ${cells.join(" | ")} |`);
  }
  for (const [name, { leaked }] of rows) console.log(`\n${name}, leaked here: ${leaked.ours!.join(" ") || "none"}`);
  if (absent.length > 0) console.log(`\nnot run, because a program is missing: ${absent.join(" ")}`);
}

await main();
