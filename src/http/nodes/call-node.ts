/** One request to another node. */
import { type IncomingMessage, request as requestHttp } from "node:http"
import { request as requestHttps } from "node:https"
import { Readable } from "node:stream"
import type { ReadableStream as WebStream } from "node:stream/web"

/** A node that is gone must not hold up what asks for it: time in ms for the connection to be made. */
const CONNECT_MS = 2000
/** Tests of outputs take up to 28 s, and bulk changes 60 s. */
const ANSWER_MS = 65_000

export interface NodeCall {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers: Headers
  readonly body: ReadableStream<Uint8Array> | null
  /** Gives up, also while the answer is read. */
  readonly signal: AbortSignal
}

/** Asks the node at `address`; rejects with a sentence when it does not answer. Redirects are answers. */
export type CallNode = (address: URL, call: NodeCall) => Promise<Response>

/** The address of a node as a URL; null for what is none: a scheme other than http and https, a login, a path. */
export const nodeAddress = (text: string): URL | null => {
  if (!URL.canParse(text)) return null
  const url = new URL(text)
  const isBare =
    url.username === "" && url.password === "" && url.pathname === "/" && url.search === "" && url.hash === ""
  return isBare && /^https?:$/.test(url.protocol) ? url : null
}

/** Headers of one connection (RFC 9110 7.6.1), which are not passed on; and the length, which the body has. */
const OF_THE_CONNECTION = [
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]

/** Headers as they may be passed on. */
export const passedOn = (headers: Headers): Headers => {
  const kept = new Headers(headers)
  const named = (headers.get("connection") ?? "").split(",").map((name) => name.trim())
  for (const name of [...OF_THE_CONNECTION, ...named]) if (/^[\w-]+$/.test(name)) kept.delete(name)
  return kept
}

/** Statuses whose answers have no body (RFC 9110 15). */
const BODILESS = new Set([101, 204, 205, 304])

const answerOf = (answer: IncomingMessage, method: string): Response => {
  const headers = new Headers()
  for (const [name, value] of Object.entries(answer.headers))
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) headers.append(name, one)
  const status = answer.statusCode ?? 502
  const isBodiless = method === "HEAD" || BODILESS.has(status)
  if (isBodiless) answer.resume()
  const body = isBodiless ? null : (Readable.toWeb(answer) as WebStream as ReadableStream<Uint8Array>)
  return new Response(body, { status, headers: passedOn(headers) })
}

export const callNode: CallNode = (address, { body, headers, method, path, signal }) =>
  new Promise((resolve, reject) => {
    const send = address.protocol === "https:" ? requestHttps : requestHttp
    const outgoing = send(
      new URL(path, address),
      { method, headers: Object.fromEntries(passedOn(headers)), setHost: false, signal },
      (answer) => {
        clearTimeout(late)
        // Whoever reads an event stream may do so for days.
        resolve(answerOf(answer, method))
      },
    )
    const fail = (why: string) => {
      clearTimeout(late)
      reject(new Error(`the node at ${address.host} ${why}`))
    }
    let late = setTimeout(() => {
      fail(`could not be reached within ${CONNECT_MS / 1000} s`)
      outgoing.destroy()
    }, CONNECT_MS)
    outgoing.on("socket", (socket) => {
      const connected = () => {
        clearTimeout(late)
        late = setTimeout(() => {
          fail(`has not answered within ${ANSWER_MS / 1000} s`)
          outgoing.destroy()
        }, ANSWER_MS)
      }
      if (socket.connecting) socket.once("connect", connected)
      else connected()
    })
    outgoing.on("error", (error) => fail(`does not answer: ${error.message}`))
    if (body === null) outgoing.end()
    else
      Readable.fromWeb(body as WebStream)
        .on("error", () => outgoing.destroy())
        .pipe(outgoing)
  })
