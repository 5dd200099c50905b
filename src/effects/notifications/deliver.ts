/** One attempt to deliver a message; whatever comes of it is a value or a `NotDelivered`. */
import { Clock, Data, Duration, Effect } from "effect"
import nodemailer from "nodemailer"
import { type Destination, hideIn, type MailDestination, type SlackDestination, type WebhookDestination } from "./destination.ts"
import { type Message, mailText, signature, slackText, subjectLine } from "./message.ts"

export class NotDelivered extends Data.TaggedError("NotDelivered")<{
  readonly reason: string
  /** False when the same message would be refused again. */
  readonly again: boolean
  /** ms that the other side asks to wait; null when it does not. */
  readonly retryAfterMs: number | null
}> {
  override get message() {
    return this.reason
  }
}

/** The other side's words. */
export type Deliver = (destination: Destination, message: Message) => Effect.Effect<string, NotDelivered>
/** Why a host must not be reached; null when it may. Asked before every attempt, as names change their addresses. */
export type RefuseHost = (host: string) => Effect.Effect<string | null>

/** How long an attempt may take, in ms. */
const WITHIN_MS = { http: 10_000, mail: 30_000 }
/** Of an answer that is read, in bytes, and of what is shown of it, in characters. */
const MAX_ANSWER = 2048
const MAX_SHOWN = 300

/** `Retry-After` of RFC 9110, 10.2.3: seconds or a date. */
export const retryAfterMs = (value: string | null, nowMs: number): number | null => {
  if (value === null) return null
  if (/^\s*\d{1,9}\s*$/.test(value)) return Number(value) * 1000
  const at = Date.parse(value)
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs)
}

const words = (text: string) =>
  text
    .replace(/[\s\u0000-\u001f\u007f]+/g, " ")
    .trim()
    .slice(0, MAX_SHOWN)
const causeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  const code = "code" in error && typeof error.code === "string" ? ` (${error.code})` : ""
  return cause instanceof Error && cause.message !== "" ? `${error.message}: ${cause.message}` : `${error.message}${code}`
}

const readSome = async (response: Response): Promise<string> => {
  const reader = response.body?.getReader()
  let text = ""
  const decoder = new TextDecoder()
  while (reader !== undefined && text.length < MAX_ANSWER) {
    const { done, value } = await reader.read()
    if (done) break
    text += decoder.decode(value, { stream: true })
  }
  await reader?.cancel().catch(() => undefined)
  return words(text)
}

const post = (url: string, headers: Readonly<Record<string, string>>, body: string) =>
  Effect.gen(function* () {
    const { response, text } = yield* Effect.tryPromise({
      try: async (signal) => {
        const answer = await fetch(url, {
          method: "POST",
          headers: { "Content-Type": "application/json", "User-Agent": "stream-distributor", ...headers },
          body,
          // Followed ones could lead anywhere, and the body is not meant for there.
          redirect: "manual",
          signal,
        })
        return { response: answer, text: await readSome(answer) }
      },
      catch: (error) => new NotDelivered({ reason: `no answer: ${causeOf(error)}`, again: true, retryAfterMs: null }),
    })
    const said = `HTTP ${response.status}${text === "" ? "" : `: ${text}`}`
    if (response.status >= 200 && response.status < 300) return said
    if (response.status >= 300 && response.status < 400) {
      return yield* new NotDelivered({
        reason: `HTTP ${response.status}: redirects are not followed; enter the final URL`,
        again: false,
        retryAfterMs: null,
      })
    }
    const again = response.status >= 500 || [408, 425, 429].includes(response.status)
    const wait = retryAfterMs(response.headers.get("retry-after"), yield* Clock.currentTimeMillis)
    return yield* new NotDelivered({ reason: said, again, retryAfterMs: wait })
  })

const toSlack = ({ url }: SlackDestination, message: Message) =>
  post(url, {}, JSON.stringify({ text: slackText(message), unfurl_links: false, unfurl_media: false }))

const toWebhook = ({ secret, url }: WebhookDestination, message: Message) =>
  Effect.flatMap(Clock.currentTimeMillis, (nowMs) => {
    const timestamp = Math.floor(nowMs / 1000)
    const body = JSON.stringify(message)
    const signed = secret === null ? {} : { "X-Distributor-Signature": signature(secret, timestamp, body) }
    return post(url, { "X-Distributor-Id": message.id, "X-Distributor-Timestamp": String(timestamp), ...signed }, body)
  })

const toMail = (destination: MailDestination, message: Message) =>
  Effect.tryPromise({
    try: async (signal) => {
      const { from, host, password, port, security, to, user, verify_tls } = destination
      const transport = nodemailer.createTransport({
        ...{
          host: host.replace(/^\[|\]$/g, ""),
          port,
          secure: security === "tls",
          requireTLS: security === "starttls",
          ignoreTLS: security === "none",
        },
        ...(user === null || password === null ? {} : { auth: { user, pass: password } }),
        ...{ tls: { rejectUnauthorized: verify_tls }, disableFileAccess: true, disableUrlAccess: true },
        ...{ dnsTimeout: 10_000, connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000 },
      })
      const mail = {
        ...{ from, to: [...to], subject: subjectLine(message), text: mailText(message), date: new Date(message.at) },
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
      const code = typeof error === "object" && error !== null && "responseCode" in error ? Number(error.responseCode) : Number.NaN
      const said = typeof error === "object" && error !== null && "response" in error ? String(error.response) : ""
      return new NotDelivered({ reason: words(causeOf(error)) || words(said), again: !(code >= 500), retryAfterMs: null })
    },
  })

/** Delivers over the network, within 10 s by HTTP and 30 s by mail unless told otherwise. */
export const makeDeliver =
  (refuseHost: RefuseHost, withinMs = WITHIN_MS): Deliver =>
  (destination, message) => {
    const isMail = destination.kind === "email"
    const limitMs = isMail ? withinMs.mail : withinMs.http
    const hide = hideIn(destination)
    const attempt = isMail
      ? toMail(destination, message)
      : destination.kind === "slack"
        ? toSlack(destination, message)
        : toWebhook(destination, message)
    const host = isMail ? destination.host : new URL(destination.url).hostname
    return refuseHost(host).pipe(
      Effect.flatMap((refusal) =>
        refusal === null ? attempt : Effect.fail(new NotDelivered({ reason: refusal, again: false, retryAfterMs: null })),
      ),
      Effect.timeoutFail({
        duration: Duration.millis(limitMs),
        onTimeout: () => new NotDelivered({ reason: `no answer within ${limitMs / 1000} s`, again: true, retryAfterMs: null }),
      }),
      Effect.map(hide),
      Effect.mapError(({ again, reason, retryAfterMs: wait }) => new NotDelivered({ reason: hide(reason), again, retryAfterMs: wait })),
    )
  }
