/**
 * A stand-in for AWS: MediaLive (REST, JSON), CloudWatch's GetMetricData, the price list's GetProducts and STS, with
 * signatures that are checked, states that take their time, throttling, missing permissions, and faults. It is held to
 * the models of AWS's own SDK by `medialive-faithful.test.ts`, and to `aws` of the command line by
 * `medialive-cli.test.ts`.
 */
import { randomUUID } from "node:crypto"
import { createServer, type IncomingMessage, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import type { AnswerOptions } from "../../src/core/medialive/testing/answers.ts"
import { FakeChannel } from "./fake-channels.ts"
import { metricsAsJson, metricsAsXml, productsAnswer } from "./fake-figures.ts"
import { queryAction, roleAsJson, roleAsXml, wantsXml, xmlAnswer, xmlFailure } from "./fake-query.ts"
import { signedBy } from "./verify-signature.ts"

export const KEYS = { accessKeyId: "AKIAFAKE0000000000AA", secretAccessKey: "Fake+Secret/Of/The/Stand-In/0123456789ab" }

export interface FakeAwsOptions {
  /** Unix ms; the clock of this machine when left out. */
  readonly now?: () => number
  /** Time to start and to stop, in ms. */
  readonly transitionMs?: number
  /** Requests a second that are answered, with as many at once; without it any number is. */
  readonly rate?: number
}

export interface FakeCall {
  readonly at: number
  /** As the permission is called: `medialive:ListChannels`. */
  readonly action: string
  readonly status: number
}

interface Asked {
  readonly method: string
  readonly url: string
  readonly headers: Headers
  readonly body: string
}

const TARGETS: Readonly<Record<string, string>> = {
  "GraniteServiceVersion20100801.GetMetricData": "cloudwatch:GetMetricData",
  "AWSPriceListService.GetProducts": "pricing:GetProducts",
}
const VERBS: Readonly<Record<string, string>> = {
  "GET ": "DescribeChannel",
  "GET alerts": "ListAlerts",
  "POST start": "StartChannel",
  "POST stop": "StopChannel",
}

export class FakeAws {
  readonly channels = new Map<string, FakeChannel>()
  readonly calls: FakeCall[] = []
  /** Keys that are known, by their id. */
  readonly keys = new Map<string, string>([[KEYS.accessKeyId, KEYS.secretAccessKey]])
  /** Actions that the keys may not do. */
  readonly denied = new Set<string>()
  /** Answers in place of the usual ones, by action or by `*`: a status with AWS's name of the error. */
  readonly faults = new Map<string, readonly [status: number, type: string]>()
  /** Actions, or `*`, that are never answered. */
  readonly silent = new Set<string>()
  /** The body of the last answer, as it went over the wire. */
  lastBody = ""
  readonly transitionMs: number
  readonly #now: () => number
  readonly #rate: number | null
  #tokens: number
  #refilled: number
  #server: Server | null = null

  constructor({ now = Date.now, rate, transitionMs = 300 }: FakeAwsOptions = {}) {
    this.#now = now
    this.#rate = rate ?? null
    this.#tokens = rate ?? 0
    this.#refilled = now()
    this.transitionMs = transitionMs
  }

  add(options: AnswerOptions = {}): FakeChannel {
    const channel = new FakeChannel(options, this.#now, this.transitionMs)
    this.channels.set(channel.id, channel)
    return channel
  }

  channel(id: string): FakeChannel {
    const found = this.channels.get(id)
    if (found === undefined) throw new Error(`there is no channel ${id}`)
    return found
  }

  count(action: string): number {
    return this.calls.filter((call) => call.action === action).length
  }

  /** Answers as a server would, without one; rejects where nothing is to be reached. */
  readonly fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const asked: Asked = {
      method: init.method ?? "GET",
      url,
      headers: new Headers(init.headers as Record<string, string>),
      body: typeof init.body === "string" ? init.body : "",
    }
    const answer = this.#answer(asked)
    if (answer !== null) return answer
    return new Promise((_, reject) =>
      init.signal?.addEventListener("abort", () => reject(init.signal?.reason ?? new Error("aborted"))),
    )
  }

  /** Listens on a free port of the loopback; the URL for `AWS_ENDPOINT_URL`. */
  async listen(): Promise<string> {
    const server = createServer((request, response) => {
      void this.#read(request).then(async (asked) => {
        const answer = this.#answer(asked)
        if (answer === null) return
        response.writeHead(answer.status, Object.fromEntries(answer.headers))
        response.end(await answer.text())
      })
    })
    this.#server = server
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  close(): void {
    this.#server?.closeAllConnections()
    this.#server?.close()
  }

  async #read(request: IncomingMessage): Promise<Asked> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const headers = new Headers()
    for (const [name, value] of Object.entries(request.headers)) headers.set(name, String(value))
    const url = `http://${request.headers.host}${request.url}`
    return { method: request.method ?? "", url, headers, body: Buffer.concat(chunks).toString() }
  }

  /** Null where nothing is ever answered. */
  #answer(asked: Asked): Response | null {
    const action = this.#actionOf(asked)
    const at = this.#now()
    if (this.silent.has(action) || this.silent.has("*")) {
      this.calls.push({ at, action, status: 0 })
      return null
    }
    const response = this.#decide(asked, action)
    this.calls.push({ at, action, status: response.status })
    return response
  }

  #actionOf({ body, headers, method, url }: Asked): string {
    const target = headers.get("x-amz-target")
    if (target !== null) return TARGETS[target] ?? target
    const named = queryAction({ body })
    if (named !== null) return `${named === "GetMetricData" ? "cloudwatch" : "sts"}:${named}`
    const [, , kind, id, verb = ""] = new URL(url).pathname.split("/")
    if (kind !== "channels") return "unknown"
    return `medialive:${id === undefined ? "ListChannels" : (VERBS[`${method} ${verb}`] ?? "unknown")}`
  }

  #decide(asked: Asked, action: string): Response {
    const by = signedBy(asked, (id) => this.keys.get(id))
    if (by === null)
      return this.#fail(asked, 403, "InvalidSignatureException", "The request signature we calculated does not match")
    if (this.#throttled()) return this.#fail(asked, 429, "TooManyRequestsException", "Too Many Requests")
    const fault = this.faults.get(action) ?? this.faults.get("*")
    if (fault !== undefined) return this.#fail(asked, fault[0], fault[1], `${fault[1]} as planned`)
    if (this.denied.has(action)) {
      const who = "arn:aws:iam::123456789012:user/distributor"
      // Services that speak JSON 1.0 and 1.1 refuse with 400.
      const status = asked.headers.has("x-amz-target") ? 400 : 403
      return this.#fail(asked, status, "AccessDeniedException", `User: ${who} is not authorized to perform: ${action}`)
    }
    return this.#carryOut(asked, action)
  }

  #throttled(): boolean {
    if (this.#rate === null) return false
    const now = this.#now()
    this.#tokens = Math.min(this.#rate, this.#tokens + ((now - this.#refilled) / 1000) * this.#rate)
    this.#refilled = now
    if (this.#tokens < 1) return true
    this.#tokens -= 1
    return false
  }

  #carryOut(asked: Asked, action: string): Response {
    if (action === "cloudwatch:GetMetricData")
      return wantsXml(asked)
        ? xmlAnswer(metricsAsXml(new URLSearchParams(asked.body), this.channels, this.#now()))
        : this.#json(metricsAsJson(JSON.parse(asked.body), this.channels, this.#now()))
    if (action === "pricing:GetProducts") return this.#json(productsAnswer(JSON.parse(asked.body)))
    if (action === "sts:AssumeRole") return this.#role(asked)
    const url = new URL(asked.url)
    if (action === "medialive:ListChannels") return this.#list(url.searchParams)
    const id = decodeURIComponent(url.pathname.split("/")[3] ?? "")
    const channel = this.channels.get(id)
    if (action === "unknown") return this.#fail(asked, 404, "NotFoundException", "there is no such operation here")
    if (channel === undefined) return this.#fail(asked, 404, "NotFoundException", `Channel ${id} was not found`)
    if (action === "medialive:ListAlerts")
      return this.#json({
        alerts: (channel.state === "RUNNING" ? channel.alerts : []).map((alert) => ({
          ...alert,
          state: "SET",
          setTimestamp: new Date(this.#now()).toISOString(),
        })),
      })
    const [needs, on, then] =
      action === "medialive:StartChannel" ? ["IDLE", "STARTING", "RUNNING"] : ["RUNNING", "STOPPING", "IDLE"]
    if (action !== "medialive:DescribeChannel") {
      if (channel.state !== needs)
        return this.#fail(asked, 409, "ConflictException", `Channel ${id} is ${channel.state}, and not ${needs}`)
      channel.go(on ?? "", then ?? "")
    }
    return this.#json(channel.answer())
  }

  #list(query: URLSearchParams): Response {
    const most = Math.min(100, Number(query.get("maxResults") ?? 20))
    const from = Number(query.get("nextToken") ?? 0)
    const all = [...this.channels.values()]
    return this.#json({
      channels: all.slice(from, from + most).map((channel) => {
        const { encoderSettings: _, pipelineDetails: __, ...summary } = channel.answer()
        return summary
      }),
      ...(from + most < all.length ? { nextToken: String(from + most) } : {}),
    })
  }

  /** Keys of a role, which are then known. */
  #role(asked: Asked): Response {
    const accessKeyId = `ASIA${randomUUID().replaceAll("-", "").slice(0, 16).toUpperCase()}`
    const secretAccessKey = randomUUID()
    this.keys.set(accessKeyId, secretAccessKey)
    const arn = new URLSearchParams(asked.body).get("RoleArn") ?? ""
    const keys = {
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      SessionToken: "token",
      Expiration: this.#now() / 1000 + 3600,
    }
    return wantsXml(asked) ? xmlAnswer(roleAsXml(arn, keys)) : this.#json(roleAsJson(arn, keys))
  }

  #json(body: unknown): Response {
    this.lastBody = JSON.stringify(body)
    return new Response(this.lastBody, {
      status: 200,
      headers: { "Content-Type": "application/json", "x-amzn-requestid": randomUUID() },
    })
  }

  #fail(asked: Asked, status: number, type: string, message: string): Response {
    if (wantsXml(asked)) return xmlFailure(status, type, message)
    return new Response(JSON.stringify({ message, __type: type }), {
      status,
      headers: { "Content-Type": "application/json", "x-amzn-requestid": randomUUID(), "x-amzn-errortype": type },
    })
  }
}
