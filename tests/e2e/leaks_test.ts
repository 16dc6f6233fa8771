/** The leak suite over a real sshd, through every way out. A judge that shares nothing with the redactor decides. */
import assert from "node:assert/strict";
import { type AccountBed, programBed } from "../support/account_bed.ts";
import { canRun, judge, type LeakCase, loadLeakCases, valuesFor } from "../support/leak_cases.ts";
import type { Program } from "../support/program.ts";

/** A session for each value that cases are run with, so that each has its own API_TOKEN. */
interface Bed extends AccountBed {
  program: Program;
  /** The session in which API_TOKEN has this value. */
  session(value: string): Promise<string>;
}

async function leakBed(): Promise<Bed> {
  const bed = await programBed({
    sshd: { config: ["MaxSessions 50"] },
    user: { shell: "/bin/bash", sudo: "nopasswd" },
  });
  const { program, secrets, target } = bed;
  const sessions = new Map<string, Promise<string>>();
  const open = async (value: string): Promise<string> => {
    const file_path = `${sessions.size}.env`;
    const quote = ["'", "`", '"'].find((mark) => !value.includes(mark)) ?? "'";
    await secrets.write(file_path, `API_TOKEN=${quote}${value}${quote}\n`);
    const { session_id } = await program.ok("ssh_connect", target);
    await program.ok("ssh_load_env_file", { session_id, file_path });
    return session_id;
  };
  return {
    ...bed,
    session(value) {
      const session = sessions.get(value) ?? open(value);
      sessions.set(value, session);
      return session;
    },
  };
}

/** All that an answer shows: its JSON text, and each of its strings as the agent reads it. */
function shown(text: string): Uint8Array[] {
  const strings: string[] = [];
  JSON.parse(text, (_key, value) => {
    if (typeof value === "string") strings.push(value);
    return value;
  });
  return [strings.join("\n"), ...strings].map((each) => new TextEncoder().encode(each));
}

function leaks(leakCase: LeakCase, value: string, text: string): boolean {
  return shown(text).some((bytes) => judge(leakCase, value, bytes).leaked);
}

/** One way out: what the agent is shown when a command is run through it. */
type Way = (bed: Bed, session_id: string, leakCase: LeakCase) => Promise<string>;

const execute: Way = async ({ program }, session_id, { command }) =>
  (await program.call("ssh_execute", { session_id, command, timeout: 20 })).text;

const WAYS: Readonly<Record<string, Way>> = {
  "ssh_execute, stderr": async ({ program }, session_id, { command }) =>
    (await program.call("ssh_execute", { session_id, command: `{ ${command}\n} 1>&2`, timeout: 20 })).text,
  "ssh_sudo_execute": async ({ program }, session_id, { command }) =>
    (await program.call("ssh_sudo_execute", { session_id, command, timeout: 20 })).text,
  "ssh_execute, cut to size": async ({ program }, session_id, { command }) =>
    (await program.call("ssh_execute", { session_id, command, timeout: 20, max_output_bytes: 40 })).text,
  "a file that is read": async ({ program }, session_id, { id, command }) => {
    await program.call("ssh_execute", { session_id, command: `( ${command}\n) >out-${id} 2>&1`, timeout: 20 });
    return (await program.call("ssh_read_remote_file", { session_id, remote_path: `out-${id}` })).text;
  },
  "a file that is read in pieces": async ({ program }, session_id, { id, command }) => {
    await program.call("ssh_execute", { session_id, command: `( ${command}\n) >cut-${id} 2>&1`, timeout: 20 });
    const pieces: string[] = [];
    for (let offset = 0; offset < 60; offset += 6) {
      const args = { session_id, remote_path: `cut-${id}`, offset, max_bytes: 6 };
      const { value } = await program.call("ssh_read_remote_file", args);
      pieces.push(value.content ?? "");
    }
    return JSON.stringify({ together: pieces.join("") });
  },
  "the interactive shell": async ({ program }, session_id, { id, command }) => {
    const name = `leak${id}`;
    const answers = [await program.call("ssh_shell_open", { session_id, name })];
    answers.push(await program.call("ssh_shell_send", { session_id, name, data: `(${command}\n)`, wait: 0.5 }));
    answers.push(
      await program.call("ssh_shell_wait", { session_id, name, pattern: "never", timeout: 3, poll_interval: 0.5 }),
    );
    answers.push(await program.call("ssh_shell_read", { session_id, name }));
    answers.push(await program.call("ssh_shell_read", { session_id, name, raw: true }));
    await program.call("ssh_shell_send", { session_id, name, data: "exit", wait: 0.2 });
    return JSON.stringify(answers.map((answer) => answer.value));
  },
};

