/** What a shell is doing, as far as its screen tells. */
import type { CursorView } from "./screen.ts";

/** What a shell's screen shows. */
export interface Situation {
  /** `prompt`: the shell waits for a command; `input`: a program waits for an answer; `fullscreen`: one has the screen. */
  state: "prompt" | "input" | "fullscreen" | "running";
  /** What the answer is to be, e.g. `password`, `pager`, `confirmation`, `repl`, `key`, `more input`, or `answer`. */
  waitingFor?: string;
  /** How long the screen must stay as it is, in milliseconds, for this to hold. */
  settleMs: number;
  /** True when the shell's own prompt may look like this: {@linkcode SituationContext.shellWaits} is to be known. */
  doubtful?: boolean;
}

/** What the shell's line editor has said on the screen. */
export interface EditorSigns {
  /** True when a line editor has said, since the last input, that it waits. */
  editorWaits: boolean;
  /** True when the shell's line editor has ever said that it waits: then it says so each time. */
  editorSpeaks: boolean;
}

/** What is known besides the screen. */
export interface SituationContext extends EditorSigns {
  /** True when a program has put the cursor here and there since the last input. */
  draws: boolean;
  /** Prompts that this shell has shown. */
  known: ReadonlySet<string>;
  /** True when what was typed last had a line end: nothing of it stands before the cursor. */
  sent: boolean;
  /** Whether the shell waits for a command, as the host says, or `unknown`, as it does not say. @default not asked yet */
  shellWaits?: boolean | "unknown" | undefined;
}

const PAGER =
  /--\s?\(?(?:more|mehr|plus|suite|más)\)?\s?--|\(END\)\s*$|^:$|\(press h for help|^lines \d+-\d+|^Manual page /i;
const PASSWORD =
  /(?:pass[\s-]?(?:word|phrase)|passcode|passwort|mot de passe|contraseña|\bPIN\b|\bOTP\b|(?:verification|auth\w*|one-time) code|(?:enter|type|paste|provide) .{0,40}(?:secret|token|key))[^:：\n]{0,120}[:：]\s*$/i;
const LOGIN = /(?:^|\s)(?:login|user\s?name|benutzername)[^:\n]{0,40}:\s*$/i;
const CONFIRMATION =
  /[[(]\s*(?:y(?:es)?\s*[/|]\s*n(?:o)?|j\s*\/\s*n|o\s*\/\s*n)(?:\s*[/|][^)\n]{0,40})?\s*[\])][\s:?]*$|(?:continue|proceed|sure|overwrite[^?\n]*|remove[^?\n]*)\s?\?\s*$/i;
