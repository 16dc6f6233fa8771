/** Proving who we are: the methods of RFC 4252 and RFC 4256 in the order that loses the fewest attempts. */
import { quoteUntrusted, ToolError } from "../../errors.ts";
import type { AnyAuthMethod, ParsedKey, Prompt } from "../ssh2.ts";

/** What a connection may prove itself with; any of them may be missing. */
export interface Credentials {
  /** A private key, parsed already. */
  privateKey?: ParsedKey | undefined;
  /** Path of an ssh-agent's socket. */
  agentSocket?: string | undefined;
  /** For the password method, and for keyboard-interactive servers that ask for it. */
  password?: string | undefined;
}

/** Methods of one server that are looked at; it may list thousands. */
const MAX_METHODS = 20;

type AuthHandlerCallback = (method: AnyAuthMethod) => void;

/**
 * One connection's way through authentication. It first asks with `none` which methods the server takes (RFC 4252
 * §5.2), so that a password is sent once, by the method that the server wants it by.
 */
export class Authenticator {
  readonly #username: string;
  readonly #plan: Array<"publickey" | "agent" | "password" | "keyboard-interactive">;
  readonly #credentials: Credentials;
  readonly #tried: string[] = [];
  #offered: string[] = [];
  #asked = false;
  #prompted: string | undefined;
  #agentProblem: Error | undefined;

  /**
   * @param username the remote user
   * @param credentials what there is to try
   */
  constructor(username: string, credentials: Credentials) {
    this.#username = username;
    this.#credentials = credentials;
    this.#plan = [];
    if (credentials.privateKey !== undefined) this.#plan.push("publickey");
    if (credentials.agentSocket !== undefined) this.#plan.push("agent");
    if (credentials.password !== undefined) this.#plan.push("password", "keyboard-interactive");
  }

  /** Answers ssh2's authHandler: the next method to try, or false when none is left. */
  next = (methodsLeft: string[] | null, _partialSuccess: boolean | null, callback: AuthHandlerCallback): void => {
    if (methodsLeft !== null) this.#offered = methodsLeft.filter(isName).slice(0, MAX_METHODS);
    if (!this.#asked) {
      this.#asked = true;
      callback({ type: "none", username: this.#username });
      return;
    }
    // ssh2 takes false for "none left" (lib/client.js 1.17, tryNextAuth); its types do not say so.
    callback(this.#nextMethod() as AnyAuthMethod);
  };

  /** True once a credential has been offered. */
  get hasTried(): boolean {
    return this.#tried.length > 0;
  }

  /** Notes that the ssh-agent could not be reached, or would not sign with one of its keys. */
  agentFailed(error: Error): void {
    this.#agentProblem = error;
  }

  /**
   * Why authentication failed: what was tried, what the server takes, and what to do.
   *
   * @param said with what words the server ended the connection, when it did
   */
  failure(cause?: unknown, said?: string): ToolError {
    // As ssh2 1.17 (agent.js) says it; what is left are keys with which the ssh-agent would not sign.
    if (/^Failed to (connect to|retrieve identities from) agent/.test(this.#agentProblem?.message ?? "")) {
      return this.#noAgent(this.#agentProblem);
    }
    const tried = this.#tried.length === 0 ? "nothing" : this.#tried.join(", ");
    const offered = this.#offered.length === 0 ? "nothing else" : this.#offered.join(", ");
    const message =
      `the server did not accept user ${quoteUntrusted(this.#username)} (tried ${tried}; it takes ${
        quoteUntrusted(offered).slice(1, -1)
      })` + (this.#prompted === undefined ? "" : `; it asked ${this.#prompted}`) +
      (said === undefined ? "" : `; it ended the connection: ${quoteUntrusted(said)}`);
    return new ToolError("authentication_failed", message, {
      hint: this.#hint(),
      data: { tried: [...this.#tried], offered: [...this.#offered] },
      cause,
    });
  }

  #noAgent(cause: Error | undefined): ToolError {
    const path = quoteUntrusted(this.#credentials.agentSocket ?? "");
    return new ToolError("agent_unavailable", `no ssh-agent answers at ${path}`, {
      hint: "start the ssh-agent, and this server with its SSH_AUTH_SOCK; or give password or key_path",
      cause,
    });
  }

  #nextMethod(): AnyAuthMethod | false {
    while (this.#plan.length > 0) {
      const method = this.#plan.shift();
      if (method === undefined || !this.#takes(method)) continue;
      this.#tried.push(method);
      // A password that the server has heard by one method is not sent again by the other.
      if (method === "password" || method === "keyboard-interactive") this.#plan.length = 0;
      return this.#method(method);
    }
    return false;
  }

  #takes(method: string): boolean {
    return this.#offered.includes(method === "agent" ? "publickey" : method);
  }

  #method(method: string): AnyAuthMethod {
    const { privateKey, agentSocket = "", password = "" } = this.#credentials;
    const username = this.#username;
    if (method === "agent") return { type: "agent", username, agent: agentSocket };
    if (method === "password") return { type: "password", username, password };
    if (method === "publickey" && privateKey !== undefined) {
      return { type: "publickey", username, key: privateKey };
    }
    return { type: "keyboard-interactive", username, prompt: this.#answerPrompts };
  }

  /** Gives the password to the one hidden question; anything else is not ours to answer (RFC 4256 §3.2). */
  #answerPrompts = (
    _name: string,
    _instructions: string,
    _language: string,
    prompts: Prompt[],
    finish: (answers: string[]) => void,
  ): void => {
    this.#prompted = prompts.map((prompt) => quoteUntrusted(prompt.prompt, 80)).join(", ");
    const hidden = prompts.filter((prompt) => prompt.echo !== true).length;
    const answer = hidden === 1 ? this.#credentials.password ?? "" : "";
    finish(prompts.map((prompt) => prompt.echo === true ? "" : answer));
  };

  #hint(): string {
    const { privateKey, agentSocket, password } = this.#credentials;
    if (privateKey === undefined && agentSocket === undefined && password === undefined) {
      return "give password or key_path, or let the server use an ssh-agent with --allow-env=SSH_AUTH_SOCK";
    }
    if (agentSocket !== undefined) {
      return "see with ssh-add -l which keys the ssh-agent has; where they are more than the server lets try " +
        "(MaxAuthTries), or none is right, give key_path";
    }
    const passwordTaken = this.#offered.includes("password") || this.#offered.includes("keyboard-interactive");
    if (password === undefined && passwordTaken) return "check the username and the key, or give a password";
    if (password !== undefined && !passwordTaken) return "the server takes no password: give key_path";
    return "check the username and the password or key, and what the server allows this user";
  }
}

/** Whether it can be the name of a method (RFC 4251 §6). */
function isName(text: string): boolean {
  return /^[!-+\--~]{1,64}$/.test(text);
}
