/**
 * The one quoting function: `text` as a single word of a POSIX shell, whatever it holds.
 *
 * Everything stands in single quotes, and a single quote itself leaves them for a moment (`'\''`), which is the only
 * form that sh, dash, bash, ash, zsh and ksh all read alike. Source: POSIX.1-2017, Shell Command Language §2.2.2.
 *
 * @param text any text without NUL
 */
export function quoteWord(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : "'" + text.replaceAll("'", "'\\''") + "'";
}

/**
 * A command line that runs a script in the POSIX shell, with these words as `$1` and so on, whatever shell reads it: fish
 * takes backslashes in single quotes for its own, csh line ends and exclamation marks, and a quote no shell as another.
 *
 * @param script any text without NUL
 * @param words of letters, digits and `@%+=:,./_-`
 */
export function scriptCommand(script: string, ...words: string[]): string {
  const escaped = Array.from(new TextEncoder().encode(script), (byte) => {
    const character = String.fromCharCode(byte);
    return /[\x20-\x7e]/.test(character) && !"\\'!".includes(character)
      ? character
      : `\\0${byte.toString(8).padStart(3, "0")}`;
  }).join("");
  const start = `exec /bin/sh -c 'script=$1; shift; eval "$(printf %b "$script")"' sh '${escaped}'`;
  return [start, ...words.map(quoteWord)].join(" ");
}
