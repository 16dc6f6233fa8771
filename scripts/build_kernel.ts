/**
 * Builds the WebAssembly of the packet cipher and of the redactor, kernel.as in their folders, into kernel_module.ts.
 *
 *     deno run -A scripts/build_kernel.ts            # writes them
 *     deno run -A scripts/build_kernel.ts --check    # fails when one is not what the source builds
 */
import { deflateRawSync } from "node:zlib";
import asc from "assemblyscript/asc";
import { AT, NAMED } from "../lib/secrets/redaction/kernel/memory.ts";

/** Numbers that a source names, by their type there. */
export type Names = Readonly<Partial<Record<"usize" | "i32" | "u32" | "i16", Readonly<Record<string, number>>>>>;

/** A module, and the pages of 64 KB that it has for a start. */
export interface Kernel {
  /** The folder of kernel.as and kernel_module.ts, below the one of the repository. */
  readonly folder: string;
  /** Its other sources in that folder, which are compiled together with kernel.as. */
  readonly parts: readonly `${string}.as`[];
  /** What they name and another file says; none by default. */
  readonly names?: Names;
  /** What it is for. */
  readonly what: string;
  /** Pages of memory. */
  readonly pages: number;
  /** Pages up to which the memory may grow; it is shared then, so that growing it leaves alone who looks at it. */
  readonly mostPages?: number;
}

/** All modules. */
export const KERNELS: readonly Kernel[] = [
  { folder: "lib/ssh/cipher", parts: [], what: "packet cipher", pages: 3 },
  {
    folder: "lib/secrets/redaction/kernel",
    parts: [
      "describe.as",
      "describe_short.as",
      "lines.as",
      "escapes.as",
      "byte_sets.as",
      "escape_blocks.as",
      "escape_rows.as",
      "erasure.as",
      "hidden.as",
      "regions.as",
      "bits.as",
      "gather.as",
      "columns.as",
      "column_numbers.as",
      "cell_rows.as",
      "tails.as",
      "walks.as",
      "looks.as",
      "records.as",
      "fields.as",
      "dumps.as",
      "row_shapes.as",
      "probes.as",
      "runs.as",
      "places.as",
    ],
    names: { ...NAMED, usize: { ...AT, ...NAMED.usize } },
    what: "redactor",
    pages: 48,
    mostPages: 32768,
  },
];

/** There is no allocator, and no data section, which would begin at the base among what the source names. */
const OPTIONS = "-O3 --noAssert --runtime stub --memoryBase 1024 " +
  "--enable simd --enable relaxed-simd --enable bulk-memory";

/** Where a file of a module is. */
export function kernelFile({ folder }: Kernel, name: `${string}.as` | "kernel_module.ts"): URL {
  return new URL(`../${folder}/${name}`, import.meta.url);
}

/** What the source builds, as the text of kernel_module.ts. @throws {Error} with the compiler's messages */
export async function buildKernel(kernel: Kernel): Promise<string> {
  const sources = ["kernel.as" as const, ...kernel.parts].map((name) => Deno.readTextFile(kernelFile(kernel, name)));
  const source = constantsOf(kernel.names) + expand((await Promise.all(sources)).join("\n"));
  let built: Uint8Array | undefined;
  const options = [...OPTIONS.split(" "), "--initialMemory", String(kernel.pages)];
  if (kernel.mostPages !== undefined) {
    options.push("--enable", "threads", "--sharedMemory", "--maximumMemory", String(kernel.mostPages));
  }
  const { error, stderr } = await asc.main(["kernel.ts", "--outFile", "kernel.wasm", ...options], {
    readFile: (name: string) => name === "kernel.ts" ? source : null,
    writeFile: (_name: string, contents: string | Uint8Array) => void (built = contents as Uint8Array),
    listFiles: () => [],
  });
  if (error !== null || built === undefined) throw new Error(`${error?.message}\n${stderr}`);
  const lines = deflateRawSync(built, { level: 9 }).toString("base64").match(/.{1,110}/g) ?? [];
  return `/** The WebAssembly of the ${kernel.what}, deflated and in base64: built from kernel.as by scripts/build_kernel.ts. */\n` +
    `export const KERNEL_BASE64 = \`\n${lines.join("\n")}\n\`;\n`;
}

/** What the source names and another file says, as constants. */
function constantsOf(names: Names = {}): string {
  return Object.entries(names).flatMap(([type, numbers]) =>
    Object.entries(numbers).map(([name, number]) => `const ${name}: ${type} = ${number};\n`)
  ).join("");
}

/** Puts what is defined where it is used. */
function expand(source: string): string {
  const parts = new Map<string, string>();
  const rest = source.replace(/\/\/ @define (\w+).*\n([^]*?)\/\/ @end/g, (_all, name, text) => {
    parts.set(name, text);
    return "";
  });
  return rest.replace(/\/\/ @use (\w+)/g, (_all, name) => parts.get(name) ?? `undefined: ${name}`);
}

if (import.meta.main) {
  for (const kernel of KERNELS) {
    const file = kernelFile(kernel, "kernel_module.ts");
    const text = await buildKernel(kernel);
    if (!Deno.args.includes("--check")) await Deno.writeTextFile(file, text);
    else if (await Deno.readTextFile(file) !== text) {
      console.error(`${kernel.folder}/kernel_module.ts is not what kernel.as builds: run scripts/build_kernel.ts`);
      Deno.exit(1);
    }
  }
}
