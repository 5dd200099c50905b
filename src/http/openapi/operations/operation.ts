/** One request of the API, as the tables of `operations/` write it. */
import type { ProblemKind } from "../../request/problem.ts"
import type { Json, JsonObject } from "./json.ts"

export interface Parameter {
  readonly name: string
  readonly description: string
  readonly schema: JsonObject
  readonly example?: Json
}

export interface Answer {
  readonly description: string
  /** Name of a component, for JSON. */
  readonly schema?: string
  /** Content types other than JSON, with their schemas. */
  readonly content?: Readonly<Record<string, JsonObject>>
  readonly headers?: ReadonlyArray<AnswerHeader>
}

/** What headers mean is said once, in `document.ts`. */
export type AnswerHeader = "ETag" | "Location" | "Idempotency-Replayed"

export interface Operation {
  readonly method: "get" | "post" | "put" | "patch" | "delete"
  /** With parameters in braces. */
  readonly path: string
  /** Name for programs that are generated from the document. */
  readonly id: string
  readonly tag: string
  readonly summary: string
  readonly description?: string
  readonly query?: ReadonlyArray<Parameter>
  /** `If-Match` or `Idempotency-Key` are heeded. */
  readonly conditional?: true
  readonly idempotent?: true
  /** Name of a component. */
  readonly body?: string
  /** The body may be YAML as well. */
  readonly yaml?: true
  readonly answers: Readonly<Record<number, Answer>>
  /** Beside those that any request may meet. */
  readonly problems?: ReadonlyArray<ProblemKind>
  /** No key is asked for. */
  readonly free?: true
}
