/** `${{NAME}}` in text that the agent writes: loaded variables it can use and never see. */

const PLACEHOLDER = /\$\{\{([A-Za-z_][A-Za-z0-9_]*)\}\}/g;

/**
 * The text with each placeholder replaced by the variable's value.
 *
 * @param lookup the value of a loaded variable; throws when there is none
 */
export function substitute(text: string, lookup: (name: string) => string): string {
  return text.replace(PLACEHOLDER, (_whole, name: string) => lookup(name));
}
