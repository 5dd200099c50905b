import { readFileSync } from "node:fs"
import { networkInterfaces } from "node:os"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { numberedTs } from "../../test/e2e/datagrams.ts"
import { EngineBench, withoutSrt } from "../../test/e2e/engine-bench.ts"
import { freeUdpPort } from "../../test/e2e/ports.ts"
import { eventually } from "../../test/e2e/product.ts"
import { SrtReceiver, UdpReceiver } from "../../test/e2e/receivers.ts"
import { sendTs } from "../../test/e2e/send-ts.ts"
import { SRT_STACKS } from "../core/srt/stack.ts"
import type { OutputStats, SessionState } from "./protocol/messages.ts"
import { openSrtLibrary } from "./srt/srt-library.ts"

/** Real libsrt is on both sides: the product's in this process, and srt-live-transmit as the peer. */
const library = openSrtLibrary({})
/** Whether this machine has IPv6; some containers have none at all. */
const hasIpv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === "::1"),
)

let bench: EngineBench
let port: number
const peers: SrtReceiver[] = []

const peer = async (url: string): Promise<SrtReceiver> => {
  const started = await SrtReceiver.open(url)
  peers.push(started)
  return started
}
const open = (url: string, id?: string) => bench.open(url, id)
const outputIs = (id: string, state: SessionState, ms?: number) => bench.outputIs(id, state, ms)
const stats = (id: string): OutputStats | undefined => bench.channelStats().outputs.find((o) => o.id === id)

