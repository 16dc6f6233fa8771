/** Ending what a command started, and making sure of it. */
import { ToolError } from "../../errors.ts";
import { quoteWord } from "../../quote.ts";
import type { Connection } from "../connection.ts";
import { ask } from "./ask.ts";
import { Deadline } from "../deadline.ts";

const GRACE_SECONDS = 1;
/** How long it is waited for at most. */
const LIMIT_MS = 5000;
/** How long a host may take that answers only when it is not waited for any more: later, a process id may be another's. */
const UNAWAITED_LIMIT_MS = 20_000;

/** How to run the script as someone else: what stands before it, and what that reads from stdin first. */
export interface EndPrefix {
  words: string;
  stdin: string;
}

/** What limits the ending of processes. */
export interface EndOptions {
  /**
   * How long it is waited for a sign of life of the host: a link that is dead must not hold up the caller. A host that
   * is only slow ends them all the same.
   */
  patienceMs: number;
  /** Runs the script as someone else. */
  prefix?: EndPrefix | undefined;
}

/**
 * Ends the process groups led by `pids`: TERM, then KILL for what is left after a second.
 *
 * sshd gives each command a session and a process group of its own, and ignores signal requests for root (OpenSSH
 * session.c, session_signal_req), so asking it is not enough, and a signal that was sent is not a process that stopped.
 * Where the commands that are to end hold all the channels that the server allows, this comes over a second connection.
 *
 * @param connection where they run
 * @param pids process ids of the group leaders, as the commands themselves told them
 * @returns true when no process of the groups is left
 * @throws {ToolError} when the host cannot be asked, and `timed_out` when it does not answer
 */
export async function endProcessGroups(
  connection: Connection,
  pids: readonly number[],
  { patienceMs, prefix }: EndOptions,
): Promise<boolean> {
  const limit = new Deadline(LIMIT_MS);
  const deadline = new Deadline(UNAWAITED_LIMIT_MS);
  const command = `echo here; ${prefix?.words ?? ""}/bin/sh -c ${quoteWord(script(pids))}`;
  const stdin = prefix?.stdin;
  const { promise: begun, resolve: onBegin } = Promise.withResolvers<void>();
  const answered = ask(connection, command, { deadline, stdin, urgent: true, onBegin }).catch((error) => {
    if (!(error instanceof ToolError) || error.code !== "channel_refused") throw error;
    onBegin(); // a refusal is a sign of life, too
    return connection.second.use(limit, (second) => ask(second, command, { deadline, stdin, onBegin }));
  });
  const describe = (): string => "answer of the host";
  await new Deadline(Math.min(patienceMs, LIMIT_MS)).race(Promise.race([begun, answered]), describe);
  const answer = await limit.race(answered, describe);
  return answer.trimEnd().endsWith("gone");
}

/**
 * Answers `gone` when no process of the groups is left and `alive` when one is. What has ended but was not collected by
 * its parent yet (state Z) counts as gone; where ps does not show states, any answer of the group counts as alive.
 *
 * A server may leave commands in its own process group (TinySSH): of a process that leads none, it is the process and
 * what descends from it.
 */
function script(pids: readonly number[]): string {
  return `
below() {
  lines=$(ps -A -o pid=,ppid= 2>/dev/null)
  [ -n "$lines" ] || unsure=1
  tree=" $1 " grown=1
  while [ -n "$grown" ]; do
    grown=
    set -- $lines
    while [ $# -ge 2 ]; do
      case $tree in *" $1 "*) ;; *" $2 "*) tree="$tree$1 " grown=1;; esac
      shift 2
    done
  done
}
targets= unsure=
for p in ${pids.join(" ")}; do
  if kill -s 0 $p 2>/dev/null && ! kill -s 0 -- -$p 2>/dev/null; then below $p; targets="$targets $tree"
  else targets="$targets -$p"
  fi
done
alive() {
  all=$(ps -A -o pid=,pgid=,stat= 2>/dev/null)
  for t in $targets; do
    if [ -n "$all" ]; then
      case $t in
        -*) echo "$all" | grep -q "^ *[0-9]*  *\${t#-}  *[^Z ]" && return 0;;
        *) echo "$all" | grep -q "^ *$t  *[0-9]*  *[^Z ]" && return 0;;
      esac
    else
      kill -s 0 -- $t 2>/dev/null && return 0
    fi
  done
  return 1
}
signal() { for t in $targets; do kill -s $1 -- $t 2>/dev/null; done; }
wait_gone() {
  n=0
  while alive; do
    [ $n -ge $1 ] && return 1
    n=$((n+1)); sleep 0.05 2>/dev/null || sleep 1
  done
}
signal TERM
wait_gone ${GRACE_SECONDS * 20} || { signal KILL; wait_gone 40; }
if alive || [ -n "$unsure" ]; then echo alive; else echo gone; fi`;
}
