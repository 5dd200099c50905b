/** One POST over HTTP or HTTPS, to an address that was checked beforehand where there is one. */
import { request as httpRequest, type IncomingMessage } from "node:http"
import { request as httpsRequest } from "node:https"
import { isIP } from "node:net"

/** Length up to which an answer is read, in bytes. */
const MAX_ANSWER = 2048

export interface HttpAnswer {
  readonly status: number
  readonly retryAfter: string | null
  /** Beginning of the body. */
  readonly text: string
}

const withoutBrackets = (host: string) => host.replace(/^\[(.*)\]$/, "$1")

const readSome = (answer: IncomingMessage): Promise<string> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const done = () => resolve(Buffer.concat(chunks).subarray(0, MAX_ANSWER).toString())
    answer.on("data", (chunk: Buffer) => {
      chunks.push(chunk)
      size += chunk.length
      if (size >= MAX_ANSWER) done()
    })
    answer.on("end", done)
    answer.on("error", reject)
    answer.on("close", done)
  })

/**
 * Posts a body; rejects when no answer came. Redirects are not followed. The connection goes to `address` instead of
 * the URL's host, as a second look-up of the name could give another address. The certificate is still checked against
 * the name.
 */
export const postHttp = (
  url: URL,
  address: string | null,
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal,
): Promise<HttpAnswer> =>
  new Promise((resolve, reject) => {
    const host = withoutBrackets(url.hostname)
    const isTls = url.protocol === "https:"
    const options = {
      host: address ?? host,
      port: url.port === "" ? (isTls ? 443 : 80) : Number(url.port),
      method: "POST",
      path: `${url.pathname}${url.search}`,
      agent: false,
      signal,
      headers: { ...headers, Host: url.host, "Content-Length": String(Buffer.byteLength(body)) },
      ...(isTls && isIP(host) === 0 ? { servername: host } : {}),
    }
    const sent = (isTls ? httpsRequest : httpRequest)(options, (answer) => {
      const retryAfter = answer.headers["retry-after"] ?? null
      readSome(answer).then((text) => {
        resolve({ status: answer.statusCode ?? 0, retryAfter, text })
        sent.destroy()
      }, reject)
    })
    sent.on("error", reject)
    sent.end(body)
  })
