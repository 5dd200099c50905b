/** One HTTP request with a whole body, over connections that are kept open. */
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from "node:http"
import { Agent as HttpsAgent, request as requestHttps } from "node:https"
import type { LookupFunction } from "node:net"
import { StringDecoder } from "node:string_decoder"
import { SetupFailure } from "../../protocol/setup-failure.ts"
import { checkPublic, type Lookup, resolve } from "../../system/resolve.ts"

export interface HttpAnswer {
  readonly status: number
  readonly statusText: string
  /** The beginning of the body, for the operator. */
  readonly text: string
}

export interface HttpCall {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | null
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

const TEXT_MAX = 300
/**
 * Bytes of an answer's body, and pieces they come in: a server that stores what it is sent has little to say. Node
 * bounds the head to 16 KiB.
 */
const ANSWER_BYTES_MAX = 64 * 1024
const ANSWER_PIECES_MAX = 2048
/** Interim answers (RFC 9110 15.2) before the one that counts. */
const INTERIM_MAX = 16

const ADVICE: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nobody listens there",
  ConnectionRefused: "nobody listens there",
  ECONNRESET: "the server closed the connection",
  ENOTFOUND: "the host name cannot be resolved",
  EAI_AGAIN: "the host name cannot be resolved now",
  EHOSTUNREACH: "no route to that host",
  ENETUNREACH: "no route to that network",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the certificate is self-signed: have it replaced, or set verify_tls to false",
  SELF_SIGNED_CERT_IN_CHAIN: "the certificate is self-signed: have it replaced, or set verify_tls to false",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    "the certificate cannot be verified: have its chain completed, or set verify_tls to false",
  CERT_HAS_EXPIRED: "the certificate has expired",
  ERR_TLS_CERT_ALTNAME_INVALID: "the certificate is for another host name",
}

const CERTIFICATE = /CERT|SIGNATURE|ALTNAME/

const failure = (cause: unknown, host: string): SetupFailure => {
  if (cause instanceof SetupFailure) return cause
  const code = typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : "http"
  const detail = ADVICE[code] ?? (cause instanceof Error ? cause.message : String(cause))
  const short = code === "ConnectionRefused" ? "ECONNREFUSED" : code
  return new SetupFailure({ code: short, message: `${host}: ${detail} (${short})`, transient: !CERTIFICATE.test(code) })
}

/** The lookup of a connection, which goes to no other address than this one. */
const publicLookup =
  (lookup: Lookup | undefined): LookupFunction =>
  (host, options, done) => {
    resolve(host, true, lookup).then(
      ({ address, family }) => (options.all === true ? done(null, [{ address, family }]) : done(null, address, family)),
      (cause: unknown) => done(cause instanceof Error ? cause : new Error(String(cause)), ""),
    )
  }

export class HttpClient {
  readonly #agent: HttpAgent | HttpsAgent
  readonly #request: typeof requestHttp
  readonly #lookup: { readonly lookup?: LookupFunction }

  /** `verifyTls` false takes any certificate; `publicOnly` refuses servers on this machine or in a private network. */
  constructor(isSecure: boolean, verifyTls: boolean, publicOnly = false, lookup?: Lookup) {
    this.#lookup = publicOnly ? { lookup: publicLookup(lookup) } : {}
    const options = { keepAlive: true, maxSockets: 2, maxFreeSockets: 2 }
    this.#agent = isSecure ? new HttpsAgent({ ...options, rejectUnauthorized: verifyTls }) : new HttpAgent(options)
    this.#request = isSecure ? (requestHttps as typeof requestHttp) : requestHttp
    this.#tls = isSecure ? { rejectUnauthorized: verifyTls } : {}
  }

  readonly #tls: { readonly rejectUnauthorized?: boolean }

  /** Resolves with any answer, redirects too, which are not followed; rejects with a SetupFailure without one. */
  async send({ body, headers, method, signal, timeoutMs, url }: HttpCall): Promise<HttpAnswer> {
    const { host, hostname } = url
    // A literal is never looked up.
    const plain = hostname.replace(/^\[(.*)\]$/, "$1")
    if (this.#lookup.lookup !== undefined) checkPublic(plain, plain)
    return new Promise<HttpAnswer>((resolve, reject) => {
      const fail = (cause: unknown) => {
        clearTimeout(timer)
        signal.removeEventListener("abort", abort)
        reject(failure(cause, host))
      }
      const outgoing = this.#request(
        url,
        {
          method,
          agent: this.#agent,
          headers: { ...headers, "content-length": String(body?.length ?? 0) },
          ...this.#tls,
          ...this.#lookup,
        },
        (answer: IncomingMessage) => {
          let text = ""
          let bytes = 0
          let pieces = 0
          const decoder = new StringDecoder("utf8")
          answer.on("data", (piece: Buffer) => {
            bytes += piece.length
            if (bytes > ANSWER_BYTES_MAX) tooLong(`its answer is longer than ${ANSWER_BYTES_MAX / 1024} KiB`)
            else if (++pieces > ANSWER_PIECES_MAX) tooLong(`its answer comes in more than ${ANSWER_PIECES_MAX} pieces`)
            else if (text.length < TEXT_MAX) text += decoder.write(piece.subarray(0, TEXT_MAX * 4))
          })
          answer.on("error", fail)
          answer.on("end", () => {
            clearTimeout(timer)
            signal.removeEventListener("abort", abort)
            resolve({
              status: answer.statusCode ?? 0,
              statusText: answer.statusMessage ?? "",
              text: text.slice(0, TEXT_MAX),
            })
          })
        },
      )
      const stop = (code: string, message: string) => {
        fail(new SetupFailure({ code, message, transient: true }))
        outgoing.destroy()
      }
      const tooLong = (what: string) => stop("http_answer", `${host}: ${what}`)
      let interim = 0
      outgoing.on("information", () => {
        if (++interim > INTERIM_MAX) tooLong(`it sends more than ${INTERIM_MAX} interim answers`)
      })
      const abort = () => stop("aborted", `${host}: given up, the output was stopped`)
      const timer = setTimeout(() => stop("timeout", `${host}: no answer within ${timeoutMs / 1000} s`), timeoutMs)
      outgoing.on("error", fail)
      if (signal.aborted) {
        abort()
        return
      }
      signal.addEventListener("abort", abort)
      outgoing.end(body ?? undefined)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}
