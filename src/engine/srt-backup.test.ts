/** SRT outputs with a backup receiver: what a receiver that is killed, stopped or refuses means for the other one. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { numberedTs } from "../../test/e2e/datagrams.ts"
import { EngineBench } from "../../test/e2e/engine-bench.ts"
import { freeUdpPort } from "../../test/e2e/ports.ts"
import { eventually } from "../../test/e2e/product.ts"
import { SrtReceiver } from "../../test/e2e/receivers.ts"
import { sendTs } from "../../test/e2e/send-ts.ts"
import type { OutputStats } from "./protocol/messages.ts"
import { openSrtLibrary } from "./srt/srt-library.ts"

const library = openSrtLibrary({})
const BITRATE = 2e6
/** Six seconds, 1328 datagrams of seven packets. */
const PACKETS = 7 * 1328
const TS = numberedTs(PACKETS)
const closers: Array<() => unknown> = []
let bench: EngineBench

beforeAll(async () => {
  bench = await EngineBench.start(library, { srtStack: "libsrt" })
})
// The tests run beside one another, so what they opened is closed behind the last.
afterAll(async () => {
  for (const close of closers.reverse()) await close()
  bench.close()
})

const receiver = async (port: number, query = ""): Promise<SrtReceiver> => {
  const one = await SrtReceiver.open(`srt://127.0.0.1:${port}?mode=listener${query}`)
  closers.push(() => one.stop("SIGKILL"))
  return one
}

const open = (id: string, main: number, backup: number, query = ""): void => {
  const reply = bench.ask({
    cmd: "open_output",
    channel_id: id,
    output: {
      id,
      label: id,
      session: `s-${id}`,
      url: `srt://127.0.0.1:${main}${query}`,
      settings: { backup_url: `srt://127.0.0.1:${backup}` },
    },
  })
  expect(reply).toMatchObject({ ok: true })
  closers.push(() => bench.ask({ cmd: "remove_channel", channel_id: id }))
}

const backupOf = (id: string): NonNullable<OutputStats["backup"]> => {
  const { backup } = bench.output(id, id)
  if (backup === undefined) throw new Error(`output ${id} has no backup`)
  return backup
}

const bothConnected = (id: string): Promise<true> =>
  eventually("both are connected", () => {
    const { backup, main } = backupOf(id)
    return main.state === "connected" && backup.state === "connected" ? true : null
  })

const told = (id: string) => bench.all("carrier").filter(({ output_id }) => output_id === id)

/** Numbers of the packets that a receiver got. */
const numbersIn = (bytes: Buffer): ReadonlyArray<number> =>
  Array.from({ length: bytes.length / 188 }, (_, i) => bytes.readUInt32BE(i * 188 + 4))

/** Packets that none of the receivers got. */
const missingIn = (...receivers: ReadonlyArray<SrtReceiver>): ReadonlyArray<number> => {
  const got = new Set(receivers.flatMap((one) => numbersIn(one.bytes())))
  return Array.from({ length: PACKETS }, (_, i) => i).filter((i) => !got.has(i))
}

