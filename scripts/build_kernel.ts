/**
 * Builds the WebAssembly of the packet cipher, lib/ssh/cipher/kernel.as, into lib/ssh/cipher/kernel_module.ts.
 *
 *     deno run -A scripts/build_kernel.ts            # writes it
 *     deno run -A scripts/build_kernel.ts --check    # fails when it is not what the source builds
 */
import { Buffer } from "node:buffer";
import asc from "assemblyscript/asc";

const SOURCE = new URL("../lib/ssh/cipher/kernel.as", import.meta.url);
const BUILT = new URL("../lib/ssh/cipher/kernel_module.ts", import.meta.url);

/** Memory that the source names itself lies below; there is no data section and no allocator. */
const OPTIONS = "-O3 --noAssert --runtime stub --initialMemory 3 --memoryBase 1024 " +
  "--enable simd --enable relaxed-simd --enable bulk-memory";

/** What the source builds, as the text of kernel_module.ts. @throws {Error} with the compiler's messages */
export async function buildKernel(): Promise<string> {
  const source = expand(await Deno.readTextFile(SOURCE));
  let built: Uint8Array | undefined;
  const { error, stderr } = await asc.main(["kernel.ts", "--outFile", "kernel.wasm", ...OPTIONS.split(" ")], {
    readFile: (name: string) => name === "kernel.ts" ? source : null,
    writeFile: (_name: string, contents: string | Uint8Array) => void (built = contents as Uint8Array),
    listFiles: () => [],
  });
  if (error !== null || built === undefined) throw new Error(`${error?.message}\n${stderr}`);
  const lines = Buffer.from(built).toString("base64").match(/.{1,110}/g) ?? [];
  return `/** The WebAssembly of the packet cipher, in base64: built from kernel.as by scripts/build_kernel.ts. */\n` +
    `export const KERNEL_BASE64 = \`\n${lines.join("\n")}\n\`;\n`;
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
  const text = await buildKernel();
  if (!Deno.args.includes("--check")) await Deno.writeTextFile(BUILT, text);
  else if (await Deno.readTextFile(BUILT) !== text) {
    console.error("lib/ssh/cipher/kernel_module.ts is not what kernel.as builds: run scripts/build_kernel.ts");
    Deno.exit(1);
  }
}
