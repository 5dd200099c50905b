/** Thread that parses one large JSON or YAML text. `off-thread.ts` starts it, and ends it when it takes too long. */
import { parentPort } from "node:worker_threads"
import { parseYaml, YamlError } from "../../effects/declarative/yaml.ts"
import type { ParseAnswer, ParseRequest } from "./off-thread.ts"
import { JsonError, parseStrictJson } from "./strict-json.ts"

const answerTo = ({ bounds, kind, text }: ParseRequest): ParseAnswer => {
  try {
    const value = kind === "json" ? parseStrictJson(text, bounds) : parseYaml(text)
    // Sent as text: copying the values one by one would take the receiver longer than parsing them.
    return { ok: true, json: JSON.stringify(value) }
  } catch (error) {
    if (error instanceof JsonError || error instanceof YamlError)
      return { ok: false, path: error.path, message: error.message }
    return { ok: false, path: kind === "json" ? "body" : "document", message: `is not valid ${kind.toUpperCase()}` }
  }
}

parentPort?.on("message", (request: ParseRequest) => parentPort?.postMessage(answerTo(request)))
