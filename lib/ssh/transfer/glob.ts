/** Names that match a shell pattern. */

/**
 * Whether `name` matches `pattern`: `*` is any run of characters, `?` any one, `[a-z]` one of a set, `[!a-z]` one of the
 * others, a backslash takes the next character as it is. A leading dot is nothing special.
 *
 * Each star is retried from its last place only, so the time is bounded by the product of both lengths.
 */
export function matchesGlob(name: string, pattern: string): boolean {
  const characters = [...name];
  const tokens = tokenize(pattern);
  let [at, token, starAt, starToken] = [0, 0, -1, -1];
  while (at < characters.length) {
    const test = tokens[token];
    if (test === "*") {
      [starAt, starToken] = [at, token++];
    } else if (test?.(characters[at] ?? "")) {
      at++;
      token++;
    } else if (starToken >= 0) {
      at = ++starAt;
      token = starToken + 1;
    } else {
      return false;
    }
  }
  while (tokens[token] === "*") token++;
  return token === tokens.length;
}

type Token = "*" | ((character: string) => boolean);

function tokenize(pattern: string): Token[] {
  const characters = [...pattern];
  const tokens: Token[] = [];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? "";
    const set = character === "[" ? readSet(characters, at) : undefined;
    if (set !== undefined) {
      tokens.push(set.test);
      at = set.end;
    } else if (character === "*") {
      if (tokens.at(-1) !== "*") tokens.push("*");
    } else if (character === "?") {
      tokens.push(() => true);
    } else {
      const literal = character === "\\" && at + 1 < characters.length ? characters[++at] : character;
      tokens.push((other) => other === literal);
    }
  }
  return tokens;
}

/** A set from its `[` to its `]`; undefined when none closes it and the bracket stands for itself. */
function readSet(characters: readonly string[], start: number): { test: Exclude<Token, "*">; end: number } | undefined {
  const negated = characters[start + 1] === "!" || characters[start + 1] === "^";
  const first = start + (negated ? 2 : 1);
  const end = characters.indexOf("]", first + 1);
  if (end < 0) return undefined;
  const ranges: [string, string][] = [];
  for (let at = first; at < end; at++) {
    const low = characters[at] ?? "";
    const isRange = characters[at + 1] === "-" && at + 2 < end;
    ranges.push([low, isRange ? characters[at + 2] ?? low : low]);
    if (isRange) at += 2;
  }
  const test = (character: string): boolean =>
    ranges.some(([low, high]) => low <= character && character <= high) !== negated;
  return { test, end };
}
