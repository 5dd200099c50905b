import { spawn } from "node:child_process"
import { createSocket } from "node:dgram"
import { once } from "node:events"
import { existsSync } from "node:fs"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import { describe, expect, it, onTestFinished } from "vitest"
import { createTestProgramme } from "../test-source/test-programme.ts"

const SCRIPT = fileURLToPath(new URL("./test-source.ts", import.meta.url))
const DENO = fileURLToPath(new URL("../../node_modules/.bin/deno", import.meta.url))

interface Arrival {
  readonly atMs: number
  readonly bytes: Buffer
}

const receive = async (host = "127.0.0.1") => {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4")
  const arrivals: Arrival[] = []
  socket.on("message", (bytes) => arrivals.push({ atMs: performance.now(), bytes }))
  socket.bind(0, host)
  await once(socket, "listening")
  onTestFinished(() => {
    socket.close()
  })
  const { port }: AddressInfo = socket.address()
  /** Resolves when so many datagrams are here; the test's time limit is the bound. */
  const arrived = async (count: number) => {
    while (arrivals.length < count) await once(socket, "message")
  }
  return { arrivals, arrived, port }
}

const start = (command: string, args: string[]) => {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] })
  const output = { stdout: "", stderr: "" }
  child.stdout.on("data", (chunk) => {
    output.stdout += chunk
  })
  child.stderr.on("data", (chunk) => {
    output.stderr += chunk
  })
  onTestFinished(() => {
    child.kill("SIGKILL")
  })
  const exit = once(child, "close").then(([code]) => code)
  return { child, output, exit }
}

/** Checks that the datagrams' TS bytes are those of the programme, from its first packet on. */
const expectProgramme = (arrivals: ReadonlyArray<Arrival>, header: number) => {
  const programme = createTestProgramme({ bitrate: 3_000_000 })
  for (const { bytes } of arrivals) expect(Buffer.compare(bytes.subarray(header), programme.next())).toBe(0)
}

const runtimes: Array<[string, string, string[]]> = [["bun", process.execPath, [SCRIPT]]]
if (existsSync(DENO)) runtimes.push(["deno", DENO, ["run", "-A", SCRIPT]])

/** Whether the kernel has IPv6; without it there is no ::1 to send to. */
const hasIpv6 = existsSync("/proc/net/if_inet6")

describe.each(runtimes)("test source under %s", (_, command, prefix) => {
  it("sends two seconds of RTP in real time and ends by itself", async () => {
    const { arrivals, arrived, port } = await receive()
    const args = ["--to", `127.0.0.1:${port}`, "--bitrate", "3000000", "--ssrc", "77", "--duration", "2"]
    const { output, exit } = start(command, [...prefix, ...args])
    expect(await exit).toBe(0)
    expect(output.stderr).toBe("")
    expect(output.stdout.trim().split("\n")).toHaveLength(1)
    const count = Math.ceil((2 * 3_000_000) / 8 / 1316)
    await arrived(count)
    expect(arrivals).toHaveLength(count)
    expectProgramme(arrivals, 12)
    const first = arrivals[0]?.bytes ?? Buffer.alloc(12)
    for (const [i, { bytes }] of arrivals.entries()) {
      expect(bytes.readUInt16BE(0)).toBe(0x8021)
      expect(bytes.readUInt16BE(2)).toBe((first.readUInt16BE(2) + i) & 0xffff)
      expect(bytes.readUInt32BE(4)).toBe(
        (first.readUInt32BE(4) + Math.floor((i * 1316 * 8 * 90_000) / 3_000_000)) % 2 ** 32,
      )
      expect(bytes.readUInt32BE(8)).toBe(77)
    }
    const tookMs = (arrivals.at(-1)?.atMs ?? 0) - (arrivals[0]?.atMs ?? 0)
    // In real time, but for the first datagrams, which a busy machine may read late.
    expect(tookMs).toBeGreaterThan(1000)
  })

  it.skipIf(!hasIpv6)("sends over IPv6", async () => {
    const { arrivals, arrived, port } = await receive("::1")
    const { exit, output } = start(command, [
      ...prefix,
      "--to",
      `[::1]:${port}`,
      "--bitrate",
      "3000000",
      "--duration",
      "0.2",
    ])
    await arrived(10)
    expect(await exit).toBe(0)
    expect(output.stdout).toContain(`to [::1]:${port}, `)
    expectProgramme(arrivals, 12)
  })

  it("sends raw UDP, and ends with its parent's pipe", async () => {
    const { arrivals, arrived, port } = await receive()
    const { child, exit } = start(command, [
      ...prefix,
      "--to",
      `127.0.0.1:${port}`,
      "--bitrate",
      "3000000",
      "--udp",
      "--parent-pipe",
    ])
    await arrived(1)
    child.stdin.end()
    expect(await exit).toBe(0)
    expectProgramme(arrivals, 0)
  })

  it("ends on SIGTERM, with nobody listening at the far port", async () => {
    const { child, output, exit } = start(command, [...prefix, "--to", "127.0.0.1:9"])
    await once(child.stdout, "data")
    child.kill("SIGTERM")
    expect(await exit).toBe(0)
    expect(output.stderr).toBe("")
  })
})

describe("test source command line", () => {
  it.each([
    [["--to", "nowhere"], "--to must be HOST:PORT"],
    [["--to", "127.0.0.1:70000"], "--to must be 0 to 65535"],
    [["--to", "127.0.0.1:5000", "--bitrate", "10"], "bitrate must be between"],
    [["--to", "127.0.0.1:5000", "--break-every", "soon"], "--break-every must be a number of seconds"],
    [["--to", "127.0.0.1:5000", "--what"], "--what"],
  ])("refuses %j with one line", async (args, message) => {
    const { output, exit } = start(process.execPath, [SCRIPT, ...args])
    expect(await exit).toBe(2)
    expect(output.stderr).toContain(message)
    expect(output.stderr.trim().split("\n")).toHaveLength(1)
  })
})