describe.skipIf(library.srt === null)("an SRT output with a backup receiver", () => {
  it.concurrent.each([
    ["is killed", "SIGKILL", /^the main receiver 127\.0\.0\.1:\d+ has not answered for \d+ ms; the backup receiver /],
    [
      "stands still",
      "SIGSTOP",
      /^the main receiver 127\.0\.0\.1:\d+ has not answered for \d+ ms; the backup receiver /,
    ],
    ["says goodbye", "SIGTERM", /^the main receiver 127\.0\.0\.1:\d+ is gone: SRT connection lost: .*; the backup rec/],
  ] as const)("loses no packet when the main one %s", async (_, signal, message) => {
    const id = `c-${signal}`
    const input = await bench.channel({}, id)
    const [mainPort, backupPort] = [await freeUdpPort(), await freeUdpPort()]
    const query = "?latency=500&passphrase=0123456789"
    const secret = "&passphrase=0123456789&latency=500"
    const [main, backup] = [await receiver(mainPort, secret), await receiver(backupPort, secret)]
    open(id, mainPort, backupPort, query)
    await bothConnected(id)
    await eventually("the main one carries", () => (backupOf(id).carrier === "main" ? true : null))
    expect(bench.output(id, id)).toMatchObject({ state: "connected", srt_stack: "own" })
    const sending = sendTs(TS, { port: input, bitrate: BITRATE })
    await main.atLeast(TS.length / 6)
    expect(backup.size).toBe(0)
    main.program.child.kill(signal)
    await eventually("the backup carries", () => (backupOf(id).carrier === "backup" ? true : null))
    expect(told(id).map(({ carrier }) => carrier)).toEqual(["backup"])
    expect(told(id)[0]?.message).toMatch(message)
    await sending
    await eventually("the last packet has come", () => (numbersIn(backup.bytes()).at(-1) === PACKETS - 1 ? true : null))
    const got = numbersIn(backup.bytes())
    expect(missingIn(main, backup)).toEqual([])
    expect(got).toEqual(Array.from({ length: got.length }, (_, i) => (got[0] ?? 0) + i))
    expect(bench.output(id, id)).toMatchObject({ state: "connected", packets_dropped: 0 })
    expect(bench.stateOf(id)?.state).toBe("connected")
    if (signal !== "SIGSTOP") return
    main.program.child.kill("SIGCONT")
    const back = await eventually("the main one is back", () => told(id)[1] ?? null, 30_000)
    expect(back).toMatchObject({ carrier: "main", message: expect.stringMatching(/is stable again and carries$/) })
    const before = main.size
    await sendTs(numberedTs(700, PACKETS), { port: input, bitrate: BITRATE })
    await main.atLeast(before + 600 * 188)
    expect(numbersIn(main.bytes()).at(-1)).toBeGreaterThan(PACKETS + 600)
  })

  it.concurrent("is there without its backup, which is called again with delay, and says why it is missing", async () => {
    const input = await bench.channel({}, "refused")
    const [mainPort, backupPort] = [await freeUdpPort(), await freeUdpPort()]
    const [main] = [await receiver(mainPort), await receiver(backupPort, "&passphrase=0123456789")]
    open("refused", mainPort, backupPort)
    const { backup } = await eventually("the backup has refused", () => {
      const now = backupOf("refused")
      return now.backup.error !== null && now.backup.state === "waiting" && now.main.state === "connected" ? now : null
    })
    expect(backup).toMatchObject({ state: "waiting", address: `127.0.0.1:${backupPort}`, rtt_ms: null })
    expect(backup.error).toMatch(/SRT reject code 11|SRT reject code 10/)
    expect(bench.output("refused", "refused").warnings).toEqual([
      `the backup receiver 127.0.0.1:${backupPort} is missing: ${backup.error}`,
    ])
    await sendTs(numberedTs(700), { port: input, bitrate: BITRATE })
    await main.atLeast(690 * 188)
    // It may be called again just now.
    expect(backupOf("refused").backup).toMatchObject({ address: backup.address, error: backup.error, rtt_ms: null })
    expect(told("refused")).toEqual([])
  })

  it.concurrent("begins with the backup where the main one refuses, and goes over to a main one that comes later", async () => {
    await bench.channel({}, "late")
    const [mainPort, backupPort] = [await freeUdpPort(), await freeUdpPort()]
    await receiver(backupPort)
    open("late", mainPort, backupPort, "?connect_timeout=3000")
    await eventually("the backup carries", () => (backupOf("late").carrier === "backup" ? true : null))
    expect(bench.output("late", "late").state).toBe("connected")
    await receiver(mainPort)
    await eventually("the main one carries", () => (backupOf("late").carrier === "main" ? true : null), 30_000)
    expect(told("late").map(({ carrier }) => carrier)).toEqual(["backup", "main"])
  })

  it.concurrent("ends when both have been tried in vain, with the reason of the main one", async () => {
    await bench.channel({}, "nobody")
    open("nobody", await freeUdpPort(), await freeUdpPort(), "?connect_timeout=500")
    const reason = await bench.ended("nobody")
    expect(reason).toMatchObject({ code: "srt_reject_16", transient: true })
  })
})

describe.skipIf(library.srt === null)("a dry run", () => {
  it("tries both receivers, and fails when one of them does", async () => {
    const [main, backup, nobody] = [await freeUdpPort(), await freeUdpPort(), await freeUdpPort()]
    await Promise.all([receiver(main), receiver(backup)])
    const test = async (second: number) => {
      const url = `srt://127.0.0.1:${main}?connect_timeout=1000`
      const settings = { backup_url: `srt://127.0.0.1:${second}` }
      const output = { id: "t", label: "t", session: "t", url, settings }
      const reply = await bench.engine.handle({ id: 1, cmd: "test_output", output })
      return reply.ok ? reply.test : undefined
    }
    expect(await test(backup)).toMatchObject({
      ok: true,
      error: null,
      steps: [`main receiver 127.0.0.1:${main}: connected`, `backup receiver 127.0.0.1:${backup}: connected`],
    })
    expect(await test(nobody)).toMatchObject({
      ok: false,
      error: { message: expect.stringMatching(/^the backup receiver: Connection timeout/) },
    })
  })
})

it("is refused where the backup cannot be read", async () => {
  await bench.channel({}, "bad")
  const output = { id: "bad", label: "bad", session: "s-bad", url: "srt://127.0.0.1:9000?mode=listener" }
  const settings = { backup_url: "srt://127.0.0.1:9001" }
  expect(bench.ask({ cmd: "open_output", channel_id: "bad", output: { ...output, settings } })).toMatchObject({
    ok: false,
    error: { code: "url", message: expect.stringMatching(/^backup_url is for an SRT caller/) },
  })
})
