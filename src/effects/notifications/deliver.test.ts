import { createHmac, timingSafeEqual } from "node:crypto"
import { readFileSync } from "node:fs"
import { Effect, Either } from "effect"
import { afterEach, describe, expect, it } from "vitest"
import { startHttpReceiver, startMailReceiver } from "../testing/receivers.ts"
import { ANY_HOST, type CheckHost, makeDeliver, retryAfterMs } from "./deliver.ts"
import type { Destination, MailDestination } from "./destination.ts"
import { type Message, messageOf, testMessage } from "./message.ts"
import type { Notice, Told } from "./notice.ts"

const NOW = Date.parse("2026-01-02T03:04:05Z")
const SECRET = "Planted4711Secret"
const notice = (over: Partial<Notice> = {}): Notice => ({
  id: "n",
  key: "output_down:news:cdn",
  kind: "output_down",
  severity: "critical",
  message: "refused <!channel> *now*",
  channel: { slug: "news", name: "News & <b>" },
  output: { slug: "cdn", name: "CDN" },
  openedAt: NOW - 65_000,
  resolvedAt: null,
  stopped: false,
  acknowledged: null,
  toldAt: NOW,
  ...over,
})
const message = (...group: ReadonlyArray<Told>) => messageOf(group, NOW)
const opened = message({ telling: "opened", notice: notice() })
const resolved = message({ telling: "resolved", notice: notice({ resolvedAt: NOW }) })

const closing: Array<() => Promise<void>> = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})
const http = async (...args: Parameters<typeof startHttpReceiver>) => {
  const server = await startHttpReceiver(...args)
  closing.push(server.close)
  return server
}
const mailServer = async (...args: Parameters<typeof startMailReceiver>) => {
  const server = await startMailReceiver(...args)
  closing.push(server.close)
  return server
}
const common = { id: "d", name: "d", enabled: true, created_at: "" }
const webhook = (url: string, secret: string | null = null): Destination => ({
  ...common,
  kind: "webhook",
  url,
  secret,
})
const mail = (port: number, over: Partial<MailDestination> = {}): MailDestination => ({
  ...common,
  kind: "email",
  host: "127.0.0.1",
  port,
  security: "none",
  verify_tls: true,
  user: null,
  password: null,
  from: "distributor@example.com",
  to: ["ops@example.com", "night@example.com"],
  ...over,
})
const send = (destination: Destination, what: Message = opened, refuse: string | null = null) =>
  Effect.runPromise(
    Effect.either(
      makeDeliver(
        () =>
          Effect.succeed(refuse === null ? { ok: true, address: null } : { ok: false, again: false, reason: refuse }),
        "Europe/Berlin",
      )(destination, what),
    ),
  )
const failure = async (destination: Destination, refuse: string | null = null) => {
  const result = await send(destination, opened, refuse)
  if (Either.isRight(result)) throw new Error(`delivered: ${result.right}`)
  const { again, reason, retryAfterMs: wait } = result.left
  return { again, reason, wait }
}

/** The documentation's example as a function. */
const documented = (): ((secret: string, headers: unknown, body: string) => boolean) => {
  const text = readFileSync(new URL("../../../docs/notifications.md", import.meta.url), "utf8")
  const code = /```js\n[\s\S]*?(function isGenuine[\s\S]*?)```/.exec(text)?.[1] ?? ""
  return new Function("createHmac", "timingSafeEqual", `${code}; return isGenuine`)(createHmac, timingSafeEqual)
}

describe("a name that is another address the next time it is looked up", () => {
  // An attacker's name server answers with a public address first, then with one of this machine.
  const looked: CheckHost = () => Effect.succeed({ ok: true, address: "127.0.0.1" })

  it("a webhook and a mail go to the address that was looked at, under the name", async () => {
    const server = await http()
    const { port } = new URL(server.url)
    // `.invalid` never has an address (RFC 6761): a second look-up would fail.
    const hook = webhook(`http://hook.invalid:${port}/path?x=1`)
    expect(await Effect.runPromise(Effect.either(makeDeliver(looked, "UTC")(hook, opened)))).toEqual(
      Either.right("HTTP 200: ok"),
    )
    expect(server.received[0]).toMatchObject({ path: "/path?x=1", headers: { host: `hook.invalid:${port}` } })
    const mails = await mailServer()
    const sent = await Effect.runPromise(
      Effect.either(makeDeliver(looked, "UTC")(mail(mails.port, { host: "mail.invalid" }), opened)),
    )
    expect([Either.isRight(sent), mails.mails.length]).toEqual([true, 1])
  })
})

