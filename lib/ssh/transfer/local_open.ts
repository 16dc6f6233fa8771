/** Opening a local file that was looked at before: it must still be the one that was meant. */
import { quoteUntrusted, ToolError } from "../../errors.ts";
import { sourceChanged } from "./transfer.ts";

/**
 * Opens a file by its real path. Who can write to a directory on the way could make it a link between the look and the
 * opening, so that the path leads elsewhere: what was opened must be what the path, free of links, leads to after it.
 * With directories that change back and forth all the while, an empty part file is the most that can come elsewhere.
 *
 * @param path a real path
 * @throws {ToolError} `outside_files_dir` when it is none any more; `source_changed` when another file has its name
 */
export async function openReal(path: string, options: Deno.OpenOptions): Promise<Deno.FsFile> {
  // Without a pause between the steps where one is made; what is opened may be a FIFO by now, which only waits beside.
  const file = options.createNew ? Deno.openSync(path, options) : await Deno.open(path, options);
  try {
    const real = Deno.realPathSync(path);
    const there = Deno.lstatSync(real);
    const opened = file.statSync();
    const isSame = there.ino === opened.ino && there.dev === opened.dev;
    if (real === path && isSame) return file;
    if (!isSame) throw sourceChanged(path, "it was replaced when it was opened");
    if (options.createNew) Deno.removeSync(real);
    throw leadsElsewhere(path);
  } catch (error) {
    file.close();
    throw error;
  }
}

function leadsElsewhere(path: string): ToolError {
  return new ToolError("outside_files_dir", `${quoteUntrusted(path)} leads somewhere else by now`, {
    hint: "try again when nothing changes the directories on the way",
  });
}
