/** A publisher and a test server that are wired to each other without a socket. */
import { joinBytes } from "../../bytes/join-bytes.ts"
import { HANDSHAKE_RANDOM_SIZE } from "../handshake.ts"
import { type PublisherEvent, type PublisherOptions, type PublisherStep, RtmpPublisher } from "../publisher.ts"
import { parseRtmpUrl, type RtmpUrl } from "../rtmp-url.ts"
import { TestServer, type TestServerOptions } from "./rtmp-server.ts"

export const testRandom = Uint8Array.from({ length: HANDSHAKE_RANDOM_SIZE }, (_, i) => (i * 13 + 1) & 0xff)

export const testUrl = (text: string): RtmpUrl => {
  const parsed = parseRtmpUrl(text)
  if (!parsed.ok) throw new Error(parsed.error)
  return parsed.url
}

export const testPublisher = (options: Partial<PublisherOptions> = {}): RtmpPublisher =>
  new RtmpPublisher({
    url: testUrl("rtmp://h/live/k3y-secret"),
    auth: null,
    random: testRandom,
    timeMs: 1000,
    ...options,
  })

export class Wire {
  readonly publisher: RtmpPublisher
  readonly server: TestServer
  readonly events: PublisherEvent[] = []
  /** Bytes that the server has said behind the handshake. */
  readonly fromServer: Uint8Array[] = []
  readonly #pieceSize: number

  /** Wires both, so that bytes go to and fro in pieces of `pieceSize`. */
  constructor(options: Partial<PublisherOptions> = {}, server: TestServerOptions = {}, pieceSize = 1_000_000) {
    this.publisher = testPublisher(options)
    this.server = new TestServer(server)
    this.#pieceSize = pieceSize
    this.pass(this.publisher.start())
  }

  /** Types of the events so far. */
  get types(): ReadonlyArray<string> {
    return this.events.map(({ type }) => type)
  }

  get failure() {
    return this.events.flatMap((event) => (event.type === "failed" ? [event.failure] : []))[0] ?? null
  }

  /** Sends what a step yielded, and everything that follows from it. */
  pass(step: PublisherStep): void {
    this.events.push(...step.events)
    const bytes = joinBytes(step.toSend)
    for (let at = 0; at < bytes.length; at += this.#pieceSize)
      this.toClient(this.server.bytesIn(bytes.slice(at, at + this.#pieceSize)))
  }

  /** Hands bytes of the server to the client. */
  toClient(bytes: Uint8Array): void {
    if (this.publisher.reached !== null) this.fromServer.push(bytes)
    for (let at = 0; at < bytes.length; at += this.#pieceSize)
      this.pass(this.publisher.bytesIn(bytes.slice(at, at + this.#pieceSize)))
  }

  media(kind: "audio" | "video" | "data", timestampMs: number, body: Uint8Array): void {
    this.pass({ toSend: this.publisher.media(kind, timestampMs, body), events: [] })
  }
}
