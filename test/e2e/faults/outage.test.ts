/** Row 32: two hundred outputs lose the network together, and have it back. */
import { type ChildProcess, spawn } from "node:child_process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { afterEach, describe, expect, it } from "vitest"
import { MulticastPath, NetNamespace } from "../net-namespace.ts"
import { eventually } from "../product.ts"
import type { OutageLine } from "./outage-stage.ts"

const unavailable = NetNamespace.unavailable()
const root = fileURLToPath(new URL("../../..", import.meta.url))
const OUTPUTS = 200
const CHANNELS = 4
const FAR = "10.98.0.2"
const PORT = "9000"

let path: MulticastPath | null = null
const children: ChildProcess[] = []
const run = (namespace: NetNamespace, ...args: ReadonlyArray<string>): ChildProcess => {
  const [command = "", ...rest] = [...namespace.exec, `${root}node_modules/.bin/bun`, ...args]
  const child = spawn(command, rest, { stdio: ["pipe", "pipe", "inherit"] })
  children.push(child)
  return child
}
const ended = (child: ChildProcess) =>
  child.exitCode !== null || child.signalCode !== null ? null : new Promise((resolve) => child.once("exit", resolve))

afterEach(async () => {
  const [stage, ...others] = children.splice(0)
  // The stage ends what it has started itself.
  stage?.stdin?.write("stop\n")
  if (stage !== undefined) await ended(stage)
  for (const child of others) child.kill("SIGKILL")
  await Promise.all(others.map(ended))
  path?.close()
})

describe.skipIf(unavailable !== null)(`an outage${unavailable === null ? "" : ` (skipped: ${unavailable})`}`, () => {
  it(`row 32: ${OUTPUTS} SRT outputs are back within 60 s, not all at once, with little CPU and few pages`, async () => {
    const open = MulticastPath.open()
    path = open
    let line: OutageLine | null = null
    const stage = run(open.near, `${root}test/e2e/faults/outage-stage.ts`, FAR, PORT, String(OUTPUTS))
    if (stage.stdout !== null) createInterface({ input: stage.stdout }).on("line", (text) => (line = JSON.parse(text)))
    run(
      open.far,
      `${root}load-tests/sink.ts`,
      "--srt-listen",
      PORT,
      "--host",
      FAR,
      "--verify",
      "none",
      "--summary",
      "--poll",
      "50",
    )
    const until = (what: string, found: (line: OutageLine) => boolean, ms: number) =>
      eventually(what, () => (line !== null && found(line) ? line : null), ms)

    const begun = await until(
      "all are connected",
      ({ connected, total }) => total === OUTPUTS && connected === total,
      60_000,
    )
    const sending = await until("they have sent for some seconds", ({ atMs }) => atMs - begun.atMs > 4000, 30_000)
    open.setLink("far", "down")
    const before = await until("all are lost", ({ connected }) => connected === 0, 30_000)
    const told = await until(
      "all alerts fire and are told",
      (now) => now.firing === OUTPUTS && now.pages >= CHANNELS,
      90_000,
    )

    open.setLink("far", "up")
    const upMs = performance.now()
    const back = await until("all are connected again", ({ connected }) => connected === OUTPUTS, 60_000)
    const backS = (performance.now() - upMs) / 1000

    // A page for a channel, whatever it holds; a second one where some fired a moment later than others.
    expect(told.pages).toBeLessThanOrEqual(2 * CHANNELS)
    expect(told.largestPage).toBeGreaterThan(OUTPUTS / CHANNELS / 2)
    // Jitter: had they come back in step, all would be there in the same second.
    const times = [...back.connectedAt].sort((a, b) => a - b)
    const spreadMs = (times.at(-1) ?? 0) - (times[0] ?? 0)
    const fullest = Math.max(...times.map((from) => times.filter((at) => at >= from && at < from + 1000).length))
    expect(spreadMs).toBeGreaterThan(2000)
    expect(fullest).toBeLessThan(OUTPUTS / 2)
    // Shares of a core. Retrying costs no more than sending did, however fast the machine is; the control plane's share
    // is mostly this test's own requests, and messages of alerts.
    const cpu = (of: "cpuSeconds" | "engineCpuSeconds", from: OutageLine, to: OutageLine) =>
      (to[of] - from[of]) / ((to.atMs - from.atMs) / 1000)
    const trying = [cpu("cpuSeconds", before, told), cpu("engineCpuSeconds", before, told)] as const
    expect(trying[0]).toBeLessThan(2 * cpu("cpuSeconds", begun, sending) + 0.2)
    expect(trying[1]).toBeLessThan(1.5 * cpu("engineCpuSeconds", begun, sending) + 0.1)
    await until("its end is told", ({ firing, resolved }) => firing === 0 && resolved > 0, 30_000)
    console.log(
      `row 32: back in ${backS.toFixed(1)} s, spread over ${(spreadMs / 1000).toFixed(1)} s, ${fullest} in the fullest second; ` +
        `CPU while trying: control plane ${trying[0].toFixed(2)}, engine ${trying[1].toFixed(2)} of a core; ` +
        `${told.pages} pages for ${told.firing} alerts`,
    )
  })
})
