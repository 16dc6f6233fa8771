/** The one way to make a tool: a schema in, a handler, a result out, and everything through the egress. */
import type { CallToolResult, InputRequiredResult, ToolAnnotations } from "@modelcontextprotocol/server";
import { z } from "zod";
import { quoteUntrusted, ToolError } from "../errors.ts";
import type { Session } from "../ssh/session.ts";
import type { App } from "./app.ts";
import type { ProgressUpdate } from "./egress.ts";
import { type Person, Question } from "./person.ts";

/** What a handler may reach besides its arguments. */
export interface Call {
  app: App;
  /** Aborts when the client cancels the call. */
  signal: AbortSignal;
  /** Sends progress to the client; undefined when the client did not ask for it. */
  progress: ((update: ProgressUpdate) => void) | undefined;
  /** Whom to ask what the agent may not decide. */
  person: Person;
  /** The session of that id, which must be usable. @throws {ToolError} `unknown_session`, `session_dropped` */
  session(id: string): Session;
}

/** What a tool is made of. */
export interface ToolSpec<I extends z.ZodRawShape, O extends z.ZodRawShape> {
  name: string;
  title: string;
  /** Short and exact: it is paid for in every context that lists the tools. */
  description: string;
  input: I;
  output: O;
  annotations: ToolAnnotations;
  run(args: z.output<z.ZodObject<I>>, call: Call): Outcome<O> | Promise<Outcome<O>>;
}

/** What a handler gives: the result, or a question that must be answered first. */
export type Outcome<O extends z.ZodRawShape> = z.input<z.ZodObject<O>> | Question;

/** What tools/list says of a tool. */
export interface ToolListing {
  name: string;
  title: string;
  description: string;
  inputSchema: { type: "object"; [key: string]: unknown };
  outputSchema: { type: "object"; [key: string]: unknown };
  annotations: ToolAnnotations;
}

/** A tool, ready for the catalogue. */
export interface Tool {
  readonly name: string;
  /** What tools/list says of it. */
  listing(): ToolListing;
  /** Validates, runs, redacts and answers. @throws {Error} a bug of ours, redacted */
  call(args: unknown, call: Call): Promise<CallToolResult | InputRequiredResult>;
}

/** Makes a tool. */
export function defineTool<I extends z.ZodRawShape, O extends z.ZodRawShape>(spec: ToolSpec<I, O>): Tool {
  const input = z.strictObject(spec.input);
  return {
    name: spec.name,
    listing: () => ({
      name: spec.name,
      title: spec.title,
      description: spec.description,
      inputSchema: leanSchema(input, "input"),
      outputSchema: leanSchema(z.object(spec.output), "output"),
      annotations: spec.annotations,
    }),
    async call(args, call) {
      const { egress } = call.app;
      try {
        await call.app.ready();
        const outcome = await spec.run(validate(spec.name, input, args), call);
        return outcome instanceof Question ? egress.question(outcome) : egress.result(outcome);
      } catch (error) {
        if (error instanceof ToolError) return egress.failure(error);
        throw egress.bug(error);
      }
    },
  };
}

/** Checks the arguments of a call. @throws {ToolError} `invalid_argument`, naming every parameter that is wrong */
function validate<S extends z.ZodType>(tool: string, schema: S, args: unknown): z.output<S> {
  const parsed = schema.safeParse(args ?? {});
  if (!parsed.success) {
    const complaints = parsed.error.issues.map((issue) => {
      const place = issue.path.length === 0 ? "" : `${quoteUntrusted(issue.path.join("."), 64).slice(1, -1)}: `;
      return place + issue.message;
    });
    throw new ToolError("invalid_argument", `${tool}: ${complaints.slice(0, 10).join("; ")}`, {
      hint: "correct the arguments and call again",
    });
  }
  const withNul = nulPath(parsed.data, []);
  if (withNul !== undefined) {
    throw new ToolError("invalid_argument", `${tool}: ${withNul}: a NUL character is not allowed`, {
      hint: "remove it and call again",
    });
  }
  return parsed.data;
}

/** Where in the arguments a NUL stands: it would cut a string short somewhere between here and the far end. */
function nulPath(value: unknown, path: string[]): string | undefined {
  if (typeof value === "string") return value.includes("\0") ? path.join(".") : undefined;
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, item] of Object.entries(value)) {
    const found = nulPath(item, [...path, key]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * The JSON schema without what an agent does not need to make a right call, since tools/list is paid for on every run:
 * bounds that no sane call reaches are checked all the same, and an answer's members speak for themselves.
 */
function leanSchema(schema: z.ZodType, io: "input" | "output"): { type: "object"; [key: string]: unknown } {
  const { $schema: _, ...lean } = z.toJSONSchema(schema, {
    io,
    override: ({ jsonSchema }) => {
      for (const key of io === "input" ? UNTOLD_OF_INPUT : UNTOLD_OF_OUTPUT) delete jsonSchema[key];
      if (io === "output") dropOptional(jsonSchema);
    },
  });
  return { ...lean, type: "object" };
}

/** An answer's schema says what is always there; what comes on occasion explains itself when it comes. */
function dropOptional(schema: z.core.JSONSchema.BaseSchema): void {
  const { properties, required = [] } = schema;
  for (const name of Object.keys(properties ?? {})) {
    if (!required.includes(name)) delete properties?.[name];
  }
}

const UNTOLD_OF_INPUT = [
  "additionalProperties",
  "minLength",
  "maxLength",
  "pattern",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "format",
] as const;

const UNTOLD_OF_OUTPUT = [...UNTOLD_OF_INPUT, "enum"] as const;
