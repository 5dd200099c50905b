/**
 * The interface of a multicast input goes down and up, or is deleted and created again (row 33 of the fault matrix).
 */
import { type ChildProcess, spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { policyOf } from "../../../src/effects/config/input-policy.ts"
import type { LegSpec } from "../../../src/engine/protocol/messages.ts"
import { EngineProcess } from "../engine-process.ts"
import { HAS_IPV6, MulticastPath, type MulticastPathOptions, NetNamespace } from "../net-namespace.ts"
import { eventually } from "../product.ts"
import { BACK_MS, WatchedReceiver } from "../watched-receiver.ts"

const unavailable = NetNamespace.unavailable()
const root = fileURLToPath(new URL("../../..", import.meta.url))
const GROUP = "239.33.1.1"
const PORT = 5000
const OURS = "10.98.0.2"
const FOREIGN = "10.98.0.3"
const GROUP6 = "ff15::33:1"
const OURS6 = "fd98::2"
const FOREIGN6 = "fd98::3"

let path: MulticastPath
const children: ChildProcess[] = []

const run = (namespace: NetNamespace, script: string, ...args: ReadonlyArray<string>): ChildProcess => {
  const [command = "", ...rest] = [
    ...namespace.exec,
    `${root}node_modules/.bin/bun`,
    `${root}test/e2e/${script}.ts`,
    ...args,
  ]
  const child = spawn(command, rest, { stdio: ["ignore", "pipe", "inherit"] })
  children.push(child)
  return child
}

const startSender = (...addresses: ReadonlyArray<string>) =>
  run(path.far, "multicast-sender", addresses[0] === OURS6 ? `${GROUP6}%far0` : GROUP, String(PORT), ...addresses)

const endChildren = () =>
  Promise.all(
    children.splice(0).map((child) => {
      if (child.exitCode !== null || child.signalCode !== null) return null
      const ended = new Promise((resolve) => child.once("exit", resolve))
      child.kill("SIGKILL")
      return ended
    }),
  )

const openPath = (options: MulticastPathOptions = {}) => {
  path = MulticastPath.open(options)
}

afterEach(async () => {
  await endChildren()
  path.close()
})

const receive = (spec: Partial<LegSpec>, ...args: ReadonlyArray<string>) =>
  new WatchedReceiver(
    run(path.near, "multicast-receiver", JSON.stringify({ name: "primary", ip: GROUP, port: PORT, ...spec }), ...args),
  )

describe.skipIf(unavailable !== null)(`multicast${unavailable === null ? "" : ` (skipped: ${unavailable})`}`, () => {
  describe("a leg's socket", () => {
    beforeEach(() => openPath())

    it.each<[string, Partial<LegSpec>]>([
      ["named", { interface: "near0" }],
      ["named by its address", { interface: "10.98.0.1" }],
      ["named, with a source", { interface: "near0", source: OURS }],
    ])(
      "row 33: interface %s, down and up, then deleted and created again: the stream is back by itself",
      async (_how, spec) => {
        startSender(OURS, FOREIGN)
        const receiver = receive(spec)
        await receiver.hears(OURS)
        path.setLink("near", "down")
        await receiver.says(
          /^down: 239\.33\.1\.1 cannot be received: the network interface near0 is down or has no link/,
        )
        expect(receiver.line.warning).toMatch(/near0 is down/)
        path.setLink("near", "up")
        await receiver.hears(OURS, BACK_MS)
        await receiver.says(/^joined: .*the link of near0 is back/)
        path.unplug()
        await receiver.says(/^down: .*there is no network interface (near0|10\.98\.0\.1) now/)
        path.plugIn()
        await receiver.hears(OURS, BACK_MS)
        await receiver.says(/^joined: .*another interface now, near0/)
        await eventually("the warning is gone", () => (receiver.line.warning === null ? true : null))
        // The source filter of the first join still holds after the last one.
        if (spec.source === undefined) expect(receiver.from(FOREIGN)).toBeGreaterThan(0)
        else expect(receiver.from(FOREIGN)).toBe(0)
      },
    )

    it.skipIf(!HAS_IPV6).each<[string, Partial<LegSpec>]>([
      ["named", { ip: GROUP6, interface: "near0" }],
      ["named by its address", { ip: GROUP6, interface: "fd98::1" }],
      ["named by its IPv4 address, with a source", { ip: GROUP6, interface: "10.98.0.1", source: OURS6 }],
      ["the zone of the group", { ip: `${GROUP6}%near0` }],
    ])(
      "row 33, IPv6: interface %s, down and up, then deleted and created again: the stream is back by itself",
      async (_how, spec) => {
        startSender(OURS6, FOREIGN6)
        const receiver = receive(spec)
        await receiver.hears(OURS6)
        path.setLink("near", "down")
        // The kernel forgets IPv6 addresses with the link, so an interface that is named by its address may be gone
        // before it is seen to be down.
        await receiver.says(
          /^down: ff15::33:1(%near0)? cannot be received: (the network interface near0 is down or has no link|there is no network interface fd98::1 now)/,
        )
        path.setLink("near", "up")
        path.near.ip("addr", "replace", "fd98::1/64", "dev", "near0", "nodad")
        await receiver.hears(OURS6, BACK_MS)
        path.unplug()
        await receiver.says(/^down: .*there is no network interface (near0|fd98::1|10\.98\.0\.1) now/)
        path.plugIn()
        await receiver.hears(OURS6, BACK_MS)
        await receiver.says(/^joined: .*another interface now, near0/)
        await eventually("the warning is gone", () => (receiver.line.warning === null ? true : null))
        if (spec.source === undefined) expect(receiver.from(FOREIGN6)).toBeGreaterThan(0)
        else expect(receiver.from(FOREIGN6)).toBe(0)
      },
    )

    it("row 33: no interface named: the group follows the route", async () => {
      const route = () => path.near.ip("route", "add", "224.0.0.0/4", "dev", "near0")
      route()
      startSender(OURS)
      const receiver = receive({})
      await receiver.hears(OURS)
      path.unplug()
      await receiver.says(/^down: .*no route leads to that group/)
      path.plugIn()
      route()
      await receiver.hears(OURS, BACK_MS)
      await receiver.says(/^joined: .*another interface now, near0/)
    })

    it("row 33: dead memberships do not pile up: created again more often than a socket may have memberships", async () => {
      path.near.sysctl("net.ipv4.igmp_max_memberships=2")
      startSender(OURS)
      const receiver = receive({ interface: "near0" })
      for (let i = 0; i < 4; i++) {
        await receiver.hears(OURS, BACK_MS)
        path.unplug()
        path.plugIn()
      }
      await receiver.hears(OURS, BACK_MS)
    })

    it("without the watch a deleted interface takes the stream with it", async () => {
      startSender(OURS)
      const receiver = receive({ interface: "near0" }, "unwatched")
      await receiver.hears(OURS)
      path.unplug()
      await receiver.settles(OURS)
      path.plugIn()
      await expect(receiver.hears(OURS, 1500, 1)).rejects.toThrow(/not within/)
    })
  })

  describe("a switch that forgets the port when its link flaps", () => {
    let receiver: WatchedReceiver
    beforeEach(async () => {
      openPath({ snooping: true })
      // Until the router has asked, the switch sends everything everywhere; afterwards nobody asks for two minutes.
      await eventually("the router's queries", () => (path.igmp().queries >= 2 ? true : null))
      startSender(OURS)
      receiver = receive({ interface: "near0" })
      await receiver.hears(OURS)
      // The kernel reports a join twice within a second (RFC 3376 8.11), beside its answers to queries. None of these
      // reports may mend what is broken next.
      let last = { reports: -1, at: 0 }
      await eventually("no more reports", () => {
        const { reports } = path.igmp()
        if (reports !== last.reports) last = { reports, at: performance.now() }
        return reports >= 2 && performance.now() - last.at > 1200 ? true : null
      })
    })

    it("row 33: the group is asked for again as soon as the link is back", async () => {
      path.setLink("far", "down")
      await receiver.says(/^down: .*has no link/)
      path.setLink("far", "up")
      await receiver.hears(OURS, BACK_MS)
      await receiver.says(/^joined: .*the link of near0 is back/)
    })

    it("row 33: a flap that nobody noticed: the group is asked for again when nothing comes", async () => {
      path.near.sysctl("net.ipv4.conf.near0.rp_filter=1")
      receiver.unaware(() => {
        path.setLink("far", "down")
        path.setLink("far", "up")
      })
      await receiver.settles(OURS)
      const hint = /^nothing arrives from 239\.33\.1\.1 on near0: .*sysctl -w net\/ipv4\/conf\/near0\/rp_filter=2$/
      await eventually("a hint", () => (hint.test(receiver.line.warning ?? "") ? true : null))
      await receiver.hears(OURS, BACK_MS)
      await receiver.says(/^joined: .*nothing has been received/)
      await eventually("the warning is gone", () => (receiver.line.warning === null ? true : null))
    })
  })

  describe("the engine", () => {
    let engine: EngineProcess
    beforeEach(async () => {
      openPath()
      engine = await EngineProcess.start({ within: path.near.exec })
    })
    afterEach(() => engine?.dispose())

    const listen = (more: Partial<LegSpec>) => {
      const leg: LegSpec = { name: "primary", ip: GROUP, port: PORT, interface: "near0", ...more }
      return engine.ask({ cmd: "put_channel", channel: { id: "c1", label: "c1", legs: [leg], policy: policyOf({}) } })
    }

    it.each<[string, () => void, () => void]>([
      ["goes down and up", () => path.setLink("near", "down"), () => path.setLink("near", "up")],
      ["is deleted and created again", () => path.unplug(), () => path.plugIn()],
    ])(
      "row 33: the interface %s: the leg is live again by itself, and the foreign source was never heard",
      async (_what, lose, restore) => {
        startSender(OURS, FOREIGN)
        await listen({ source: OURS })
        await engine.legSaid("live")
        lose()
        await engine.legSaid("silent")
        expect(await engine.legWarned(/near0/)).toMatch(/239\.33\.1\.1 cannot be received/)
        restore()
        await engine.legSaid("live", 2, BACK_MS)
        const leg = await engine.leg()
        expect(leg.source).toMatch(/^10\.98\.0\.2:/)
        expect(leg.counters).toMatchObject({ foreign: 0, sender_changes: 0 })
      },
    )

    it("row 33: an interface that does not exist yet: the leg says so, and joins when it appears", async () => {
      path.unplug()
      await listen({})
      expect((await engine.legSaid("failed")).message).toMatch(
        /joining 239\.33\.1\.1 on near0: there is no such network interface now/,
      )
      path.plugIn()
      await engine.legSaid("open")
      startSender(OURS)
      await engine.legSaid("live", 1, BACK_MS)
    })
  })
})
