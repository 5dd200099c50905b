/**
 * HLS by HTTP PUT or POST: to any server that stores what it is sent, to YouTube's upload URL, and, with requests
 * signed, to S3. What was sent counts once it was answered with 2xx; the playlist goes behind its segments.
 */

import { printable } from "../../../core/bytes/printable.ts"
import { PLAYLIST_NAME } from "../../../core/hls/segment-names.ts"
import type { Reason } from "../../protocol/messages.ts"
import { SetupFailure } from "../../protocol/setup-failure.ts"
import { type HttpAnswer, HttpClient } from "./http-request.ts"
import type { SegmentSink } from "./segment-sink.ts"

/** A request as it is about to be sent; returns the headers to send it with. */
export type SignRequest = (request: {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | null
}) => Promise<Readonly<Record<string, string>>>

export interface HttpDestination {
  /** What a name is put behind, and what is put behind the name. */
  readonly base: string
  readonly query: string
  readonly playlist: string
  readonly method: "PUT" | "POST"
  readonly verifyTls: boolean
  /** Refuses servers on this machine or in a private network. */
  readonly publicOnly?: boolean
  readonly sign: SignRequest | null
}

const SEGMENT_TYPE = "video/mp2t"
const PLAYLIST_TYPE = "application/vnd.apple.mpegurl"
/** Names never come again, so caches may keep segments; the playlist changes with each. */
const SEGMENT_CACHE = "public, max-age=86400"
const PLAYLIST_CACHE = "max-age=1"
/** Vendor / product / version, as YouTube asks for. */
const USER_AGENT = "stream-distributor / hls-output / 0.1"
/** YouTube takes at most five segments in a playlist. */
const YOUTUBE_SEGMENTS = 5
const REMOVE_TIMEOUT_MS = 5000
const CLOSE_WITHIN_MS = 2000

/** Answers that no other attempt will change: the key, the right or the path is wrong. */
const PERMANENT: Readonly<Record<number, string>> = {
  401: "check the stream key, user and password",
  403: "the destination refuses it: check the keys and what they may write",
  404: "there is no such place: check the URL",
  405: "the destination does not take this method: check http_method",
}

export const reasonOfAnswer = ({ status, statusText, text }: HttpAnswer, place: string): Reason => {
  const said = printable(text.replace(/\s+/g, " ").trim().slice(0, 200))
  const isRedirect = status >= 300 && status < 400
  const advice = isRedirect ? "redirects are not followed: give the URL it leads to" : (PERMANENT[status] ?? null)
  const parts = [
    `${place}: HTTP ${status} ${printable(statusText)}`.trim(),
    ...(said === "" ? [] : [said]),
    ...(advice === null ? [] : [advice]),
  ]
  return { code: `http_${status}`, message: parts.join("; "), transient: advice === null }
}

export class HttpSink implements SegmentSink {
  readonly address: string
  readonly mostSegments: number | null
  readonly warnings: string[] = []
  readonly #destination: HttpDestination
  readonly #client: HttpClient
  readonly #authorization: Readonly<Record<string, string>>
  readonly #timeoutMs: number
  readonly #gone = new AbortController()
  #removes = true

  constructor(destination: HttpDestination, timeoutMs: number) {
    const url = new URL(destination.base)
    this.#destination = destination
    this.#timeoutMs = timeoutMs
    this.#client = new HttpClient(url.protocol === "https:", destination.verifyTls, destination.publicOnly === true)
    this.address = url.host
    const isYoutube = /(?:^|\.)youtube\.com$/.test(url.hostname)
    this.mostSegments = isYoutube ? YOUTUBE_SEGMENTS : null
    // Behind `file=` names are only put, not addressed.
    if (/[?&]file=$/i.test(destination.base) || destination.method === "POST") this.#removes = false
    const user = decodeURIComponent(url.username)
    const given = Buffer.from(`${user}:${decodeURIComponent(url.password)}`).toString("base64")
    this.#authorization = user === "" ? {} : { authorization: `Basic ${given}` }
  }

  async open(): Promise<null> {
    return null
  }

  putSegment(name: string, parts: ReadonlyArray<Uint8Array>): Promise<void> {
    return this.#put(name, Buffer.concat(parts), SEGMENT_TYPE, SEGMENT_CACHE)
  }

  putPlaylist(text: string): Promise<void> {
    return this.#put(
      this.#destination.playlist || PLAYLIST_NAME,
      new TextEncoder().encode(text),
      PLAYLIST_TYPE,
      PLAYLIST_CACHE,
    )
  }

  async #put(name: string, body: Uint8Array, type: string, cache: string): Promise<void> {
    const headers = { "content-type": type, "cache-control": cache }
    const answer = await this.#send(this.#destination.method, name, headers, body, this.#timeoutMs)
    if (answer.status < 200 || answer.status > 299)
      throw new SetupFailure(reasonOfAnswer(answer, `${this.address}, ${name}`))
  }

  async #send(
    method: string,
    name: string,
    more: Readonly<Record<string, string>>,
    body: Uint8Array | null,
    timeoutMs: number,
  ): Promise<HttpAnswer> {
    const { base, query, sign } = this.#destination
    const url = new URL(`${base}${encodeURIComponent(name)}${query}`)
    url.username = ""
    url.password = ""
    const plain = { "user-agent": USER_AGENT, ...this.#authorization, ...more }
    const headers = sign === null ? plain : await sign({ method, url: url.href, headers: plain, body })
    return this.#client.send({ method, url, headers, body, timeoutMs, signal: this.#gone.signal })
  }

  async remove(names: ReadonlyArray<string>): Promise<void> {
    for (const name of this.#removes ? names : []) {
      const answer = await this.#send("DELETE", name, {}, null, REMOVE_TIMEOUT_MS).catch(() => null)
      if (answer === null) return
      if (answer.status < 400 || answer.status === 404 || answer.status >= 500) continue
      this.#removes = false
      this.warnings.push(
        `old segments stay at ${this.address}: it answers DELETE with ${answer.status} ${printable(answer.statusText)}`.trim(),
      )
      return
    }
  }

  /** What runs has `CLOSE_WITHIN_MS` from `leaving` on. */
  leaving(): void {
    setTimeout(() => this.#gone.abort(), CLOSE_WITHIN_MS).unref()
  }

  async close(): Promise<void> {
    this.#gone.abort()
    this.#client.close()
  }
}
