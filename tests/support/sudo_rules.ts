/**
 * What sudo allows the users of the tests: one file for all of them, which is there as long as any of them has a rule.
 * sudo lists the directory first and reads then; of a file that is gone by then it complains on stderr, whoever calls it.
 */
const DIRECTORY = "/etc/sudoers.d";
const FILE = `${DIRECTORY}/mcp-remote-ssh-tests`;

/** Adds rules, each of which names the user. */
export async function addSudoRules(rules: string): Promise<void> {
  await change((text) => text + rules);
}

/** Takes all rules that name the user out again. */
export async function removeSudoRules(user: string): Promise<void> {
  const named = new RegExp(`\\b${user}\\b`);
  await change((text) => text.split("\n").filter((rule) => !named.test(rule)).join("\n"));
}

/** Rules there are of a user. */
export async function sudoRulesOf(user: string): Promise<string> {
  const text = await Deno.readTextFile(FILE).catch(() => "");
  return text.split("\n").filter((rule) => rule.includes(user)).join("\n");
}

/** One change after the other, in this process or another. */
async function change(edit: (text: string) => string): Promise<void> {
  using directory = await Deno.open(DIRECTORY);
  await directory.lock(true);
  const before = await Deno.readTextFile(FILE).catch(() => "");
  const after = edit(before);
  if (after === before) return;
  if (after === "") return await Deno.remove(FILE);
  // Written elsewhere and renamed: sudo reads the directory at any moment, and a half file locks every user out.
  const draft = `${DIRECTORY}/.mcp-remote-ssh-tests.draft`;
  await Deno.writeTextFile(draft, after, { mode: 0o440 });
  await Deno.chmod(draft, 0o440);
  await Deno.rename(draft, FILE);
}
