/**
 * What both SRT stacks put on the wire, as tshark decodes it: the same handshakes, and not one packet that it calls
 * malformed.
 */
import { execFile, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, describe, expect, it } from "vitest"
import { ImpairedRelay } from "../../load-tests/lib/impaired-relay.ts"
import { createSrtSink } from "../../load-tests/lib/srt-sink.ts"
import { SRT_STACKS, type SrtStack } from "../../src/core/srt/stack.ts"
import { openSrtLibrary } from "../../src/engine/srt/srt-library.ts"
import { EngineProcess } from "./engine-process.ts"
import { runSender } from "./load-process.ts"
import { type Captured, pcapOf, SERVER_PORT } from "./pcap.ts"
import { freeUdpPort } from "./ports.ts"

const ready = openSrtLibrary({}).srt !== null && spawnSync("tshark", ["--version"]).status === 0

const folder = mkdtempSync(join(tmpdir(), "srt-decoded-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Role = "caller" | "listener"

/** What a sender in `role` and libsrt's receiver said to each other, from the first packet to the last. */
const conversation = async (stack: SrtStack, role: Role, query: string, secret: object): Promise<Captured[]> => {
  const engine = await EngineProcess.start()
  const said: Captured[] = []
  const open: Array<{ close(): void }> = []
  const witness = (bytes: Uint8Array, from: Captured["from"]) => said.push({ bytes: Uint8Array.from(bytes), from })
  try {
    const input = await engine.channel()
    const srtPort = await freeUdpPort()
    // Something is lost in each direction, so that there are loss reports and repairs to decode.
    const network = { loss: 0.02, delayMs: 5, seed: 3, witness }
    const sink =
      role === "caller"
        ? createSrtSink({ port: srtPort, latencyMs: 3000, ...secret })
        : await engine
            .open(`srt://127.0.0.1:${srtPort}?mode=listener&stack=${stack}&${query}`)
            .then(() => engine.outputIs("o1", "listening"))
            .then(async () => {
              const relay = await ImpairedRelay.open(srtPort, network)
              open.push(relay)
              return createSrtSink({ mode: "caller", port: relay.port, latencyMs: 3000, streamid: "one", ...secret })
            })
    if (role === "caller") {
      const relay = await ImpairedRelay.open(srtPort, network)
      open.push(relay)
      await engine.connect(`srt://127.0.0.1:${relay.port}?stack=${stack}&streamid=one&conntimeo=20000&${query}`)
    }
    await sink.until((s) => s.stats().connected === 1)
    await runSender(["--base-port", `${input}`, "--bitrate", "4000000", "--duration", "1.5"])
    await sink.until((s) => s.stats().received > 500, 60_000)
    await engine.ask({ cmd: "close_output", channel_id: "c1", output_id: "o1" })
    await sink.until((s) => s.stats().connected === 0, 60_000)
    open.push(sink)
  } finally {
    for (const one of open) one.close()
    await engine.dispose()
  }
  return said
}

/** Values of `fields` in each packet that `filter` lets through. */
const decode = async (
  said: ReadonlyArray<Captured>,
  filter: string,
  fields: ReadonlyArray<string>,
): Promise<string[][]> => {
  const file = join(folder, `${Math.random()}.pcap`)
  writeFileSync(file, pcapOf(said))
  const args = ["-r", file, "-d", `udp.port==${SERVER_PORT},srt`, "-Y", filter, "-T", "fields", "-E", "separator=|"]
  // Not at once: relays and receivers of the other conversations run in this process.
  const { stdout } = await promisify(execFile)("tshark", [...args, ...fields.flatMap((field) => ["-e", field])])
  return stdout.split("\n").flatMap((line) => (line === "" ? [] : [line.split("|")]))
}

/** What a handshake says, but for what is drawn at random and for the window, in which a sender receives nothing. */
const HANDSHAKE = [
  "udp.srcport",
  "srt.type",
  "srt.hs.version",
  "srt.hs.socktype",
  "srt.hs.encfield",
  "srt.hs.extfield",
  "srt.hs.mtu",
  "srt.hs.reqtype",
  "srt.hs.peerip",
  "srt.hs.agent_latency",
  "srt.hs.sid",
  "srt.hs.conjestctrl",
]
/** Fields that may be in another order, or say what only libsrt can. */
const CAPABILITIES = ["srt.hs.blocktype", "srt.hs.blocklen", "srt.hs.srtflags", "srt.km.msg"]
const PACKET_FILTER = 0x80
/** Bytes of a key material message before its salt and keys, in hexadecimal digits. */
const KM_HEADER = 32

const capabilitiesOf = async (said: ReadonlyArray<Captured>) => {
  const packets = await decode(said, "srt.hs.version", CAPABILITIES)
  return different(
    packets.map(([types = "", lengths = "", flags = "", km = ""]) => ({
      blocks: types
        .split(",")
        .map((type, i) => `${type}: ${lengths.split(",")[i]}`)
        .sort(),
      flags: Number(flags) & ~PACKET_FILTER,
      km: [km.length, km.slice(0, KM_HEADER)],
    })),
  )
}

/** Types of control packets that only a machine that stood still makes a sender send: keepalive and drop request. */
const MAY_BE = new Set(["0x0001", "0x0007"])

/** Kinds of packets that a sender sent: data packets by how they were sent and encrypted, control packets by type. */
const kindsOf = async (said: ReadonlyArray<Captured>, role: Role) => {
  const ours = `udp.srcport ${role === "caller" ? "!=" : "=="} ${SERVER_PORT}`
  const data = await decode(said, `srt.iscontrol == 0 && ${ours}`, [
    "srt.msg.rexmit",
    "srt.msg.enc",
    "srt.pb",
    "udp.length",
  ])
  const control = await decode(said, `srt.iscontrol == 1 && ${ours}`, ["srt.type"])
  const due = control.filter(([type]) => !MAY_BE.has(type ?? ""))
  return [...new Set([...data, ...due].map((fields) => fields.join(" ")))].sort()
}

/** Each handshake that differs from those before it: what got lost, or had no answer in time, was said again. */
const different = <T>(all: ReadonlyArray<T>): T[] => {
  const words = all.map((one) => JSON.stringify(one))
  return all.filter((_, i) => words.indexOf(words[i] ?? "") === i)
}

const handshakes = async (said: ReadonlyArray<Captured>) => different(await decode(said, "srt.hs.version", HANDSHAKE))

describe.skipIf(!ready)("SRT on the wire", () => {
  // One after another: too many at once, and a handshake is not answered within its three seconds, or what is late is
  // dropped, which one stack then says and the other does not.
  it.each([
    ["caller", "plain", "latency=3000", {}],
    ["caller", "AES-256", "latency=3000&passphrase=0123456789abcdef&pbkeylen=32", { passphrase: "0123456789abcdef" }],
    ["listener", "plain", "latency=3000", {}],
    ["listener", "AES-128", "latency=3000&passphrase=0123456789abcdef&pbkeylen=16", { passphrase: "0123456789abcdef" }],
  ] as const)("a %s, %s: both stacks say the same, and nothing malformed", async (role, _, query, secret) => {
    const conversations = SRT_STACKS.map((stack) => conversation(stack, role, query, secret))
    const [own = [], libsrt = []] = await Promise.all(conversations)
    expect(own.length).toBeGreaterThan(500)
    expect(await decode(own, "_ws.malformed || !srt", ["frame.number"])).toEqual([])
    expect(await handshakes(own)).toEqual(await handshakes(libsrt))
    expect(await capabilitiesOf(own)).toEqual(await capabilitiesOf(libsrt))
    expect(await kindsOf(own, role)).toEqual(await kindsOf(libsrt, role))
  })
})
