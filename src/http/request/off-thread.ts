/** Parses large texts on threads of their own, so that everybody else's requests go on in the meantime. */
import { Worker } from "node:worker_threads"
import { Duration, Effect } from "effect"
import { parseYaml, YamlError } from "../../effects/declarative/yaml.ts"
import { type JsonBounds, JsonError, parseStrictJson } from "./strict-json.ts"

export interface ParseRequest {
  readonly kind: "json" | "yaml"
  readonly text: string
  readonly bounds: JsonBounds
}
export type ParseAnswer =
  | { readonly ok: true; readonly json: string }
  | { readonly ok: false; readonly path: string; readonly message: string }

/** What is wrong with a text, and where. It never repeats the text. */
export interface Unreadable {
  readonly path: string
  readonly message: string
}

/** Length in characters up to which JSON is parsed on the main thread; YAML built to be slow takes long much sooner. */
export const JSON_AT_ONCE = 100_000
export const YAML_AT_ONCE = 4000
/** Longest time for parsing in ms, with room for a machine that is busy. */
const WITHIN_MS = 10_000
/** Permits for threads; further requests wait for their turn. */
const AT_A_TIME = Effect.unsafeMakeSemaphore(2)

const unreadable = (path: string, message: string): Unreadable => ({ path, message })

const here = ({ bounds, kind, text }: ParseRequest): Effect.Effect<unknown, Unreadable> =>
  Effect.try({
    try: () => (kind === "json" ? parseStrictJson(text, bounds) : parseYaml(text)),
    catch: (error) =>
      error instanceof JsonError || error instanceof YamlError
        ? unreadable(error.path, error.message)
        : unreadable(kind === "json" ? "body" : "document", `is not valid ${kind.toUpperCase()}`),
  })

const ask = (worker: Worker, request: ParseRequest): Effect.Effect<ParseAnswer, Unreadable> =>
  Effect.async((resume) => {
    worker.once("message", (answer: ParseAnswer) => resume(Effect.succeed(answer)))
    worker.once("error", () =>
      resume(Effect.fail(unreadable("body", "could not be read: it may be too large for this machine"))),
    )
    worker.postMessage(request)
  })

const elsewhere = (request: ParseRequest, withinMs: number): Effect.Effect<unknown, Unreadable> =>
  Effect.acquireUseRelease(
    Effect.sync(() => new Worker(new URL("./parse-worker.ts", import.meta.url))),
    (worker) => ask(worker, request),
    (worker) => Effect.promise(() => worker.terminate().catch(() => undefined)),
  ).pipe(
    Effect.timeoutFail({
      duration: Duration.millis(withinMs),
      onTimeout: () =>
        unreadable(
          "body",
          `takes longer than ${withinMs / 1000} s to read: write it more plainly, or in smaller parts`,
        ),
    }),
    Effect.flatMap((answer) =>
      answer.ok
        ? Effect.sync((): unknown => JSON.parse(answer.json))
        : Effect.fail(unreadable(answer.path, answer.message)),
    ),
    AT_A_TIME.withPermits(1),
  )

/** Parses a text, on a thread of its own when it is large; that gives up after `withinMs`. */
export const parseText = (request: ParseRequest, withinMs = WITHIN_MS): Effect.Effect<unknown, Unreadable> =>
  request.text.length > (request.kind === "json" ? JSON_AT_ONCE : YAML_AT_ONCE)
    ? elsewhere(request, withinMs)
    : here(request)
