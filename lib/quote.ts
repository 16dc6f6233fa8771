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
