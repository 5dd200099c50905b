/**
 * ffmpeg as a sender of RTP with SMPTE 2022-1 FEC, behind a relay that loses what it is told to lose. Media go to port
 * p, column FEC to p + 2, and row FEC to p + 4. The relay keeps what ffmpeg sent, so that a test can work out what a
 * receiver must be able to rebuild.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { createSocket, type Socket } from "node:dgram"
import { freePortBlock } from "./udp-ports.ts"

export interface MediaDatagram {
  /** Number of the datagram since the relay was opened or began anew. */
  readonly index: number
  readonly sequence: number
  readonly bytes: Buffer
  readonly lost: boolean
}

/** The datagrams that an FEC packet protects, `base + i * offset` for i below `count`, and when it came. */
export interface FecGroup {
  readonly base: number
  readonly offset: number
  readonly count: number
  /** Number of media datagrams, lost ones included, that ffmpeg had sent by then. */
  readonly after: number
}

const bound = (port: number): Promise<Socket> => {
  const socket = createSocket({ type: "udp4", recvBufferSize: 4 << 20 })
  return new Promise((resolve, reject) => {
    socket.once("error", reject)
    socket.bind(port, "127.0.0.1", () => {
      // A datagram to a port that is not open comes back as an error of the socket.
      socket.removeListener("error", reject).on("error", () => undefined)
      resolve(socket)
    })
  })
}

export interface RelayRules {
  /** Returns true to lose the media datagram of this number. */
  readonly losesMedia?: (index: number) => boolean
  /** Returns true to lose an FEC packet, of a row or of a column, that comes after this number of media datagrams. */
  readonly losesFec?: (media: number, isRow: boolean) => boolean
}

export class FecRelay {
  readonly port: number
  rules: RelayRules
  readonly media: MediaDatagram[] = []
  readonly fec: FecGroup[] = []
  readonly #sockets: ReadonlyArray<Socket>

  private constructor(port: number, target: number, sockets: ReadonlyArray<Socket>, rules: RelayRules) {
    this.port = port
    this.rules = rules
    this.#sockets = sockets
    for (const [i, socket] of sockets.entries()) {
      const pass = (data: Buffer) => socket.send(data, target + 2 * i, "127.0.0.1")
      // A relay that a busy machine kept waiting finds all three sockets full and reads one after the other. The FEC
      // packets among them go first, because otherwise media that came after them would be given up while they wait
      // here. The media wait until every socket was looked at once more, because FEC packets may have come between the
      // look at their sockets and the reading of the media.
      const passLater = (data: Buffer) => setImmediate(() => setImmediate(pass, data))
      if (i === 0) socket.on("message", (data) => this.#takeMedia(data) && passLater(data))
      else socket.on("message", (data) => this.#takeFec(data, i === 2) && pass(data))
    }
  }

  /** Opens a relay to the receiver's media port `target` and its FEC ports. */
  static async open(target: number, rules: RelayRules = {}): Promise<FecRelay> {
    const port = await freePortBlock()
    return new FecRelay(port, target, await Promise.all([port, port + 2, port + 4].map(bound)), rules)
  }

  #takeMedia(bytes: Buffer): boolean {
    const index = this.media.length
    const lost = this.rules.losesMedia?.(index) === true
    this.media.push({ index, sequence: bytes.readUInt16BE(2), bytes, lost })
    return !lost
  }

  #takeFec(bytes: Buffer, isRow: boolean): boolean {
    if (this.rules.losesFec?.(this.media.length, isRow) === true) return false
    this.fec.push({
      base: bytes.readUInt16BE(12),
      offset: bytes.readUInt8(25),
      count: bytes.readUInt8(26),
      after: this.media.length,
    })
    return true
  }

  /** The TS that ffmpeg sent, without the datagrams of these numbers. */
  ts(without: ReadonlyArray<number> = [], from = 0): Buffer {
    const gone = new Set(without)
    return Buffer.concat(
      this.media.filter(({ index }) => index >= from && !gone.has(index)).map(({ bytes }) => bytes.subarray(12)),
    )
  }

  get lost(): number[] {
    return this.media.filter(({ lost }) => lost).map(({ index }) => index)
  }

  /**
   * Numbers of the lost datagrams that no FEC packet that passed can bring back, by rows and columns in turn until
   * nothing changes.
   */
  unrecoverable(): number[] {
    const missing = new Map(this.media.filter(({ lost }) => lost).map(({ sequence, index }) => [sequence, index]))
    for (let changed = true; changed; ) {
      changed = false
      for (const { base, offset, count } of this.fec) {
        const gone = Array.from({ length: count }, (_, i) => (base + i * offset) & 0xffff).filter((sequence) =>
          missing.has(sequence),
        )
        const [only] = gone
        if (gone.length === 1 && only !== undefined) changed = missing.delete(only)
      }
    }
    return [...missing.values()].sort((a, b) => a - b)
  }

  close(): void {
    for (const socket of this.#sockets) socket.close()
  }
}

export interface FfmpegOptions {
  readonly file: string
  readonly port: number
  /** Columns (L) and rows (D) of the matrix; left out for plain RTP. */
  readonly fec?: { readonly columns: number; readonly rows: number }
  /** First sequence number; ffmpeg chooses one when it is left out. */
  readonly sequence?: number
}

/** Sends a file once in real time, with picture and sound as they are. */
export class FfmpegSender {
  readonly #child: ChildProcess
  readonly ended: Promise<void>
  errors = ""

  constructor({ file, port, fec, sequence }: FfmpegOptions) {
    const protection = fec === undefined ? [] : ["-fec", `prompeg=l=${fec.columns}:d=${fec.rows}`]
    const input = ["-v", "error", "-re", "-i", file, "-map", "0:v", "-map", "0:a", "-c", "copy"]
    const numbers = sequence === undefined ? [] : ["-rtp_muxer_options", `seq=${sequence}`]
    const output = ["-f", "rtp_mpegts", ...protection, ...numbers, `rtp://127.0.0.1:${port}`]
    this.#child = spawn("ffmpeg", [...input, ...output], { stdio: ["ignore", "ignore", "pipe"] })
    this.#child.stderr?.on("data", (chunk) => (this.errors += String(chunk)))
    this.ended = new Promise((resolve) =>
      this.#child.once("close", (code, signal) => {
        // ffmpeg then tries another pair of local ports, and fails if there is none.
        this.errors = this.errors.replace(/^.*bind failed: Address already in use\n/gm, "")
        if (code !== 0) this.errors += `ffmpeg ended with ${signal ?? code}`
        resolve()
      }),
    )
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill("SIGTERM")
    await this.ended
  }
}
