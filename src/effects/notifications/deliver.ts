/** Makes one attempt to deliver a message; the result is the answer or a `NotDelivered`. */
import { isIP } from "node:net"
import { Clock, Data, Duration, Effect } from "effect"
import nodemailer from "nodemailer"
import { printable } from "../../core/bytes/printable.ts"
import type { Zone } from "../../core/schedule/local-time.ts"
import {
  type Destination,
  hideIn,
  type MailDestination,
  type SlackDestination,
  type WebhookDestination,
} from "./destination.ts"
import { type Message, mailText, signature, slackText, subjectLine } from "./message.ts"
import { postHttp } from "./post-http.ts"

export class NotDelivered extends Data.TaggedError("NotDelivered")<{
  readonly reason: string
  /** True when another attempt may succeed; false when the message would only be refused again. */
  readonly again: boolean
  /** Pause in ms that the other side asks for; null when it asks for none. */
  readonly retryAfterMs: number | null
}> {
  override get message() {
    return this.reason
  }
}

/** Delivers a message; succeeds with the other side's words. */
export type Deliver = (destination: Destination, message: Message) => Effect.Effect<string, NotDelivered>
/**
 * Whether a host may be reached. Where it matters, `address` is the one that was checked and the only one to connect
 * to.
 */
export type HostCheck =
  | { readonly ok: true; readonly address: string | null }
  /** Refused; `again` is true when the host may be reachable at another time. */
  | { readonly ok: false; readonly reason: string; readonly again: boolean }
/** Checks a host. Asked before every attempt, since names change their addresses. */
export type CheckHost = (host: string) => Effect.Effect<HostCheck>
export const ANY_HOST: CheckHost = () => Effect.succeed({ ok: true, address: null })

/** How long an attempt may take, in ms. */
const WITHIN_MS = { http: 10_000, mail: 30_000 }
/** Length up to which an answer is shown, in characters. */
const MAX_SHOWN = 300

/** `Retry-After` of RFC 9110, 10.2.3: seconds or a date. */
export const retryAfterMs = (value: string | null, nowMs: number): number | null => {
  if (value === null) return null
  if (/^\s*\d{1,9}\s*$/.test(value)) return Number(value) * 1000
  const at = Date.parse(value)
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs)
}

const words = (text: string) =>
  printable(
    text
      .replace(/[\s\u0000-\u001f\u007f]+/g, " ")
      .trim()
      .slice(0, MAX_SHOWN),
  )
const causeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  const code = "code" in error && typeof error.code === "string" ? ` (${error.code})` : ""
  return cause instanceof Error && cause.message !== ""
    ? `${error.message}: ${cause.message}`
    : `${error.message}${code}`
}

const post = (url: string, address: string | null, headers: Readonly<Record<string, string>>, body: string) =>
  Effect.gen(function* () {
    const { retryAfter, status, text } = yield* Effect.tryPromise({
      try: (signal) => {
        const own = { "Content-Type": "application/json", "User-Agent": "stream-distributor" }
        // Redirects are not followed: they could lead anywhere, and the body is not meant for other places.
        return postHttp(new URL(url), address, { ...own, ...headers }, body, signal)
      },
      catch: (error) => new NotDelivered({ reason: `no answer: ${causeOf(error)}`, again: true, retryAfterMs: null }),
    })
    const said = `HTTP ${status}${words(text) === "" ? "" : `: ${words(text)}`}`
    if (status >= 200 && status < 300) return said
    if (status >= 300 && status < 400) {
      return yield* new NotDelivered({
        reason: `HTTP ${status}: redirects are not followed; enter the final URL`,
        again: false,
        retryAfterMs: null,
      })
    }
    const again = status >= 500 || [408, 425, 429].includes(status)
    const wait = retryAfterMs(retryAfter, yield* Clock.currentTimeMillis)
    return yield* new NotDelivered({ reason: said, again, retryAfterMs: wait })
  })

const toSlack = ({ url }: SlackDestination, message: Message, address: string | null) =>
  post(url, address, {}, JSON.stringify({ text: slackText(message), unfurl_links: false, unfurl_media: false }))