describe("a webhook", () => {
  it("gets the message as JSON with a signature that the documented example takes, and only for that body and secret", async () => {
    const server = await http()
    expect(await send(webhook(`${server.url}/hook`, SECRET))).toEqual(Either.right("HTTP 200: ok"))
    const [{ body = "", headers = {}, path = "" } = {}] = server.received
    expect([path, headers["content-type"], headers["x-distributor-id"]]).toEqual([
      "/hook",
      "application/json",
      opened.id,
    ])
    expect(JSON.parse(body)).toEqual(JSON.parse(JSON.stringify(opened)))
    const isGenuine = documented()
    expect([
      isGenuine(SECRET, headers, body),
      isGenuine("other", headers, body),
      isGenuine(SECRET, headers, `${body} `),
    ]).toEqual([true, false, false])
    expect(isGenuine(SECRET, { ...headers, "x-distributor-timestamp": "1" }, body)).toBe(false)
  })

  it("names channel and output, and goes unsigned without a secret", async () => {
    const server = await http()
    await send(webhook(server.url), resolved)
    const body = JSON.parse(server.received[0]?.body ?? "")
    expect(body).toMatchObject({ version: 1, event: "resolved", severity: "critical", total: 1 })
    expect(body.title).toBe("News & <b>, output CDN: up again, after 1 min 5 s")
    expect(body.notices[0]).toMatchObject({
      key: "output_down:news:cdn",
      channel: "news",
      output: "cdn",
      resolved_at: "2026-01-02T03:04:05.000Z",
    })
    expect(server.received[0]?.headers).not.toHaveProperty("x-distributor-signature")
  })

  it.each([
    [500, {}, true, null],
    [429, { "Retry-After": "90" }, true, 90_000],
    [503, { "Retry-After": new Date(Date.now() + 3_600_000).toUTCString() }, true, expect.closeTo(3_600_000, -5)],
    [404, {}, false, null],
    [302, { Location: "http://127.0.0.1:1/elsewhere" }, false, null],
  ] as const)("that answers %i", async (status, headers, again, wait) => {
    const server = await http((response) => void response.writeHead(status, headers).end("words"))
    const found = await failure(webhook(server.url))
    expect(found).toMatchObject({ again, wait })
    expect(found.reason).toContain(`HTTP ${status}`)
    expect(server.received).toHaveLength(1)
  })

  it("that is not there, hangs up or may not be reached", async () => {
    expect(await failure(webhook("http://127.0.0.1:9/"))).toMatchObject({ again: true })
    const server = await http((response) => void response.destroy())
    expect(await failure(webhook(server.url))).toMatchObject({ again: true })
    expect(await failure(webhook(server.url), "127.0.0.1 is private")).toEqual({
      again: false,
      reason: "127.0.0.1 is private",
      wait: null,
    })
    expect(server.received).toHaveLength(1)
  })

  it("that never answers, or never ends its answer, is given up after a while", async () => {
    const answers: ReadonlyArray<Parameters<typeof startHttpReceiver>[0]> = [
      () => undefined,
      (response) => void response.writeHead(200).write("o"),
    ]
    const found = await Promise.all(
      answers.map(async (answer) => {
        const deliver = makeDeliver(ANY_HOST, "UTC", { http: 500, mail: 500 })
        return Effect.runPromise(Effect.flip(deliver(webhook((await http(answer)).url), opened)))
      }),
    )
    expect(found.map(({ again, reason }) => [again, reason])).toEqual(Array(2).fill([true, "no answer within 0.5 s"]))
  })

  it("does not get its secrets repeated in errors", async () => {
    const server = await http(
      (response, { path }) => void response.writeHead(403).end(`${path} and ${SECRET} are wrong`),
    )
    const { reason } = await failure(webhook(`${server.url}/services/${SECRET}?token=${SECRET}`, SECRET))
    expect(reason).toContain("HTTP 403")
    expect(reason).not.toContain(SECRET)
  })
})