/** Runs cases `width` at a time and gives the ids of those that leak. */
async function leaking(bed: Bed, cases: LeakCase[], way: Way, width = 4): Promise<string[]> {
  const found: string[] = [];
  const queue = cases.map((leakCase, index) => ({ leakCase, index }));
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { leakCase, index } = next;
      const values = valuesFor(leakCase.profile);
      const value = values[index % values.length] ?? "";
      const text = await way(bed, await bed.session(value), leakCase);
      if (leaks(leakCase, value, text)) found.push(leakCase.id);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return found.sort();
}

async function runnable(): Promise<LeakCase[]> {
  const cases = loadLeakCases().filter((leakCase) => leakCase.class !== "out of reach of output filtering");
  const can = await Promise.all(cases.map(canRun));
  return cases.filter((_, index) => can[index]);
}

Deno.test("ssh_execute: no case that must be masked leaks, and at most one in ten of those that should be", async () => {
  await using bed = await leakBed();
  const cases = await runnable();
  assert.ok(cases.length >= 200, `${cases.length} cases`);
  const must = cases.filter((leakCase) => leakCase.class === "must be masked");
  const should = cases.filter((leakCase) => leakCase.class === "should be masked");
  assert.deepEqual(await leaking(bed, must, execute), []);
  const leakingShould = await leaking(bed, should, execute);
  assert.ok(leakingShould.length <= should.length / 10, leakingShould.join(" "));
});

for (const [name, way] of Object.entries(WAYS)) {
  Deno.test(`${name}: no case that must be masked leaks`, async () => {
    await using bed = await leakBed();
    const must = (await runnable()).filter((leakCase) => leakCase.class === "must be masked");
    // Every ninth case: each form in turn, so that all ways together see most of the suite in little time.
    const offset = Object.keys(WAYS).indexOf(name);
    assert.deepEqual(await leaking(bed, must.filter((_, index) => index % 9 === offset), way), []);
  });
}

Deno.test("names of files and texts of errors show no value", async () => {
  await using bed = await leakBed();
  const { program } = bed;
  const value = valuesFor("plain")[0] ?? "";
  const session_id = await bed.session(value);
  const leakCase = loadLeakCases().find(({ form }) => form === "literal");
  assert.ok(leakCase);
  await program.ok("ssh_execute", {
    session_id,
    command: 'mkdir -p d && touch "d/$API_TOKEN" "d/$(printf %s "$API_TOKEN" | base64)"',
  });
  const answers = [
    await program.call("ssh_list_remote_dir", { session_id, remote_path: "d" }),
    await program.call("ssh_read_remote_file", { session_id, remote_path: `missing/${value}` }),
    await program.call("ssh_forward_port", { session_id, remote_port: 1, remote_host: value, bind_address: value }),
    await program.call("ssh_connect", { host: value }),
    await program.call("ssh_connect", { host: "127.0.0.1", key_path: `/${value}` }),
    await program.call("ssh_close_session", { session_id: value.slice(0, 60) }),
    await program.call("ssh_load_env_file", { session_id, file_path: value }),
    await program.call("ssh_shell_send_control", { session_id, key: value }),
  ];
  for (const { text } of answers) assert.equal(leaks(leakCase, value, text), false, text);
});
