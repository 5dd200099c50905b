/** Inputs and outputs over IPv6 on a cable between two namespaces, where zones and groups matter. */
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { SRT_STACKS } from "../../src/core/srt/stack.ts"
import { policyOf } from "../../src/effects/config/input-policy.ts"
import type { LegSpec } from "../../src/engine/protocol/messages.ts"
import { numberedTs } from "./datagrams.ts"
import { EngineProcess } from "./engine-process.ts"
import type { ReceiverLine } from "./multicast-receiver.ts"
import { HAS_IPV6, MulticastPath, NetNamespace } from "./net-namespace.ts"
import { eventually } from "./product.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const noNamespace = HAS_IPV6 ? NetNamespace.unavailable() : "this kernel has no IPv6"
const title = `on a cable${noNamespace === null ? "" : ` (skipped: ${noNamespace})`}`

/** Packets of numbered TS that do not follow the one before them, as [place, number expected, number there]. */
const outOfOrder = (ts: Buffer): ReadonlyArray<readonly [number, number, number]> => {
  const numbers = Array.from({ length: ts.length / 188 }, (_, i) => ts.readUInt32BE(i * 188 + 4))
  return numbers.flatMap((number, i) => {
    const expected = (numbers[i - 1] ?? number - 1) + 1
    return number === expected ? [] : [[i, expected, number] as const]
  })
}

