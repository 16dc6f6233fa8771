/** The demo's printed face: each call, its answer, and whether the answer is what it must be. */

const COLOURS = Deno.stdout.isTerminal() || Deno.env.get("FORCE_COLOR") !== undefined;
const MAX_LINE = 200;

function colour(code: string, text: string): string {
  return COLOURS ? `\x1b[${code}m${text}\x1b[0m` : text;
}

/** Prints calls and answers, and counts what was checked. */
export class Transcript {
  #passed = 0;
  #failed = 0;

  /** A headline. */
  section(title: string): void {
    console.log(`\n${colour("1", title)}`);
  }

  /** A call, as the agent makes it. */
  call(name: string, args: Record<string, unknown>): void {
    const { session_id: _, ...shown } = args;
    console.log(`${colour("36", `→ ${name}`)} ${colour("2", cut(JSON.stringify(shown)))}`);
  }

  /** The answer, as the agent sees it. */
  answer(value: Record<string, unknown>, isError: boolean): void {
    for (const [key, item] of Object.entries(value)) {
      const text = typeof item === "string" ? item.trimEnd() : JSON.stringify(item);
      const [first = "", ...rest] = text.split("\n");
      console.log(`  ${colour(isError ? "31" : "33", key)} ${cut(first)}`);
      for (const line of rest.slice(0, 12)) console.log(`  ${" ".repeat(key.length)} ${cut(line)}`);
    }
  }

  /** Something that must be true. */
  check(what: string, holds: boolean): void {
    if (holds) this.#passed++;
    else this.#failed++;
    console.log(`  ${holds ? colour("32", "✓") : colour("31", "✗")} ${what}`);
  }

  /** The one-line verdict. @returns the exit code */
  verdict(): number {
    const counts = `${this.#passed} checks passed, ${this.#failed} failed`;
    console.log(`\n${this.#failed === 0 ? colour("1;32", "demo ok") : colour("1;31", "demo FAILED")}: ${counts}`);
    return this.#failed === 0 ? 0 : 1;
  }
}

function cut(text: string): string {
  return text.length > MAX_LINE ? text.slice(0, MAX_LINE) + "…" : text;
}
