import assert from "node:assert/strict";
import { ToolError } from "../../lib/errors.ts";
import type { Session } from "../../lib/ssh/session.ts";
import { Sessions } from "../../lib/ssh/sessions.ts";

/** As much of a session as the registry looks at. */
function session(id: string, { ended = false } = {}): Session {
  return {
    id,
    ended: ended ? new ToolError("session_dropped", "gone") : undefined,
    close: () => Promise.resolve(),
  } as unknown as Session;
}

function fill(sessions: Sessions, isEnded: (index: number) => boolean): void {
  for (let index = 0; index < 200; index++) {
    sessions.reserve()[Symbol.dispose]();
    sessions.add(session(`s${index}`, { ended: isEnded(index) }));
  }
}

Deno.test("Sessions.reserve() forgets the oldest session that was lost when there are too many", () => {
  const forgotten: string[] = [];
  const sessions = new Sessions((id) => forgotten.push(id));
  fill(sessions, (index) => index === 7 || index === 9);
  using _first = sessions.reserve();
  using _second = sessions.reserve();
  assert.deepEqual(forgotten, ["s7", "s9"]);
  assert.equal([...sessions].length, 198);
  assert.throws(() => sessions.reserve(), (error) => error instanceof ToolError && error.code === "limit_reached");
});

Deno.test("Sessions.reserve() counts places that are held until they are given back", () => {
  const sessions = new Sessions();
  fill(sessions, () => false);
  assert.throws(() => sessions.reserve(), (error) => error instanceof ToolError && error.code === "limit_reached");
});