describe.each(SRT_STACKS)("on the stack %s", (stack) => {
  beforeAll(async () => {
    bench = await EngineBench.start(library, { srtStack: stack })
  })
  afterAll(() => bench.close())

  beforeEach(async () => {
    bench.forget()
    port = await bench.channel()
  })
  afterEach(async () => {
    bench.ask({ cmd: "remove_channel", channel_id: "c1" })
    await Promise.all(peers.splice(0).map((p) => p.stop("SIGKILL")))
  })

  describe.skipIf(library.srt === null)("SRT caller output", () => {
    it.each([
      ["plain", "", ""],
      ["AES-128", "passphrase=0123456789abcdef&pbkeylen=16", "passphrase=0123456789abcdef&pbkeylen=16"],
      ["AES-256", "passphrase=0123456789abcdef&pbkeylen=32", "passphrase=0123456789abcdef"],
      ["stream id", "streamid=#!::r=live/one,m=publish", ""],
    ])("%s: srt-live-transmit receives the input's bytes", async (_, ours, theirs) => {
      const srtPort = await freeUdpPort()
      const receiver = await peer(`srt://127.0.0.1:${srtPort}?mode=listener&${theirs}`)
      await eventually("connected", async () => {
        open(`srt://127.0.0.1:${srtPort}?mode=caller&latency=1200&${ours}`)
        return (await outputIs("o1", "connected", 4000).catch(() => null)) ?? null
      })
      const ts = numberedTs(7 * 400)
      await sendTs(ts, { port })
      await receiver.atLeast(ts.length)
      expect(receiver.bytes().equals(ts)).toBe(true)
      expect(stats("o1")).toMatchObject({
        packets_sent: 400,
        bytes_sent: ts.length,
        packets_dropped: 0,
        srt: { latency_ms: 1200, km_state: ours.includes("pass") ? 2 : 0 },
      })
    })

    it.each([
      [
        "wrong passphrase",
        "passphrase=wrong-wrong-wrong",
        "passphrase=0123456789abcdef",
        "srt_reject_10",
        /Incorrect passphrase/,
      ],
      [
        "a passphrase on one side only",
        "",
        "passphrase=0123456789abcdef",
        "srt_reject_11",
        /Password required or unexpected/,
      ],
    ])("%s ends with libsrt's own reason", async (_, ours, theirs, code, text) => {
      const srtPort = await freeUdpPort()
      await peer(`srt://127.0.0.1:${srtPort}?mode=listener&${theirs}`)
      const reason = await eventually("a refusal", async () => {
        open(`srt://127.0.0.1:${srtPort}?mode=caller&${ours}`)
        const ended = await outputIs("o1", "ended", 4000).catch(() => null)
        // The attempt times out until the peer listens.
        return ended?.reason?.code === "srt_reject_16" ? null : (ended?.reason ?? null)
      })
      expect(reason).toMatchObject({ code, message: expect.stringMatching(text), transient: true })
    })

    it("a dead host times out after 3 s with libsrt's reason, and siblings go on meanwhile", async () => {
      const receiver = await UdpReceiver.open()
      open(`udp://127.0.0.1:${receiver.port}`, "udp")
      await outputIs("udp", "connected")
      const dead = await freeUdpPort()
      const startedAt = performance.now()
      for (let i = 0; i < 5; i++) open(`srt://127.0.0.1:${dead}`, `dead${i}`)
      const ts = numberedTs(7 * 1500)
      await sendTs(ts, { port })
      const ended = await outputIs("dead4", "ended")
      expect(performance.now() - startedAt).toBeLessThan(6000)
      expect(ended.reason).toMatchObject({
        code: "srt_reject_16",
        message: expect.stringMatching(/Connection timeout/),
      })
      await receiver.atLeast(1500)
      receiver.close()
      expect(receiver.bytes().equals(ts)).toBe(true)
    })

    it.runIf(hasIpv6)("calls an IPv6 receiver", async () => {
      const srtPort = await freeUdpPort()
      const receiver = await peer(`srt://[::1]:${srtPort}?mode=listener`)
      await eventually("connected", async () => {
        open(`srt://[::1]:${srtPort}?mode=caller`)
        return (await outputIs("o1", "connected", 4000).catch(() => null)) ?? null
      })
      const ts = numberedTs(7 * 100)
      await sendTs(ts, { port })
      await receiver.atLeast(ts.length)
      expect(receiver.bytes().equals(ts)).toBe(true)
    })

    it("a name that does not resolve ends with a reason that names it", async () => {
      open("srt://no-such-host.invalid:9000")
      expect((await outputIs("o1", "ended")).reason).toMatchObject({
        code: "dns",
        message: expect.stringMatching(/no-such-host\.invalid/),
      })
    })

    it("a receiver that is killed is noticed, one that says goodbye at once", async () => {
      const srtPort = await freeUdpPort()
      const receiver = await peer(`srt://127.0.0.1:${srtPort}?mode=listener`)
      await eventually("connected", async () => {
        open(`srt://127.0.0.1:${srtPort}?mode=caller`)
        return (await outputIs("o1", "connected", 4000).catch(() => null)) ?? null
      })
      const sending = new AbortController()
      const done = sendTs(numberedTs(700), { port, loop: true, signal: sending.signal })
      await receiver.atLeast(100_000)
      await receiver.stop("SIGKILL")
      const ended = await outputIs("o1", "ended", 9000)
      expect(ended.reason).toMatchObject({
        code: "srt_2001",
        message: expect.stringMatching(/Connection was broken/),
        transient: true,
      })
      sending.abort()
      await done
    })

    it("callers share one local port: 12 of them cost no more than a few threads", async () => {
      const threads = () => Number(/Threads:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1])
      const srtPort = await freeUdpPort()
      const before = threads()
      for (let i = 0; i < 12; i++) open(`srt://127.0.0.1:${srtPort}?mode=caller`, `c${i}`)
      await eventually("all are connecting", () =>
        bench.events.filter((e) => e.event === "output_state" && e.state === "connecting").length === 12 ? true : null,
      )
      expect(threads() - before).toBeLessThanOrEqual(4)
    })
  })

  describe.skipIf(library.srt === null)("SRT listener output", () => {
    it.runIf(hasIpv6).each(["[::1]", "[::]"])("serves an IPv6 receiver on %s", async (host) => {
      const srtPort = await freeUdpPort()
      open(`srt://${host}:${srtPort}?mode=listener`)
      await outputIs("o1", "listening")
      const receiver = await peer(`srt://[::1]:${srtPort}`)
      await outputIs("o1", "connected")
      const ts = numberedTs(7 * 100)
      await sendTs(ts, { port })
      await receiver.atLeast(ts.length)
      expect(receiver.bytes().equals(ts)).toBe(true)
    })

    it("serves several receivers, each with the bytes from its first packet on", async () => {
      const srtPort = await freeUdpPort()
      open(`srt://127.0.0.1:${srtPort}?mode=listener`)
      await outputIs("o1", "listening")
      const receivers = await Promise.all([0, 1, 2].map(() => peer(`srt://127.0.0.1:${srtPort}`)))
      await eventually("three receivers", () => (stats("o1")?.receivers.length === 3 ? true : null))
      const ts = numberedTs(7 * 400)
      await sendTs(ts, { port })
      for (const receiver of receivers) {
        await receiver.atLeast(ts.length)
        expect(receiver.bytes().equals(ts)).toBe(true)
      }
      expect(bench.stateOf("o1")?.state).toBe("connected")
    })

    it("a receiver that leaves or stalls costs the others nothing", async () => {
      const srtPort = await freeUdpPort()
      open(`srt://127.0.0.1:${srtPort}?mode=listener`)
      await outputIs("o1", "listening")
      const [stays, leaves, stalls] = await Promise.all([0, 1, 2].map(() => peer(`srt://127.0.0.1:${srtPort}`)))
      await eventually("three receivers", () => (stats("o1")?.receivers.length === 3 ? true : null))
      const ts = numberedTs(7 * 2000)
      const sending = sendTs(ts, { port, bitrate: 10e6 })
      await stays?.atLeast(200_000)
      stalls?.program.child.kill("SIGSTOP")
      await leaves?.stop("SIGTERM")
      await eventually("one has left", () =>
        bench.events.some((e) => e.event === "receiver" && !e.joined) ? true : null,
      )
      await sending
      await stays?.atLeast(ts.length)
      stalls?.program.child.kill("SIGCONT")
      expect(stays?.bytes().equals(ts)).toBe(true)
    })

    it("can be closed and opened again on its port at once, with other settings", async () => {
      const srtPort = await freeUdpPort()
      for (const [index, query] of ["latency=120", "latency=500", "passphrase=0123456789abcdef"].entries()) {
        expect(open(`srt://127.0.0.1:${srtPort}?mode=listener&${query}`, `l${index}`)).toMatchObject({ ok: true })
        await outputIs(`l${index}`, "listening")
        const receiver = await peer(`srt://127.0.0.1:${srtPort}?${query.startsWith("pass") ? query : "latency=20"}`)
        await outputIs(`l${index}`, "connected")
        await sendTs(numberedTs(700), { port, sequence: index * 100 })
        await receiver.atLeast(100_000)
        bench.closeOutput(`l${index}`)
        await receiver.stop()
      }
    })

    it("refuses a port that another program has", async () => {
      const holder = await UdpReceiver.open()
      open(`srt://127.0.0.1:${holder.port}?mode=listener`)
      const ended = await outputIs("o1", "ended")
      holder.close()
      expect(ended.reason).toMatchObject({
        code: "EADDRINUSE",
        message: expect.stringMatching(/taken by another program/),
        transient: false,
      })
    })

    it("refuses an address that is not local", async () => {
      open("srt://192.0.2.50:9000?mode=listener")
      expect((await outputIs("o1", "ended")).reason).toMatchObject({ code: "EADDRNOTAVAIL", transient: false })
    })

    it("turns away a caller with another stream id when one is set", async () => {
      const srtPort = await freeUdpPort()
      open(`srt://127.0.0.1:${srtPort}?mode=listener&streamid=right`)
      await outputIs("o1", "listening")
      await peer(`srt://127.0.0.1:${srtPort}?streamid=wrong`)
      const refused = await eventually(
        "a refusal",
        () => bench.events.find((e) => e.event === "receiver" && !e.joined) ?? null,
      )
      expect(refused).toMatchObject({ stream_id: "wrong", reason: expect.stringMatching(/stream id/) })
      await peer(`srt://127.0.0.1:${srtPort}?streamid=right`)
      await outputIs("o1", "connected")
    })
  })
})

it("without libsrt, callers and listeners simply work", async () => {
  const alone = await EngineBench.start(withoutSrt())
  try {
    const [input, called, listened] = [await alone.channel(), await freeUdpPort(), await freeUdpPort()]
    const caller = await SrtReceiver.open(`srt://127.0.0.1:${called}?mode=listener`)
    await alone.connect(`srt://127.0.0.1:${called}?latency=200`, "caller")
    alone.open(`srt://127.0.0.1:${listened}?mode=listener&passphrase=0123456789abcdef`, "listener")
    const listener = await SrtReceiver.open(`srt://127.0.0.1:${listened}?passphrase=0123456789abcdef`)
    await alone.outputIs("listener", "connected")
    const ts = numberedTs(7 * 400)
    await sendTs(ts, { port: input })
    for (const receiver of [caller, listener]) {
      await receiver.atLeast(ts.length)
      expect(receiver.bytes().equals(ts)).toBe(true)
      await receiver.stop("SIGKILL")
    }
  } finally {
    alone.close()
  }
})
