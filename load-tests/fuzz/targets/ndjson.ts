/**
 * The lines between control plane and engine, both ways: what the engine's control socket makes of requests, and what
 * the control plane makes of replies and events.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { createConnection, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Random } from "../../../src/core/scte35/testing/fuzz-decoder.ts"
import { policyOf } from "../../../src/effects/config/input-policy.ts"
import { readMessage } from "../../../src/effects/engine/EngineConnection.ts"
import { channelStats, engineStats, legStats } from "../../../src/effects/testing/FakeEngine.ts"
import { ControlServer } from "../../../src/engine/control-server.ts"
import { LineReader } from "../../../src/engine/protocol/line-reader.ts"
import { PROTOCOL_VERSION } from "../../../src/engine/protocol/messages.ts"
import { damageBytes, type FuzzTarget, insist, oneOf } from "../fuzz-target.ts"
import { damagedJson, type Json } from "./damage-json.ts"

const MAX_LINE = 4 * 1024 * 1024
const json = (value: unknown) => JSON.parse(JSON.stringify(value)) as Json
const reason = { code: "dns", message: "no such host", transient: true }
const output = { id: "o1", label: "o1", session: "s1", url: "srt://192.0.2.1:9000", settings: {}, revision: "r" }
const legs = [
  { name: "primary", ip: "127.0.0.1", port: 7000 },
  { name: "backup", ip: "::", port: 7002 },
]

const REQUESTS = [
  { id: 1, cmd: "hello", protocol: PROTOCOL_VERSION, pid: 1 },
  { id: 2, cmd: "state" },
  { id: 3, cmd: "put_channel", channel: { id: "c1", label: "c1", legs, policy: policyOf({}), fence_us: 5 } },
  { id: 4, cmd: "remove_channel", channel_id: "c1" },
  { id: 5, cmd: "open_output", channel_id: "c1", output },
  { id: 6, cmd: "close_output", channel_id: "c1", output_id: "o1" },
  { id: 7, cmd: "switch_source", channel_id: "c1", leg: "backup", manual: true },
  { id: 8, cmd: "insert_cue", channel_id: "c1", pid: 500, section_base64: "/DAlAAAAAAAAAP/wFAU=" },
  { id: 9, cmd: "test_output", output, publish: { query: "" } },
  { id: 10, cmd: "open_tap", channel_id: "c1", path: "/tmp/x", token: "t" },
  { id: 11, cmd: "lease", fences: [{ channel_id: "c1", fence_us: 12.5 }] },
].map(json)

const SAID = [
  { re: 1, ok: true, stats: engineStats([channelStats({ id: "c1", clock_90k: 900_000, legs: [legStats()] })]) },
  { re: 2, ok: false, error: reason },
  { re: 3, ok: true, test: { ok: true, steps: ["resolved"], error: null, address: null, took_ms: 5 } },
  { event: "stats", stats: engineStats([channelStats({ id: "c1", legs: [legStats()] })]) },
  { event: "output_state", channel_id: "c1", output_id: "o1", session: "s1", state: "ended", reason },
  { event: "receiver", channel_id: "c1", output_id: "o1", peer: "h:1", stream_id: "", joined: true, reason: null },
  { event: "leg", channel_id: "c1", leg: "primary", kind: "live", message: "x" },
  { event: "source", channel_id: "c1", kind: "switched", leg: "backup", reason: "loss", message: "x" },
  {
    event: "scte35",
    channel_id: "c1",
    leg: "primary",
    pid: 500,
    cue: 1,
    at: 1,
    clock_90k: null,
    crc_ok: true,
    section_base64: "",
  },
  { event: "cue_sent", channel_id: "c1", cue: 1, output_id: "o1", sent: true, at: 1, delay_ms: 1, reason: null },
].map(json)

/** A line without a line feed in it. */
const line = (random: Random, sound: ReadonlyArray<Json>): Uint8Array =>
  damagedJson(random, oneOf(random, sound)).map((byte) => (byte === 10 ? 32 : byte))

