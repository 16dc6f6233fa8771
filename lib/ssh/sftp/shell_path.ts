/**
 * A path on its way to a remote shell script: over stdin, each byte in octal, so that a name of any bytes, newlines
 * and invalid UTF-8 too, arrives as it is and stands in no command line.
 */
import { quoteWord } from "../../quote.ts";
import { encodeName, expandHome } from "./names.ts";

/** The start of every script: reads the path into `f`. A leading dash cannot make an option of it. */
const READ_PATH = `IFS= read -r f; f=$(printf '%b.' "$f"); f=\${f%.}; case $f in /*) ;; *) f=./$f;; esac; `;

/** The same for a second one, which stays as it is, into `g`. */
const READ_OTHER = `IFS= read -r g; g=$(printf '%b.' "$g"); g=\${g%.}; `;

/** A command that runs `script` in sh with the path in `$f`, and a second one in `$g`. */
export function withPath(script: string, hasOther = false): string {
  return `sh -c ${quoteWord("LC_ALL=C; export LC_ALL; " + READ_PATH + (hasOther ? READ_OTHER : "") + script)}`;
}

/** What its stdin starts with. */
export function pathLine(path: string, other?: string): string {
  return octalLine(expandHome(path)) + (other === undefined ? "" : octalLine(other));
}

function octalLine(text: string): string {
  let line = "";
  for (const byte of encodeName(text)) line += "\\0" + byte.toString(8).padStart(3, "0");
  return line + "\n";
}
