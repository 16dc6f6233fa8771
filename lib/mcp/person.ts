/** The person behind the client, whom a tool may ask (elicitation, both eras of the protocol). */
import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  type ServerContext,
} from "@modelcontextprotocol/server";
import { z } from "zod";

/** Under which name the question and its answer travel. */
export const QUESTION_KEY = "confirm";

/** The form that the person sees: one box to tick. */
export const confirmation: z.ZodObject<{ confirm: z.ZodBoolean }> = z.object({ confirm: z.boolean() });

/** A question to the person: a handler returns it instead of a result, and is run again with the answer. */
export class Question {
  /** What is asked. */
  readonly message: string;
  /** Stands for what the question is about; comes back with the answer. */
  readonly about: string;

  /**
   * @param message what is asked; a yes must mean that what it says may be done
   * @param about stands for what the question is about, and changes with it; travels through the client
   */
  constructor(message: string, about: string) {
    this.message = message;
    this.about = about;
  }
}

/** What a call knows of the person. */
export interface Person {
  /** True when the client can put a form before the person. */
  reachable: boolean;
  /** What came of this call's question; undefined before it was asked. Anything but an explicit yes is a no. */
  answer: "yes" | "no" | undefined;
  /** The {@linkcode Question.about} of the question that was answered. */
  about?: string | undefined;
}

/** Reads from a request what is known of the person. */
export function personOf(context: ServerContext, legacyCapabilities: ClientCapabilities | undefined): Person {
  const { inputResponses, envelope } = context.mcpReq;
  const declared = (envelope as Record<string, unknown> | undefined)?.[CLIENT_CAPABILITIES_META_KEY];
  const capabilities = declared as ClientCapabilities | undefined ?? legacyCapabilities;
  const { elicitation } = capabilities ?? {};
  // A client that names no mode means forms (MCP 2025-11-25, client/elicitation).
  const reachable = elicitation !== undefined && (elicitation.form !== undefined || elicitation.url === undefined);
  const asked = inputResponses !== undefined && QUESTION_KEY in inputResponses;
  if (!asked) return { reachable, answer: undefined };
  const accepted = acceptedContent(inputResponses, QUESTION_KEY, confirmation);
  const about = context.mcpReq.requestState();
  return {
    reachable,
    answer: accepted?.confirm === true ? "yes" : "no",
    ...(typeof about === "string" && { about }),
  };
}
