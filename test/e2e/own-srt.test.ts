/** What our own SRT stack knows and libsrt does not tell, from the packet to REST, the page and the metrics. */
import { createSocket } from "node:dgram"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { CueView, OutputView } from "../../src/effects/model/channel.ts"
import { openSrtLibrary } from "../../src/engine/srt/srt-library.ts"
import { generateTs } from "../../src/test-source/test-programme.ts"
import { freeUdpPort } from "./ports.ts"
import { eventually, Product } from "./product.ts"
import { SrtReceiver, UdpReceiver } from "./receivers.ts"
import { sendTs } from "./send-ts.ts"

const BITRATE = 3_000_000
const TS = generateTs(11, { bitrate: BITRATE, breakEverySeconds: 5, breakSeconds: 2, spliceNullSeconds: 0 })
const SECRET = "passphrase=0123456789abcdef"
/** So long that no acknowledgement comes too late to count, on any machine. */
const LATENCY = "latency=5000"

describe.skipIf(openSrtLibrary({}).srt === null)("a product on its own SRT stack", () => {
  let product: Product
  let channel: string
  let input: number
  let listenPort: number
  let udp: UdpReceiver
  const peers: SrtReceiver[] = []

  const peer = async (url: string): Promise<SrtReceiver> => {
    const started = await SrtReceiver.open(url)
    peers.push(started)
    return started
  }
  const metrics = async () => (await fetch(`${product.url}/metrics`)).text()
  const outputs = async () =>
    new Map<string, OutputView>((await product.view(channel)).outputs.map((output) => [output.slug, output]))

  beforeAll(async () => {
    product = await Product.start({ env: { SRT_STACK: "own" } })
    udp = await UdpReceiver.open()
    const [port, called, listened, filtered] = await Promise.all([0, 1, 2, 3].map(() => freeUdpPort()))
    if (port === undefined || listened === undefined) throw new Error("no ports")
    input = port
    listenPort = listened
    const caller = await peer(`srt://127.0.0.1:${called}?mode=listener&${LATENCY}`)
    const made = await product.channel({
      name: "own",
      rtp_ip: "127.0.0.1",
      rtp_port: port,
      outputs: [
        { name: "caller", url: `srt://127.0.0.1:${called}?${LATENCY}` },
        { name: "listener", url: `srt://127.0.0.1:${listened}?mode=listener&${SECRET}&${LATENCY}` },
        { name: "filtered", url: `srt://127.0.0.1:${filtered}?mode=listener&packetfilter=fec,cols:5,rows:5` },
        { name: "udp", url: `udp://127.0.0.1:${udp.port}` },
      ],
    })
    channel = made.id
    const receiver = await peer(`srt://127.0.0.1:${listened}?${SECRET}&${LATENCY}`)
    const connected = ["caller", "listener", "udp"]
    await product.until("outputs are connected", channel, (view) =>
      view.outputs.every(({ slug, status }) => !connected.includes(slug) || status === "connected"),
    )
    await sendTs(TS, { port: input, bitrate: BITRATE })
    for (const one of [caller, receiver]) await one.atLeast(TS.length)
  })
  afterAll(async () => {
    udp.close()
    await Promise.all(peers.map((one) => one.stop("SIGKILL")))
    await product.dispose()
  })

  it("proves that receivers have acknowledged each cue, and claims it of no other protocol", async () => {
    const path = `/api/channels/${channel}/cues`
    const cues = await eventually("all proofs are complete", async () => {
      const found = (await product.api<{ cues: CueView[] }>("GET", path)).body.cues
      const proven = found.every(({ outputs: proofs }) =>
        proofs.every(({ acknowledged_at, output, status }) =>
          output === "filtered" ? true : status === "sent" && (output === "udp" || acknowledged_at !== undefined),
        ),
      )
      return found.length > 1 && proven ? found : null
    })
    for (const { at, outputs: proofs } of cues) {
      for (const proof of proofs.filter(({ output }) => output === "caller" || output === "listener")) {
        expect(proof.acknowledged_ms).toBeGreaterThan(proof.delay_ms ?? Number.NaN)
        expect(Date.parse(proof.acknowledged_at ?? "")).toBeGreaterThanOrEqual(Date.parse(at))
      }
      const others = proofs.filter(({ output }) => output === "udp" || output === "filtered")
      for (const proof of others) expect(proof).not.toHaveProperty("acknowledged_at")
    }
    const page = await (await fetch(`${product.url}/channels/own/cues`)).text()
    expect(page).toMatch(/caller sent after \d+ ms, acknowledged after \d+ ms/)
    expect(await metrics()).toContain(
      `distributor_scte35_output_acknowledged_cues_total{channel="own",output="caller"} ${cues.length}\n`,
    )
  })

  it("shows the stack of each output, and why one is on libsrt", async () => {
    const shown = await outputs()
    const stackOf = (slug: string) => [shown.get(slug)?.srt_stack, shown.get(slug)?.needs_libsrt]
    expect(["caller", "listener", "filtered", "udp"].map(stackOf)).toEqual([
      ["own", []],
      ["own", []],
      ["libsrt", ["packetfilter"]],
      [null, []],
    ])
    const panel = async (slug: string) => (await fetch(`${product.url}/channels/own?output=${slug}`)).text()
    expect(await panel("caller")).toContain("own stack")
    expect(await panel("filtered")).toContain("libsrt, which it needs for packetfilter")
    const text = await metrics()
    expect(text).toContain('distributor_srt_stack_info{channel="own",output="listener",stack="own"} 1\n')
    expect(text).toContain('distributor_srt_stack_info{channel="own",output="filtered",stack="libsrt"} 1\n')
    expect(text).not.toMatch(/srt_stack_info\{[^}]*output="udp"/)
  })

  it("names who came to a listener with a wrong passphrase", async () => {
    await peer(`srt://127.0.0.1:${listenPort}?passphrase=fedcba9876543210&streamid=eve`)
    const error = await eventually(
      "the listener's last error",
      async () => (await outputs()).get("listener")?.last_error ?? null,
    )
    expect(error).toMatch(/^receiver 127\.0\.0\.1:\d+ \(eve\): it has another passphrase than this listener$/)
    expect((await outputs()).get("listener")).toMatchObject({ status: "connected" })
  })

  it("counts resends, losses and what was malformed", async () => {
    const socket = createSocket("udp4")
    socket.send(new Uint8Array(15), listenPort, "127.0.0.1")
    await eventually("it is counted", async () =>
      (await metrics()).includes('distributor_srt_malformed_packets_total{kind="short"} 1\n') ? true : null,
    )
    socket.close()
    const text = await metrics()
    const sent = /distributor_srt_sent_unique_packets_total\{channel="own",output="caller"\} (\d+)/.exec(text)?.[1]
    expect(Number(sent)).toBe(Math.ceil(TS.length / 1316))
    for (const name of ["srt_sent_lost_packets_total", "srt_retransmitted_packets_total", "srt_rtt_seconds"])
      expect(text).toMatch(new RegExp(`distributor_${name}\\{channel="own",output="caller"\\} \\d`))
  })
})
