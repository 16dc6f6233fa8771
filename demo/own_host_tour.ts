/** A tour of the user's own host that changes nothing there. */
import type { Agent } from "./tour.ts";

/** Connects, looks around, and leaves. */
export async function ownHostTour(agent: Agent, target: Record<string, unknown>): Promise<void> {
  const { transcript } = agent;
  transcript.section("Connect");
  const connected = await agent.call("ssh_connect", target);
  transcript.check("connected", connected.connected === true);
  if (connected.connected !== true) return;
  const { session_id } = connected;
  transcript.section("Execute");
  const uname = await agent.call("ssh_execute", { session_id, command: "uname -a; id; uptime" });
  transcript.check("the host answered", typeof uname.stdout === "string" && uname.stdout !== "");
  const failing = await agent.call("ssh_execute", { session_id, command: "ls /no/such/file" });
  transcript.check("what goes wrong there is told", failing.stderr !== "" && failing.exit_code !== 0);
  transcript.section("List a directory");
  const listing = await agent.call("ssh_list_remote_dir", { session_id, remote_path: "/" });
  transcript.check("the directory has entries", Array.isArray(listing.entries) && listing.entries.length > 0);
  transcript.section("Close");
  transcript.check("closed", (await agent.call("ssh_close_session", { session_id })).closed === true);
}