describe("Slack", () => {
  it("gets a text in which names are no mentions and no formatting", async () => {
    const server = await http()
    await send({ ...common, kind: "slack", url: `${server.url}/services/T/B/X` })
    const { text } = JSON.parse(server.received[0]?.body ?? "")
    expect(text).toContain("[critical] News &amp; &lt;b&gt;, output CDN: down")
    expect(text).not.toContain("<!channel>")
    const many = Array.from(
      { length: 200 },
      (_, n): Told => ({ telling: "opened", notice: notice({ key: `output_down:news:o${n}` }) }),
    )
    await send({ ...common, kind: "slack", url: server.url }, message(...many))
    const lines = JSON.parse(server.received[1]?.body ?? "").text.split("\n")
    expect([lines.length, lines[0], lines.at(-1)]).toEqual([
      22,
      expect.stringContaining("200 outputs down"),
      "... and 180 more",
    ])
  })
})

describe("mail", () => {
  it("is sent with a login, to all", async () => {
    const server = await mailServer({ login: `ops:${SECRET}` })
    expect(await send(mail(server.port, { user: "ops", password: SECRET }))).toEqual(
      Either.right("250 2.0.0 queued as 1"),
    )
    const [{ data = "", ...envelope } = {}] = server.mails
    expect(envelope).toEqual({
      login: `ops:${SECRET}`,
      from: "distributor@example.com",
      to: ["ops@example.com", "night@example.com"],
    })
    expect(data).toContain("Subject: [critical] News & <b>, output CDN: down")
    expect(data).toContain(`Message-ID: <${opened.id}@example.com>`)
    expect(data).toContain("output_down:news:cdn")
    // By the station's clock, which the reader's is likely to be.
    expect(data).toContain("since 2026-01-02 04:03:00 UTC+1: ")
    expect(data).toContain("Stream Distributor, 2026-01-02 04:04:05 UTC+1")
  })

  it("says what the server says, without the password", async () => {
    const server = await mailServer({ login: "ops:right" })
    const { again, reason } = await failure(mail(server.port, { user: "ops", password: SECRET }))
    expect(again).toBe(false)
    expect(reason).toContain("5.7.8")
    expect(reason).not.toContain(SECRET)
    expect(reason).not.toContain(Buffer.from(`\0ops\0${SECRET}`).toString("base64"))
  })

  it("is tried again when it is refused for now, and tells of receivers that were refused", async () => {
    const busy = await mailServer({ refuse: () => "451 4.7.1 try later" })
    expect(await failure(mail(busy.port))).toMatchObject({ again: true, reason: expect.stringContaining("451") })
    const partly = await mailServer({ refuse: (address) => (address.startsWith("night") ? "550 5.1.1 nobody" : null) })
    expect(await send(mail(partly.port))).toEqual(Either.right("250 2.0.0 queued as 1; refused: night@example.com"))
    expect(await failure(mail(9))).toMatchObject({ again: true })
  })

  it("does not go in plain where TLS is asked for", async () => {
    const server = await mailServer()
    const { again } = await failure(mail(server.port, { security: "starttls" }))
    expect([again, server.mails]).toEqual([expect.any(Boolean), []])
  })

  it("can hold no further headers: line breaks in names are text", async () => {
    const server = await mailServer()
    await send(mail(server.port), { ...testMessage(NOW), title: "a\r\nBcc: x@example.com\r\n\r\nhello" })
    const [head = ""] = (server.mails[0]?.data ?? "").split("\r\n\r\n")
    expect(head).not.toMatch(/^Bcc:/m)
  })
})

it("reads Retry-After as seconds and as a date", () => {
  expect([retryAfterMs(null, 0), retryAfterMs("5", 0), retryAfterMs("soon", 0)]).toEqual([null, 5000, null])
  expect(retryAfterMs("Thu, 01 Jan 1970 00:01:00 GMT", 1000)).toBe(59_000)
})