describe.skipIf(noNamespace !== null)(title, () => {
  const PORT = 5000
  const OURS = "fd98::2"
  let path: MulticastPath
  let engine: EngineProcess
  let directory: string
  const children: ChildProcess[] = []

  const run = (namespace: NetNamespace, script: string, ...args: ReadonlyArray<string>): ChildProcess => {
    const [command = "", ...rest] = [
      ...namespace.exec,
      join(root, "node_modules/.bin/bun"),
      join(root, `test/e2e/${script}.ts`),
      ...args,
    ]
    const child = spawn(command, rest, { stdio: ["ignore", "pipe", "inherit"] })
    children.push(child)
    return child
  }
  const listen = (leg: Partial<LegSpec>) => {
    const legs = [{ name: "primary", ip: "::", port: PORT, ...leg } as const]
    return engine.ask({ cmd: "put_channel", channel: { id: "c1", label: "c1", legs, policy: policyOf({}) } })
  }
  /** Whether groups have a route; the kernel adds it up to a second after an interface is up. */
  const groupsAreRouted = () =>
    eventually("the route of groups", () =>
      path.near.ip("-6", "route", "show", "table", "local").includes("multicast ff00::/8 dev near0") ? true : null,
    )
  /** Number of datagrams that the far end has received so far. */
  const farEnd = (spec: Partial<LegSpec>) => {
    let line: ReceiverLine = { received: {}, reports: [], warning: null }
    const child = run(
      path.far,
      "multicast-receiver",
      JSON.stringify({ name: "primary", port: 7000, ...spec }),
      "unwatched",
    )
    if (child.stdout !== null) createInterface({ input: child.stdout }).on("line", (text) => (line = JSON.parse(text)))
    const count = () => Object.values(line.received).reduce((sum, one) => sum + one, 0)
    return {
      hears: async (ms = 10_000) => {
        const before = count()
        await eventually("20 datagrams at the far end", () => (count() >= before + 20 ? true : null), ms)
      },
    }
  }

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "ipv6-"))
    path = MulticastPath.open()
    engine = await EngineProcess.start({ within: path.near.exec })
  })
  afterEach(async () => {
    await Promise.all(
      children.splice(0).map((child) => {
        if (child.exitCode !== null || child.signalCode !== null) return null
        const ended = new Promise((resolve) => child.once("exit", resolve))
        child.kill("SIGKILL")
        return ended
      }),
    )
    await engine?.dispose()
    path.close()
    rmSync(directory, { recursive: true, force: true })
  })

  it.each<[string, string, Partial<LegSpec>]>([
    ["a group on a named interface", "ff15::44%far0", { ip: "ff15::44", interface: "near0" }],
    ["a group of the link, by its zone", "ff02::44%far0", { ip: "ff02::44%near0" }],
    ["a group of one sender", "ff35::44%far0", { ip: "ff35::44%near0", source: OURS }],
    ["a link-local address, by its zone", "fe80::1%far0", { ip: "fe80::1%near0" }],
    ["a routed address", "fd98::1", { ip: "fd98::1" }],
  ])("receives %s, every bit", async (_name, to, leg) => {
    await listen(leg)
    await engine.legSaid("open")
    const output = { id: "o1", label: "o1", session: "s1", url: "file://copy", directory }
    await engine.ask({ cmd: "open_output", channel_id: "c1", output })
    await engine.outputIs("o1", "connected")
    const sender = run(path.far, "multicast-sender", to, String(PORT), OURS)
    const { counters } = await eventually("200 datagrams", async () => {
      const now = await engine.leg()
      return (now.counters["datagrams"] ?? 0) >= 200 ? now : null
    })
    sender.kill("SIGKILL")
    expect(engine.legMessages("rejoined"), "a stream that arrives is not left").toEqual([])
    expect(counters, JSON.stringify(counters)).toMatchObject({ rtp_lost: 0, foreign: 0 })
    expect((await engine.leg()).source).toMatch(/^\[(fd98::2|fe80::2)\]:\d+$/)
    await engine.shutDown()
    const files = readdirSync(directory, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"))
    const written = Buffer.concat(files.sort().map((name) => readFileSync(join(directory, name))))
    expect(written.length).toBeGreaterThan(100 * 7 * 188)
    expect(outOfOrder(written)).toEqual([])
    expect(written.equals(numberedTs(written.length / 188, written.readUInt32BE(4)))).toBe(true)
  })

  it.each<[string, string, Partial<LegSpec>]>([
    ["a link-local address, its zone as RFC 6874 has it", "rtp://[fe80::2%25near0]:7000", { ip: "fe80::2%far0" }],
    ["a link-local address, its zone as people type it", "rtp://[fe80::2%near0]:7000", { ip: "fe80::2%far0" }],
    [
      "a link-local address with the interface beside it",
      "rtp://[fe80::2]:7000?interface=near0",
      { ip: "fe80::2%far0" },
    ],
    ["a group of the link", "rtp://[ff02::45%25near0]:7000", { ip: "ff02::45%far0" }],
    ["a group, by its zone", "rtp://[ff15::45%25near0]:7000", { ip: "ff15::45%far0" }],
    ["a group, by the interface", "rtp://[ff15::45]:7000?interface=near0&ttl=3", { ip: "ff15::45", interface: "far0" }],
  ])("sends to %s; when the interface was created anew, too", async (_name, url, far) => {
    await listen({ ip: "::1" })
    await engine.legSaid("open")
    run(path.near, "multicast-sender", "::1", String(PORT), "::1")
    const first = farEnd(far)
    await groupsAreRouted()
    await engine.connect(url)
    await first.hears()
    path.unplug()
    await engine.open(url, "o2")
    expect(await engine.ended("o2")).toMatchObject({
      code: "ENODEV",
      message: expect.stringContaining('"near0"'),
      transient: true,
    })
    path.plugIn()
    const second = farEnd(far)
    await groupsAreRouted()
    await engine.connect(url, "o3")
    await second.hears()
  })

  /** Calls until there is an answer: a new cable may not carry the first calls, and a writer tries again as well. */
  const callUntilAnswered = async (caller: EngineProcess, url: string, id: string): Promise<void> => {
    for (let n = 1, state = "ended"; state === "ended"; n++) {
      expect(n, "calls over the new cable").toBeLessThan(5)
      await caller.open(url, `${id}-${n}`)
      state = await eventually(
        "the call is answered or given up",
        () =>
          caller
            .all("output_state")
            .find((one) => one.output_id === `${id}-${n}` && ["connected", "ended"].includes(one.state))?.state ?? null,
      )
    }
  }

  it("SRT of both stacks calls and listens on link-local addresses by their zones, also when the interface was created anew", async () => {
    const other = await EngineProcess.start({ within: path.far.exec })
    try {
      for (const one of [engine, other]) {
        const legs = [{ name: "primary", ip: "::1", port: PORT } as const]
        await one.ask({ cmd: "put_channel", channel: { id: "c1", label: "c1", legs, policy: policyOf({}) } })
      }
      for (const [i, stack] of SRT_STACKS.entries()) {
        const [port, listener, caller] = [9100 + i, `${stack} listener`, `${stack} caller`]
        await engine.open(`srt://[fe80::1%25near0]:${port}?mode=listener&stack=${stack}`, listener)
        await engine.outputIs(listener, "listening")
        await callUntilAnswered(other, `srt://[fe80::1%25far0]:${port}?stack=${stack}`, caller)
        await engine.outputIs(listener, "connected")
      }
      path.unplug()
      for (const [i, stack] of SRT_STACKS.entries()) {
        await other.open(`srt://[fe80::1%25far0]:${9100 + i}?stack=${stack}`, `${stack} away`)
        const reason = { code: "ENODEV", message: expect.stringContaining('"far0"') }
        expect(await other.ended(`${stack} away`)).toMatchObject(reason)
      }
      path.plugIn()
      for (const [i, stack] of SRT_STACKS.entries()) {
        await engine.open(`srt://[fe80::1%25near0]:${9200 + i}?mode=listener&stack=${stack}`, `${stack} again`)
        await engine.outputIs(`${stack} again`, "listening")
        await callUntilAnswered(other, `srt://[fe80::1%25far0]:${9200 + i}?stack=${stack}`, `${stack} later`)
      }
    } finally {
      await other.dispose()
    }
  })

  it("RTMP calls a link-local address by its zone", async () => {
    await listen({ ip: "::1" })
    // Nobody listens at that port, but the refusal comes from the machine at the other end of the cable.
    await engine.open("rtmp://[fe80::2%25near0]:1935/live/key")
    expect(await engine.ended("o1")).toMatchObject({
      code: "econnrefused",
      message: expect.stringMatching(/^\[fe80::2%near0\]:1935 refuses/),
    })
    await engine.open("rtmp://[fe80::2%25nosuch0]:1935/live/key", "o2")
    expect(await engine.ended("o2")).toMatchObject({ code: "ENODEV", message: expect.stringContaining('"nosuch0"') })
  })

  it("an input on a zone's interface opens again when that was created anew, and says what is missing meanwhile", async () => {
    await listen({ ip: "fe80::1%near0" })
    await engine.legSaid("open")
    run(path.far, "multicast-sender", "fe80::1%far0", String(PORT), OURS)
    await engine.legSaid("live")
    path.unplug()
    await eventually(
      "it says so",
      () =>
        engine.legMessages("failed").find((text) => text.includes('"near0", the zone of fe80::1%near0, now')) ?? null,
    )
    path.plugIn()
    await engine.legSaid("open", 2)
    const datagrams = async () => (await engine.leg()).counters["datagrams"] ?? 0
    const before = await datagrams()
    await eventually("datagrams come again", async () => ((await datagrams()) >= before + 100 ? true : null))
  })
})
