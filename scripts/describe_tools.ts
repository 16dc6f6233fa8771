/**
 * Writes what the tools are into the README's table and the snapshot of their schemas: `deno task describe`. With
 * --check it writes nothing and fails when one of them is behind.
 */
import { catalogue } from "../lib/mcp/catalogue.ts";
import type { ToolListing } from "../lib/mcp/define_tool.ts";

const SNAPSHOT = new URL("../tests/snapshots/tools.json", import.meta.url);
const README = new URL("../README.md", import.meta.url);
const [START, END] = ["<!-- tools: made by deno task describe -->", "<!-- /tools -->"];

interface Parameter {
  default?: unknown;
}

/** One row: name, parameters with their defaults, what it does. */
function row({ name, description, inputSchema }: ToolListing): string {
  const properties = inputSchema.properties as Record<string, Parameter>;
  const required = (inputSchema.required ?? []) as string[];
  const parameters = Object.entries(properties).map(([parameter, { default: value }]) => {
    if (required.includes(parameter)) return `**${parameter}**`;
    return value === undefined
      ? parameter
      : `${parameter}=${typeof value === "string" ? value : JSON.stringify(value)}`;
  });
  return `| \`${name}\` | ${parameters.join(", ") || "–"} | ${description.replaceAll("|", "\\|")} |`;
}

function withTable(readme: string, listings: ToolListing[]): string {
  const table = ["| tool | parameters | what it does |", "| --- | --- | --- |", ...listings.map(row)].join("\n");
  const [before, rest = ""] = readme.split(START);
  const [, after = ""] = rest.split(END);
  return `${before}${START}\n\n${table}\n\n${END}${after}`;
}

const listings = catalogue.map((tool) => tool.listing());
const snapshot = JSON.stringify(listings, null, 2) + "\n";
const oldReadme = await Deno.readTextFile(README);
const readme = withTable(oldReadme, listings);
if (Deno.args.includes("--check")) {
  const isBehind = readme !== oldReadme || snapshot !== await Deno.readTextFile(SNAPSHOT);
  if (isBehind) console.error("README.md or tests/snapshots/tools.json is behind the tools: run deno task describe");
  Deno.exit(isBehind ? 1 : 0);
}
await Deno.writeTextFile(SNAPSHOT, snapshot);
await Deno.writeTextFile(README, readme);