const ANY_KEY =
  /(?:press|hit|strike|type) (?:\[?<?(?:any key|a key|enter|return|space)|.{0,20}to continue)|any key to continue/i;
const REPL =
  /^(?:>>> |\.\.\. |In \[\d+\]: |\s+\.\.\.: |irb\([^)\n]*\)[:\d]*[>*"'] ?|pry\([^)\n]*\)> |(?:mysql|MariaDB \[[^\]\n]*\])> |\s*-> |sqlite> |\s+\.\.\.> |ftp> |sftp> |lftp [^\n]*> |ghci> |scala> |julia> |iex\(\d+\)> |\((?:gdb|lldb|Pdb|ipdb)\) |jshell> |php > |redis [^\n]*> |[\d.:\w-]+:\d+> |\w+[=\-(*'"!][#>] )$/;
const CONTINUATION =
  /^(?:(?:[a-z]+ ){0,4}(?:quote|dquote|bquote|for|while|until|if|then|else|elif|do|case|cursh|heredoc|pipe|cmdsubst|subsh|function|cmdand|cmdor|mathsubst|braceparam)> |> )$/;
const GENERIC_PROMPT = /(?:^|\S)\s?[$#❯➜λ»›⟩] ?$|(?:^|[^\d\s]|[\s)\]])\s?[%>] ?$/;
/** The end of a line that may be a question: only a program that stays as it is there has asked one. */
const QUESTION = /[?:：？] ?$/;
const MAX_PROMPT_CHARACTERS = 300;
const QUESTION_SETTLE_MS = 3000;
/** How long a line must stay as it is for the host to be asked whether it is a question. */
const DOUBT_SETTLE_MS = 150;
const NOTHING_KNOWN = { editorWaits: false, editorSpeaks: false, draws: false, known: new Set<string>(), sent: true };
const AT_PROMPT: Situation = { state: "prompt", settleMs: 10 };
const NOT_A_PROMPT = /\d ?%\s?$/;

/** Reads the situation from what stands around the cursor. */
export function situationOf(view: CursorView, context: SituationContext): Situation {
  const seen = seenSituation(view, context);
  if (!asks(seen) && !(seen.state === "running" && context.sent && endsOpen(view, context))) return seen;
  if (view.alternate) return seen;
  if (context.shellWaits === undefined) {
    return { ...seen, settleMs: Math.min(seen.settleMs, DOUBT_SETTLE_MS), doubtful: true };
  }
  return context.shellWaits === true ? AT_PROMPT : seen;
}

/** True when nothing but the host can tell a prompt that stands there from a question. */
export function looksAsked(view: CursorView): boolean {
  return asks(seenSituation(view, NOTHING_KNOWN));
}

function asks({ state, waitingFor }: Situation): boolean {
  return state === "input" && waitingFor !== "more input";
}

/** True when the cursor stands where it may stand at a prompt of any look, also at none, which a line editor would tell. */
function endsOpen({ before, after }: CursorView, { editorSpeaks }: EditorSigns): boolean {
  return after === "" && before.length <= MAX_PROMPT_CHARACTERS && (!editorSpeaks || before.trim() !== "");
}

function seenSituation(view: CursorView, context: SituationContext): Situation {
  const { before, bottom } = view;
  if (view.alternate) {
    return PAGER.test(bottom) || behindStandout(view)
      ? { state: "input", waitingFor: "pager", settleMs: 60 }
      : { state: "fullscreen", settleMs: 150 };
  }
  const known = before !== "" && context.known.has(before);
  if (context.editorWaits) return known ? AT_PROMPT : atEditor(before);
  if (known) return { state: "prompt", settleMs: 20 };
  const waitingFor = behindStandout(view) ? "pager" : questionIn(before, view.after);
  if (waitingFor !== undefined) return { state: "input", waitingFor, settleMs: 80 };
  const otherwise = context.draws ? drawing : running;
  if (view.after !== "" || before.length > MAX_PROMPT_CHARACTERS) return otherwise;
  const ofProgram = before === "> " && context.editorSpeaks;
  if (ofProgram || REPL.test(before)) return { state: "input", waitingFor: "repl", settleMs: 40 };
  if (CONTINUATION.test(before)) return { state: "input", waitingFor: "more input", settleMs: 150 };
  if (GENERIC_PROMPT.test(before) && !NOT_A_PROMPT.test(before)) return { state: "prompt", settleMs: 50 };
  if (QUESTION.test(before)) return { state: "input", waitingFor: "answer", settleMs: QUESTION_SETTLE_MS };
  return otherwise;
}

const running: Situation = { state: "running", settleMs: 0 };
const drawing: Situation = { state: "fullscreen", settleMs: 300 };

/** A line editor waits: at its prompt, or in the middle of a command that is not complete. */
function atEditor(before: string): Situation {
  if (CONTINUATION.test(before)) return { state: "input", waitingFor: "more input", settleMs: 10 };
  if (REPL.test(before)) return { state: "input", waitingFor: "repl", settleMs: 10 };
  return AT_PROMPT;
}

/** True at the end of a line that is all in standout, as less asks at the bottom of a screen. */
function behindStandout({ before, after, standout }: CursorView): boolean {
  return standout && after === "" && /\S$/.test(before);
}

function questionIn(before: string, after: string): string | undefined {
  if (PAGER.test(before.trimStart())) return "pager";
  if (ANY_KEY.test(before)) return "key";
  if (after !== "") return undefined;
  if (PASSWORD.test(before)) return "password";
  if (CONFIRMATION.test(before)) return "confirmation";
  if (LOGIN.test(before)) return "login";
  return undefined;
}
