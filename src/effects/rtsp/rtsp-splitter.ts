/** Cuts an RTSP connection's bytes into messages (RFC 2326 4) and interleaved frames (10.12). Pure. */

export type RtspPart =
  /** An interleaved frame: `$`, channel, length and data, as received. */
  | { readonly kind: "frame"; readonly bytes: Uint8Array }
  | {
      readonly kind: "message"
      /** Request or status line. */
      readonly first: string
      /** Headers in order, as received. */
      readonly headers: ReadonlyArray<readonly [name: string, value: string]>
      readonly body: Uint8Array
    }
export type RtspMessage = Extract<RtspPart, { kind: "message" }>

/** Longest head or body, in bytes; anything longer is not RTSP. */
const MAX_HEAD = 16_384
const MAX_BODY = 65_536
const DOLLAR = 0x24

const headerOf = ({ headers }: Pick<RtspMessage, "headers">, name: string): string | null =>
  headers.find(([one]) => one.toLowerCase() === name)?.[1] ?? null

export class NoRtsp extends Error {}

export class RtspSplitter {
  #rest: Buffer = Buffer.alloc(0)

  /** Returns the parts that are now complete. Throws `NoRtsp` for bytes that cannot be RTSP. */
  push(chunk: Uint8Array): ReadonlyArray<RtspPart> {
    this.#rest = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk])
    const parts: RtspPart[] = []
    for (let part = this.#next(); part !== null; part = this.#next()) parts.push(part)
    return parts
  }

  #next(): RtspPart | null {
    if (this.#rest.length < 4) return null
    return this.#rest[0] === DOLLAR ? this.#frame() : this.#message()
  }

  #frame(): RtspPart | null {
    const length = 4 + this.#rest.readUInt16BE(2)
    return this.#rest.length < length ? null : { kind: "frame", bytes: this.#take(length) }
  }

  #message(): RtspPart | null {
    const end = this.#rest.indexOf("\r\n\r\n")
    if (end < 0) {
      if (this.#rest.length > MAX_HEAD) throw new NoRtsp(`no message ends within ${MAX_HEAD} bytes`)
      return null
    }
    if (end > MAX_HEAD) throw new NoRtsp(`a head of ${end} bytes`)
    const [first = "", ...lines] = this.#rest.toString("latin1", 0, end).split("\r\n")
    const headers = lines.flatMap((line) => {
      const colon = line.indexOf(":")
      return colon < 1 ? [] : [[line.slice(0, colon).trim(), line.slice(colon + 1).trim()] as const]
    })
    const length = Number(headerOf({ headers }, "content-length") ?? "0")
    if (!Number.isInteger(length) || length < 0 || length > MAX_BODY) throw new NoRtsp(`a Content-Length of ${length}`)
    if (this.#rest.length < end + 4 + length) return null
    const bytes = this.#take(end + 4 + length)
    return { kind: "message", first, headers, body: bytes.subarray(end + 4) }
  }

  #take(length: number): Buffer {
    const taken = this.#rest.subarray(0, length)
    this.#rest = this.#rest.subarray(length)
    return taken
  }
}

export const rtspHeader = headerOf

/** Bytes of a message; Content-Length is computed from the body. */
export const rtspBytes = ({ body, first, headers }: RtspMessage): Uint8Array => {
  const kept = headers.filter(([name]) => name.toLowerCase() !== "content-length")
  const all = body.length === 0 ? kept : [...kept, ["Content-Length", String(body.length)] as const]
  return Buffer.concat([
    Buffer.from(`${[first, ...all.map(([name, value]) => `${name}: ${value}`)].join("\r\n")}\r\n\r\n`, "latin1"),
    body,
  ])
}
