/** Reads the configuration that a form sends, as text or as a file. */
import { Effect } from "effect"
import type { Context } from "hono"
import { type ConfigDocument, decodeDocument } from "../../../effects/declarative/document.ts"
import { InvalidInput } from "../../../effects/model/Errors.ts"
import { readText } from "../../request/body.ts"
import { WHOLE_CONFIG } from "../../request/json-bounds.ts"
import { parseText } from "../../request/off-thread.ts"
import { makeProblem, Refused } from "../../request/problem.ts"

const FORM = /^multipart\/form-data\s*;/i

const broken = new Refused({
  problem: makeProblem("bad-request", "body: is no form that can be read", {
    errors: [{ path: "body", message: "is no form that can be read" }],
  }),
})

/** Text of the uploaded file when there is one, else the text that was typed. */
export const readUpload = (c: Context): Effect.Effect<string, Refused> =>
  Effect.flatMap(readText(c, FORM, "send the form as multipart/form-data"), (body) =>
    Effect.tryPromise({
      try: async () => {
        const headers = { "Content-Type": c.req.header("content-type") ?? "" }
        const form = await new Response(body, { headers }).formData()
        const [file, typed] = [form.get("file"), form.get("document")]
        const uploaded = file === null || typeof file === "string" ? "" : await file.text()
        return uploaded !== "" ? uploaded : typeof typed === "string" ? typed : ""
      },
      catch: () => broken,
    }),
  )

/** Parses a document in YAML, or in JSON, which is a subset of it. */
export const documentOf = (text: string): Effect.Effect<ConfigDocument, InvalidInput> => {
  const wrong = (path: string, message: string) => new InvalidInput({ errors: [{ path, message }] })
  if (text.trim() === "") return wrong("document", "is empty: paste a configuration or choose a file")
  return Effect.flatMap(
    Effect.mapError(parseText({ kind: "yaml", text, bounds: WHOLE_CONFIG }), ({ message, path }) =>
      wrong(path === "body" ? "document" : path, message),
    ),
    decodeDocument,
  )
}
