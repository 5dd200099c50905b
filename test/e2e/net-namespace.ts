/** A network namespace for a test, with a path of a small MTU. It touches nothing of the host's network. */
import { execFileSync } from "node:child_process"
import { existsSync } from "node:fs"

/** Whether the kernel has IPv6; /proc/net/if_inet6 is missing where it was switched off at boot. */
export const HAS_IPV6 = existsSync("/proc/net/if_inet6")

const ip = (...args: ReadonlyArray<string>): string =>
  execFileSync("ip", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] })

let count = 0

export class NetNamespace {
  readonly name: string
  /** Words before a command that is to run inside. */
  readonly exec: ReadonlyArray<string>

  private constructor(name: string) {
    this.name = name
    this.exec = ["ip", "netns", "exec", name]
  }

  /** Why there can be no namespace here: it needs root and iproute2. Null when there can be one. */
  static unavailable(): string | null {
    const name = `probe-${process.pid}`
    try {
      ip("netns", "add", name)
      ip("netns", "del", name)
      return null
    } catch (cause) {
      return cause instanceof Error ? (cause.message.split("\n").at(-2) ?? cause.message) : String(cause)
    }
  }

  /**
   * Opens a namespace with `lo` and a path of `mtu`: a veth pair between 10.99.0.1 here and 10.99.0.2, where no end
   * answers.
   */
  static open(mtu: number): NetNamespace {
    const name = `distributor-${process.pid}-${++count}`
    ip("netns", "add", name)
    const namespace = new NetNamespace(name)
    try {
      ip("-n", name, "link", "set", "lo", "up")
      ip("-n", name, "link", "add", "path0", "type", "veth", "peer", "name", "far0")
      for (const end of ["path0", "far0"]) ip("-n", name, "link", "set", end, "mtu", String(mtu), "up")
      ip("-n", name, "addr", "add", "10.99.0.1/24", "dev", "path0")
      // Nobody answers ARP at the far end, so its address is given.
      ip("-n", name, "neigh", "add", "10.99.0.2", "lladdr", "02:00:00:00:00:02", "dev", "path0")
      return namespace
    } catch (cause) {
      namespace.close()
      throw cause
    }
  }

  /** Opens a namespace with `lo` and nothing else. */
  static empty(): NetNamespace {
    const name = `distributor-${process.pid}-${++count}`
    ip("netns", "add", name)
    const namespace = new NetNamespace(name)
    namespace.ip("link", "set", "lo", "up")
    return namespace
  }

  /** Runs an `ip` command inside, given by its words. */
  ip(...args: ReadonlyArray<string>): string {
    return ip("-n", this.name, ...args)
  }

  /** Sets a kernel parameter inside, e.g. `net.ipv4.igmp_qrv=1`. */
  sysctl(setting: string): void {
    execFileSync("ip", ["netns", "exec", this.name, "sysctl", "-qw", setting])
  }

  /** Number of IP packets that have left over the path; each fragment counts. */
  sentPackets(): number {
    const text = ip("-n", this.name, "-s", "-j", "link", "show", "path0")
    const [link] = JSON.parse(text) as ReadonlyArray<{ stats64?: { tx?: { packets?: number } } }>
    return link?.stats64?.tx?.packets ?? 0
  }

  close(): void {
    ip("netns", "del", this.name)
  }
}

export interface MulticastPathOptions {
  /** Whether a switch stands on the way, which forwards a group only to where it was asked for (IGMP snooping). */
  readonly snooping?: boolean
}

/**
 * Two machines with a cable between them. `near0`, where the product listens, has 10.98.0.1 and fd98::1. The far end,
 * where senders run, has 10.98.0.2, 10.98.0.3, fd98::2 and fd98::3. With IPv6 the link-local addresses are fe80::1 and
 * fe80::2.
 */
export class MulticastPath {
  readonly near: NetNamespace
  readonly far: NetNamespace
  readonly #snooping: boolean

  private constructor(near: NetNamespace, far: NetNamespace, snooping: boolean) {
    this.near = near
    this.far = far
    this.#snooping = snooping
  }

  static open({ snooping = false }: MulticastPathOptions = {}): MulticastPath {
    const near = NetNamespace.empty()
    try {
      const path = new MulticastPath(near, NetNamespace.empty(), snooping)
      try {
        if (snooping) path.#openSwitch()
        path.plugIn()
        return path
      } catch (cause) {
        path.far.close()
        throw cause
      }
    } catch (cause) {
      near.close()
      throw cause
    }
  }

  /**
   * Puts in a switch that snoops but sends no queries itself. A router behind it sends two queries in its first second,
   * then one every two minutes.
   */
  #openSwitch(): void {
    const bridge = (name: string, ...settings: ReadonlyArray<string>) =>
      this.far.ip(
        "link",
        "add",
        name,
        "type",
        "bridge",
        "mcast_igmp_version",
        "3",
        "mcast_stats_enabled",
        "1",
        ...settings,
      )
    bridge("switch0", "mcast_snooping", "1")
    const asks = ["mcast_query_response_interval", "20", "mcast_startup_query_interval", "50"]
    bridge("router0", "mcast_querier", "1", "mcast_query_use_ifaddr", "1", ...asks)
    this.far.ip("link", "add", "uplink0", "master", "switch0", "type", "veth", "peer", "name", "uplink1")
    this.far.ip("link", "set", "uplink1", "master", "router0")
    this.far.ip("addr", "add", "10.98.0.254/24", "dev", "router0")
    for (const device of ["uplink0", "uplink1", "switch0", "router0"]) this.far.ip("link", "set", device, "up")
    this.#address("switch0")
  }

  /** Numbers of IGMPv3 queries of the router, and of reports of the near machine, that have passed the switch. */
  igmp(): { readonly queries: number; readonly reports: number } {
    const statistics = (port: string) => {
      const text = this.far.ip("-j", "link", "xstats", "type", "bridge_slave", "dev", port)
      const [found] = JSON.parse(text) as ReadonlyArray<{ multicast?: Record<string, Record<string, number>> }>
      return found?.multicast ?? {}
    }
    const { rx_v3 = 0, tx_v3 = 0 } = statistics("uplink0")["igmp_queries"] ?? {}
    return { queries: rx_v3 + tx_v3, reports: statistics("far0")["igmp_reports"]?.["rx_v3"] ?? 0 }
  }

  #address(device: string): void {
    for (const address of ["10.98.0.2/24", "10.98.0.3/24"]) this.far.ip("addr", "add", address, "dev", device)
    if (HAS_IPV6)
      for (const address of ["fd98::2/64", "fd98::3/64", "fe80::2/64"])
        this.far.ip("addr", "add", address, "dev", device, "nodad")
  }

  /** Creates both ends, with new interface indexes but the same names and addresses. */
  plugIn(): void {
    this.near.ip("link", "add", "near0", "type", "veth", "peer", "name", "far0", "netns", this.far.name)
    if (this.#snooping) this.far.ip("link", "set", "far0", "master", "switch0")
    else this.#address("far0")
    this.near.ip("addr", "add", "10.98.0.1/24", "dev", "near0")
    if (HAS_IPV6)
      for (const address of ["fd98::1/64", "fe80::1/64"]) this.near.ip("addr", "add", address, "dev", "near0", "nodad")
    this.setLink("far", "up")
    this.setLink("near", "up")
  }

  /** Deletes both ends. */
  unplug(): void {
    this.near.ip("link", "del", "near0")
  }

  setLink(end: "near" | "far", state: "up" | "down"): void {
    this[end].ip("link", "set", `${end}0`, state)
  }

  close(): void {
    this.near.close()
    this.far.close()
  }
}