const toWebhook = ({ secret, url }: WebhookDestination, message: Message, address: string | null) =>
  Effect.flatMap(Clock.currentTimeMillis, (nowMs) => {
    const timestamp = Math.floor(nowMs / 1000)
    const body = JSON.stringify(message)
    const signed = secret === null ? {} : { "X-Distributor-Signature": signature(secret, timestamp, body) }
    return post(
      url,
      address,
      { "X-Distributor-Id": message.id, "X-Distributor-Timestamp": String(timestamp), ...signed },
      body,
    )
  })

const toMail = (destination: MailDestination, message: Message, address: string | null, zone: Zone) =>
  Effect.tryPromise({
    try: async (signal) => {
      const { from, host, password, port, security, to, user, verify_tls } = destination
      const name = host.replace(/^\[|\]$/g, "")
      const transport = nodemailer.createTransport({
        host: address ?? name,
        port,
        secure: security === "tls",
        requireTLS: security === "starttls",
        ignoreTLS: security === "none",
        ...(user === null || password === null ? {} : { auth: { user, pass: password } }),
        // The certificate is checked against the name, whatever address is connected to.
        tls: { rejectUnauthorized: verify_tls, ...(isIP(name) === 0 ? { servername: name } : {}) },
        disableFileAccess: true,
        disableUrlAccess: true,
        dnsTimeout: 10_000,
        connectionTimeout: 10_000,
        greetingTimeout: 10_000,
        socketTimeout: 20_000,
      })
      const mail = {
        from,
        to: [...to],
        subject: subjectLine(message),
        text: mailText(message, zone),
        date: new Date(message.at),
        messageId: `<${message.id}@${from.slice(from.lastIndexOf("@") + 1)}>`,
        headers: { "Auto-Submitted": "auto-generated", "X-Distributor-Id": message.id },
        signal,
      }
      try {
        const { rejected, response } = await transport.sendMail(mail)
        const left = rejected.map(String)
        return left.length === 0 ? words(response) : `${words(response)}; refused: ${left.join(", ")}`
      } finally {
        transport.close()
      }
    },
    catch: (error) => {
      const code =
        typeof error === "object" && error !== null && "responseCode" in error ? Number(error.responseCode) : Number.NaN
      const said = typeof error === "object" && error !== null && "response" in error ? String(error.response) : ""
      return new NotDelivered({
        reason: words(causeOf(error)) || words(said),
        again: !(code >= 500),
        retryAfterMs: null,
      })
    },
  })

/**
 * Makes a `Deliver` that uses the network: within 10 s by HTTP and 30 s by mail unless told otherwise. Mails tell times
 * by the clock of `zone`.
 */
export const makeDeliver =
  (checkHost: CheckHost, zone: Zone, withinMs = WITHIN_MS): Deliver =>
  (destination, message) => {
    const isMail = destination.kind === "email"
    const limitMs = isMail ? withinMs.mail : withinMs.http
    const hide = hideIn(destination)
    const attempt = (address: string | null) => {
      if (destination.kind === "email") return toMail(destination, message, address, zone)
      return destination.kind === "slack"
        ? toSlack(destination, message, address)
        : toWebhook(destination, message, address)
    }
    const host = isMail ? destination.host : new URL(destination.url).hostname
    return checkHost(host).pipe(
      Effect.flatMap((check) =>
        check.ok
          ? attempt(check.address)
          : Effect.fail(new NotDelivered({ reason: check.reason, again: check.again, retryAfterMs: null })),
      ),
      Effect.timeoutFail({
        duration: Duration.millis(limitMs),
        onTimeout: () =>
          new NotDelivered({ reason: `no answer within ${limitMs / 1000} s`, again: true, retryAfterMs: null }),
      }),
      Effect.map(hide),
      Effect.mapError(
        ({ again, reason, retryAfterMs: wait }) =>
          new NotDelivered({ reason: hide(reason), again, retryAfterMs: wait }),
      ),
    )
  }
