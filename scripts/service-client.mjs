/** Requests to the service's REST API, for the command line. Needs only Node. */
import { readFileSync } from "node:fs"
import { request as httpsRequest } from "node:https"
import { isIP } from "node:net"

/** What ends a command with a sentence for whoever gave it, and without a stack. */
export class Failure extends Error {}

const setting = (name) => (process.env[name] ?? "").trim()

/** Address of the service, worked out from the settings that the service itself reads. */
const ownAddress = () => {
  const host = setting("HOST")
  const particular = isIP(host) !== 0 && host !== "0.0.0.0" && host !== "::"
  const address = particular ? (isIP(host) === 6 ? `[${host}]` : host) : "127.0.0.1"
  const port = setting("PORT").replace(/\s+#.*$/, "") || 8000
  return `${setting("TLS_CERT") === "" ? "http" : "https"}://${address}:${port}`
}

/** Key that the first start of a container has written to a file; empty when there is no such file. */
const firstKey = () => {
  try {
    return setting("FIRST_KEY_FILE") === "" ? "" : readFileSync(setting("FIRST_KEY_FILE"), "utf8").trim()
  } catch {
    return ""
  }
}

/**
 * `fetch` for HTTPS to an address of this machine. The certificate carries the name that other machines use, so it is
 * not checked against the address; plain HTTP to this machine offers no check either.
 */
const fetchOwn = (url, { method, headers, body, signal }) =>
  new Promise((resolve, reject) => {
    const call = httpsRequest(url, { method, headers, signal, rejectUnauthorized: false }, (response) => {
      const parts = []
      response.on("data", (part) => parts.push(part))
      response.on("error", reject)
      response.on("end", () => {
        const { statusCode: status } = response
        resolve({ ok: status >= 200 && status < 300, status, arrayBuffer: async () => Buffer.concat(parts) })
      })
    })
    call.on("error", (error) => reject(signal.aborted ? signal.reason : error))
    call.end(body)
  })

/** What the service says of a request that it refuses. */
const describeProblem = (status, text) => {
  let problem
  try {
    problem = JSON.parse(text)
  } catch {
    return `the service answered ${status}`
  }
  const errors = Array.isArray(problem.errors) ? problem.errors.map(({ message, path }) => `  ${path}: ${message}`) : []
  if (errors.length > 0) return [`${problem.title ?? `the service answered ${status}`}:`, ...errors].join("\n")
  return String(problem.detail ?? problem.title ?? `the service answered ${status}`)
}

/**
 * Makes the function that sends a request, to the service that the options or the environment name. A refusal is thrown
 * with the service's own explanation.
 */
export const makeClient = (options) => {
  const given = options.url ?? (setting("DISTRIBUTOR_URL") || undefined)
  const base = given ?? ownAddress()
  const ask = given === undefined && base.startsWith("https:") ? fetchOwn : fetch
  const key = options["api-key"] ?? (setting("API_KEY") || firstKey())
  return async (method, path, { body, type = "application/json", seconds = 90, any = false } = {}) => {
    const limit = Number(options.timeout ?? seconds)
    if (!(limit > 0 && limit <= 3600)) throw new Failure("--timeout must be seconds from 1 to 3600")
    let url
    try {
      url = new URL(path, base)
    } catch {
      throw new Failure("--url must be an address such as http://127.0.0.1:8000")
    }
    const headers = { ...(key ? { "X-API-Key": key } : {}), ...(body === undefined ? {} : { "Content-Type": type }) }
    let response
    let bytes
    try {
      response = await ask(url, { method, headers, body, redirect: "error", signal: AbortSignal.timeout(limit * 1000) })
      bytes = Buffer.from(await response.arrayBuffer())
    } catch (error) {
      const cause =
        error.name === "TimeoutError"
          ? `no answer within ${limit} s`
          : (error.cause?.code ?? error.cause?.message ?? error.code ?? error.message)
      throw new Failure(`${url.origin} does not answer: ${cause}`)
    }
    const text = bytes.toString("utf8")
    if (!response.ok && !any) throw new Failure(describeProblem(response.status, text))
    return { status: response.status, text, bytes }
  }
}
