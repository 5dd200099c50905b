import { spawnSync } from "node:child_process"
import { createSocket } from "node:dgram"
import { existsSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { afterEach, describe, expect, it } from "vitest"
import { freeUdpPort } from "../../../test/e2e/ports.ts"
import { libc } from "../ffi/libc.ts"
import type { LegSpec } from "../protocol/messages.ts"
import { SetupFailure } from "../protocol/setup-failure.ts"
import {
  bufferWarning,
  hasLostZone,
  type InputSocket,
  kernelDrops,
  openInputSocket,
  rejoin,
  socketMemory,
} from "./input-socket.ts"
import { isMember } from "./multicast-membership.ts"

const GROUP = "239.255.77.1"
const LOOPBACK = 1

const fds: number[] = []
const opened = (socket: InputSocket): InputSocket => {
  fds.push(socket.fd)
  return socket
}
afterEach(() => {
  for (const fd of fds.splice(0)) libc.close(fd)
})

const refusal = (attempt: () => unknown) => {
  try {
    attempt()
    return null
  } catch (cause) {
    return cause instanceof SetupFailure ? cause.reason : null
  }
}

/** The kernel's list entry of the socket on a port (proc(5), /proc/net/udp). */
const listed = (port: number) => {
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`
  const fields = readFileSync("/proc/net/udp", "utf8")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .find((columns) => columns[1] === local)
  return { queued: Number.parseInt(fields?.[4]?.split(":")[1] ?? "", 16), drops: Number(fields?.at(-1)) }
}

describe("socketMemory", () => {
  it("tells what waits and what was dropped, as /proc/net/udp does", async () => {
    const port = await freeUdpPort()
    const { fd, rcvbuf } = opened(openInputSocket({ name: "primary", ip: "127.0.0.1", port, rcvbuf: 65536 }))
    expect(socketMemory(fd)).toEqual({ queued: 0, rcvbuf, drops: 0 })
    const sender = createSocket("udp4")
    const count = 200
    for (let i = 0; i < count; i++)
      await new Promise((resolve) => sender.send(Buffer.alloc(1328), port, "127.0.0.1", resolve))
    sender.close()
    const memory = socketMemory(fd)
    expect(memory).toEqual({ rcvbuf, ...listed(port) })
    expect(memory.drops).toBeGreaterThan(0)
    expect(memory.drops).toBeLessThan(count)
    expect(memory.queued).toBeGreaterThan(rcvbuf / 2)
    expect(kernelDrops(fd)).toBe(memory.drops)
  })

  it("is all zero for what is no socket", () => {
    expect(socketMemory(-1)).toEqual({ queued: 0, rcvbuf: 0, drops: 0 })
  })
})

describe("the receive buffer", () => {
  it.each([
    [425984, 212992, null],
    [425984, 4194304, /buffer of 212992 bytes instead of 4194304.*sysctl -w net\.core\.rmem_max=4194304/],
    [8388608, 4194304, null],
    [0, 65536, /buffer of 0 bytes/],
  ])("granted %i (doubled), wanted %i", (granted, wanted, sentence) => {
    const warning = bufferWarning(granted, wanted)
    if (sentence === null) expect(warning).toBeNull()
    else expect(warning).toMatch(sentence)
  })

  it("above rmem_max without CAP_NET_ADMIN: the warning names what was granted and the sysctl", () => {
    const maximum = Number(readFileSync("/proc/sys/net/core/rmem_max", "latin1"))
    const wanted = maximum * 2
    const module = fileURLToPath(new URL("./input-socket.ts", import.meta.url))
    const script = `const { openInputSocket } = await import(${JSON.stringify(module)})
      console.log(JSON.stringify(openInputSocket({ name: "primary", ip: "127.0.0.1", port: 0, rcvbuf: ${wanted} }).warnings))`
    const bun = fileURLToPath(new URL("../../../node_modules/.bin/bun", import.meta.url))
    const unprivileged =
      process.getuid?.() === 0 ? ["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"] : []
    const [command = bun, ...args] = [...unprivileged, bun, "-e", script]
    const { stdout, stderr } = spawnSync(command, args, { encoding: "utf8", timeout: 10_000 })
    expect(stderr).toBe("")
    expect(JSON.parse(stdout)).toEqual([bufferWarning(maximum * 2, wanted)])
  })
})

describe("multicast", () => {
  it.each([
    ["lo", undefined],
    ["127.0.0.1", undefined],
    ["lo", "127.0.0.9"],
  ])("joins on %s from %s, tells on which interface, and joins again", async (name, source) => {
    const spec = {
      name: "primary",
      ip: GROUP,
      port: await freeUdpPort(),
      interface: name,
      ...(source === undefined ? {} : { source }),
    } as const
    const socket = opened(openInputSocket(spec))
    expect(socket.joinedOn).toBe(LOOPBACK)
    expect(isMember(socket.fd, spec, LOOPBACK)).toBe(true)
    expect(rejoin(socket.fd, spec, LOOPBACK)).toBe(LOOPBACK)
    expect(isMember(socket.fd, spec, LOOPBACK)).toBe(true)
    // The kernel allows 20 memberships for a socket, so leaving must be real.
    for (let i = 0; i < 25; i++) rejoin(socket.fd, spec, LOOPBACK)
    expect(isMember(socket.fd, { ...spec, ip: "239.255.77.2" }, LOOPBACK)).toBe(false)
  })

  it("is null for unicast", async () => {
    expect(opened(openInputSocket({ name: "primary", ip: "127.0.0.1", port: await freeUdpPort() })).joinedOn).toBeNull()
  })

  it.each(["nosuch0", "198.51.100.77"])(
    "an interface %s that does not exist yet is a transient problem that names it",
    async (name) => {
      const spec = { name: "primary", ip: GROUP, port: await freeUdpPort(), interface: name } as const
      expect(refusal(() => opened(openInputSocket(spec)))).toMatchObject({
        code: "ENODEV",
        message: expect.stringMatching(
          new RegExp(`joining ${GROUP} on ${name}: there is no such network interface now`),
        ),
        transient: true,
      })
    },
  )
})

const hasIpv6 =
  existsSync("/proc/net/if_inet6") && readFileSync("/proc/net/if_inet6", "latin1").includes("00000001 01 80 10")
describe.skipIf(!hasIpv6)(hasIpv6 ? "IPv6" : "IPv6 (skipped: this machine has no ::1)", () => {
  const open = (spec: Partial<LegSpec>, port: number) =>
    opened(openInputSocket({ name: "primary", ip: "::1", port, ...spec }))

  it("all of IPv4 and all of IPv6 have one port side by side", async () => {
    const port = await freeUdpPort()
    open({ ip: "0.0.0.0" }, port)
    open({ ip: "::" }, port)
    expect(refusal(() => open({ ip: "::" }, port))).toMatchObject({
      code: "EADDRINUSE",
      message: expect.stringContaining(`listening on [::]:${port}/udp`),
    })
  })

  it.each<[string, Partial<LegSpec>]>([
    ["a named interface", { ip: "ff15::77:1", interface: "lo" }],
    ["the interface with an address", { ip: "ff15::77:1", interface: "::1" }],
    ["the interface with an IPv4 address", { ip: "ff15::77:1", interface: "127.0.0.1" }],
    ["the zone", { ip: "ff15::77:1%lo" }],
    ["the zone, for one sender", { ip: "ff35::77:1%lo", source: "fd00::9" }],
    ["the zone of a group of the link", { ip: "ff02::77:1%lo" }],
  ])("joins on %s, and again", async (_name, more) => {
    const spec = { name: "primary", ip: "", port: await freeUdpPort(), ...more } as const
    const socket = open(spec, spec.port)
    expect([socket.joinedOn, isMember(socket.fd, spec, LOOPBACK)]).toEqual([LOOPBACK, true])
    for (let i = 0; i < 25; i++) expect(rejoin(socket.fd, spec, LOOPBACK)).toBe(LOOPBACK)
    expect(isMember(socket.fd, { ...spec, ip: "ff15::77:2" }, LOOPBACK)).toBe(false)
    expect(hasLostZone(socket, spec)).toBe(false)
    // The zone has another kernel index now.
    expect(hasLostZone({ ...socket, scope: socket.scope === 0 ? 0 : 9 }, spec)).toBe(spec.ip.startsWith("ff02"))
  })

  it.each([
    ["nosuch0", "ff15::77:1", "joining ff15::77:1 on nosuch0: there is no such network interface now"],
    ["2001:db8::77", "ff15::77:1", "joining ff15::77:1 on 2001:db8::77: there is no such network interface now"],
    [undefined, "ff15::77:1%nosuch0", 'there is no network interface "nosuch0", the zone of ff15::77:1%nosuch0, now'],
    [undefined, "fe80::1%nosuch0", 'there is no network interface "nosuch0", the zone of fe80::1%nosuch0, now'],
  ])(
    "an interface %s of %s that does not exist yet is a transient problem that names it",
    async (name, ip, sentence) => {
      const port = await freeUdpPort()
      const problem = refusal(() => open({ ip, ...(name === undefined ? {} : { interface: name }) }, port))
      expect(problem).toMatchObject({ code: "ENODEV", message: expect.stringContaining(sentence), transient: true })
    },
  )
})
