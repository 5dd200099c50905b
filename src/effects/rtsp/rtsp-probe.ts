/**
 * Asks an RTSP server for its OPTIONS (RFC 2326 10.1), with the login of the URL where it wants one (RFC 2617), and
 * leaves.
 */
import { randomBytes } from "node:crypto"
import type { Socket } from "node:net"
import { parseOutputUrl } from "../../core/output/output-url.ts"
import type { OutputTest, Reason } from "../../engine/protocol/messages.ts"
import { connectRtsp } from "./rtsp-connect.ts"
import { authorize, splitLogin } from "./rtsp-login.ts"

const WITHIN_MS = 10_000
/** Longest answer read, in bytes; none without a body is longer. */
const MAX_ANSWER = 16_384

interface Answer {
  readonly status: number
  readonly phrase: string
  /** Headers in order, their names in lower case. */
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
}

export const parseAnswer = (text: string): Answer | null => {
  const [first = "", ...lines] = text.split("\r\n")
  const match = /^RTSP\/1\.\d (\d{3})(?: (.*))?$/.exec(first)
  if (match === null) return null
  const headers = lines.flatMap((line) => {
    const colon = line.indexOf(":")
    return colon < 1 ? [] : [[line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()] as const]
  })
  return { status: Number(match[1]), phrase: (match[2] ?? "").slice(0, 100), headers }
}

const reasonOf = (error: Error): Reason => ({
  code: "code" in error && typeof error.code === "string" ? error.code : "connect",
  message: error.message,
  transient: true,
})

/** One request and the head of its answer. */
const ask = (socket: Socket, request: string): Promise<Answer | null> =>
  new Promise((resolve, reject) => {
    let text = ""
    const done = (answer: Answer | null) => {
      socket.removeAllListeners("data")
      resolve(answer)
    }
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1")
      if (text.includes("\r\n\r\n")) done(parseAnswer(text))
      else if (text.length > MAX_ANSWER) done(null)
    })
    socket.once("close", () => reject(new Error("the server closed the connection without an answer")))
    socket.write(request)
  })

const requestOf = (uri: string, sequence: number, authorization: string | null) =>
  [
    `OPTIONS ${uri} RTSP/1.0`,
    `CSeq: ${sequence}`,
    "User-Agent: stream-distributor",
    ...(authorization === null ? [] : [`Authorization: ${authorization}`]),
    "\r\n",
  ].join("\r\n")

type Outcome = Omit<OutputTest, "took_ms" | "steps">

const talk = async (socket: Socket, url: string, steps: string[]): Promise<Outcome> => {
  const address = `${socket.remoteAddress?.includes(":") === true ? `[${socket.remoteAddress}]` : socket.remoteAddress}:${socket.remotePort}`
  const failed = (code: string, message: string): Outcome => ({
    ok: false,
    error: { code, message, transient: true },
    address,
  })
  const { login, uri } = splitLogin(url)
  let answer = await ask(socket, requestOf(uri, 1, null))
  const wants = (a: Answer | null) =>
    a?.status === 401 ? a.headers.flatMap(([name, value]) => (name === "www-authenticate" ? [value] : [])) : []
  if (answer?.status === 401 && login !== null) {
    steps.push("the server asks for a login")
    const authorization = authorize(wants(answer), login, {
      method: "OPTIONS",
      uri,
      cnonce: randomBytes(8).toString("hex"),
      count: 1,
    })
    if (authorization === null) return failed("rtsp_auth", "the server asks for a kind of login that is not known here")
    answer = await ask(socket, requestOf(uri, 2, authorization))
    if (answer?.status === 401) return failed("rtsp_401", "the server refuses user and password (401 Unauthorized)")
  }
  if (answer === null) return failed("rtsp_answer", "what answered is no RTSP server")
  if (answer.status === 401)
    return failed(
      "rtsp_401",
      "the server asks for a user and a password (401 Unauthorized): write rtsp://USER:PASSWORD@HOST/PATH",
    )
  if (answer.status !== 200)
    return failed(`rtsp_${answer.status}`, `the server answers OPTIONS with ${answer.status} ${answer.phrase}`)
  const methods = answer.headers.find(([name]) => name === "public")?.[1] ?? ""
  steps.push(methods === "" ? "OPTIONS: 200" : `OPTIONS: 200, the server knows ${methods.slice(0, 200)}`)
  if (methods !== "" && !/\bANNOUNCE\b/i.test(methods))
    return failed("rtsp_announce", "the server does not take streams: it has no ANNOUNCE")
  return { ok: true, error: null, address }
}

/**
 * Probes an RTSP server within 10 s; never rejects. Whether the server accepts the path shows only when somebody
 * publishes.
 */
export const probeRtsp = async (url: string): Promise<OutputTest> => {
  const startedMs = performance.now()
  const steps: string[] = []
  const ending = (outcome: Outcome): OutputTest => ({
    ...outcome,
    steps,
    took_ms: Math.round(performance.now() - startedMs),
  })
  const parsed = parseOutputUrl(url)
  if (!parsed.ok || parsed.target.protocol !== "rtsp")
    return ending({
      ok: false,
      error: { code: "url", message: "this is no RTSP URL", transient: false },
      address: null,
    })
  const { host, port } = parsed.target
  const tls = parsed.options["tls"] === true
  const socket = connectRtsp(host, port, tls)
  try {
    const outcome = await new Promise<Outcome>((resolve, reject) => {
      socket.setTimeout(WITHIN_MS, () =>
        reject(Object.assign(new Error(`no answer within ${WITHIN_MS / 1000} s`), { code: "timeout" })),
      )
      socket.on("error", reject)
      socket.once(tls ? "secureConnect" : "connect", () => {
        steps.push(`connected to ${socket.remoteAddress} port ${socket.remotePort}${tls ? ", TLS handshake done" : ""}`)
        talk(socket, url, steps).then(resolve, reject)
      })
    })
    return ending(outcome)
  } catch (error) {
    return ending({
      ok: false,
      error: reasonOf(error instanceof Error ? error : new Error(String(error))),
      address: null,
    })
  } finally {
    socket.destroy()
  }
}