const makeCase = (random: Random): Uint8Array => {
  const parts: Uint8Array[] = [Uint8Array.of(random() >>> 24)]
  for (let left = 1 + (random() % 24); left > 0; left--) {
    const bytes = line(random, random() % 2 === 0 ? REQUESTS : SAID)
    parts.push(random() % 16 === 0 ? damageBytes(random, bytes, 2) : bytes, Uint8Array.of(10))
  }
  return Buffer.concat(parts)
}

/** The lines say the same however the bytes are cut, and each is a message or a sentence on what is wrong. */
const checkReader = (bytes: Uint8Array, size: number): ReadonlyArray<string> => {
  const whole = new LineReader(MAX_LINE).push(bytes)
  const reader = new LineReader(MAX_LINE)
  const cut: string[] = []
  for (let at = 0; at < bytes.length; at += size) cut.push(...reader.push(bytes.subarray(at, at + size)))
  insist(JSON.stringify(cut) === JSON.stringify(whole), "the lines do not depend on how the bytes are cut")
  for (const text of whole) {
    const message = readMessage(text)
    insist(typeof message !== "string" || message.length > 0, "what is wrong with a line is said")
  }
  return whole
}

/** A control socket, whose engine carries everything out at once, and the control plane's end of it. */
class ControlSocket {
  readonly #folder = mkdtempSync(join(tmpdir(), "fuzz-ndjson-"))
  readonly #path = join(this.#folder, "engine.sock")
  readonly #faults: string[] = []
  #replies = 0
  #told: () => void = () => {}
  #socket: Socket | null = null
  readonly #server = new ControlServer(this.#path, {
    handle: ({ id }) => ({ re: id, ok: true }),
    shutdown: () => {},
    log: () => {},
    fault: (what, cause) => {
      this.#faults.push(`${what}: ${String(cause)}`)
      return reason
    },
  })

  async open(): Promise<this> {
    await this.#server.listen()
    this.#socket = createConnection(this.#path)
    const reader = new LineReader(MAX_LINE)
    this.#socket.on("data", (chunk: Uint8Array) => {
      for (const text of reader.push(chunk)) {
        if ("re" in JSON.parse(text)) this.#replies += 1
        this.#told()
      }
    })
    await this.expect(1, () => this.#socket?.write(`${JSON.stringify(REQUESTS[0])}\n`))
    return this
  }

  /** Waits until `write` has brought so many replies. */
  async expect(count: number, write: () => void): Promise<void> {
    this.#replies = 0
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${this.#replies} replies to ${count} lines in 20 s`)), 20_000)
      this.#told = () => {
        if (this.#replies < count) return
        clearTimeout(late)
        resolve()
      }
      write()
    })
    insist(this.#replies === count, () => `${this.#replies} replies to ${count} lines`)
    insist(this.#faults.length === 0, () => this.#faults.join("; "))
  }

  write(bytes: Uint8Array): void {
    this.#socket?.write(bytes)
  }

  close(): void {
    this.#socket?.destroy()
    this.#server.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

const isShutdown = (text: string) => text.includes('"shutdown"')

export const ndjson: FuzzTarget = {
  name: "ndjson",
  inputs: "lines",
  open: async () => {
    const control = await new ControlSocket().open()
    return {
      make: makeCase,
      play: async (bytes) => {
        const text = Buffer.concat([bytes.subarray(1), Buffer.from("\n")])
        const lines = checkReader(text, 1 + (bytes[0] ?? 0))
        // What ends the engine is no question that gets an answer each time.
        if (lines.some(isShutdown)) return lines.length
        await control.expect(lines.length + 1, () => {
          control.write(text)
          control.write(Buffer.from('{"id":1,"cmd":"state"}\n'))
        })
        return lines.length
      },
      close: () => control.close(),
    }
  },
}
