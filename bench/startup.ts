/** From the start of the process to the answer of tools/list, against `node -e 0`, in one interleaved run. */
import { RawProgram } from "../tests/support/raw_program.ts";
import { line, median } from "./support/statistics.ts";

const ROUNDS = 25;

async function startup(): Promise<number> {
  const start = performance.now();
  await using program = new RawProgram({ permissions: [] });
  await program.initialize();
  await program.request("tools/list");
  return performance.now() - start;
}

async function node(): Promise<number> {
  const start = performance.now();
  await new Deno.Command("node", { args: ["-e", "0"] }).output();
  return performance.now() - start;
}

const ours: number[] = [];
const nodes: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  ours.push(await startup());
  nodes.push(await node());
}
console.log(`process start to tools/list answered, median of ${ROUNDS}`);
console.log(line("this program", ours) + `  ${(median(ours) / median(nodes)).toFixed(2)} x node -e 0`);
console.log(line("node -e 0", nodes));
