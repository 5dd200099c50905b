/** A network namespace of the test's own, with a path of a small MTU; nothing of the host's network is touched. */
import { execFileSync } from "node:child_process"

const ip = (...args: ReadonlyArray<string>): string => execFileSync("ip", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] })

let count = 0

export class NetNamespace {
  readonly name: string
  /** Words before a command that is to run inside. */
  readonly exec: ReadonlyArray<string>

  private constructor(name: string) {
    this.name = name
    this.exec = ["ip", "netns", "exec", name]
  }

  /** Why there can be none here, or null: it needs root and iproute2. */
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

  /** With `lo`, and a veth pair between 10.99.0.1 here and 10.99.0.2, which has no end that answers, of `mtu`. */
  static open(mtu: number): NetNamespace {
    const name = `distributor-${process.pid}-${++count}`
    ip("netns", "add", name)
    const namespace = new NetNamespace(name)
    try {
      ip("-n", name, "link", "set", "lo", "up")
      ip("-n", name, "link", "add", "path0", "type", "veth", "peer", "name", "far0")
      for (const end of ["path0", "far0"]) ip("-n", name, "link", "set", end, "mtu", String(mtu), "up")
      ip("-n", name, "addr", "add", "10.99.0.1/24", "dev", "path0")
      // Nobody answers ARP at the far end: its address is given.
      ip("-n", name, "neigh", "add", "10.99.0.2", "lladdr", "02:00:00:00:00:02", "dev", "path0")
      return namespace
    } catch (cause) {
      namespace.close()
      throw cause
    }
  }

  /** IP packets that have left over the path, fragments each for itself. */
  sentPackets(): number {
    const text = ip("-n", this.name, "-s", "-j", "link", "show", "path0")
    const [link] = JSON.parse(text) as ReadonlyArray<{ stats64?: { tx?: { packets?: number } } }>
    return link?.stats64?.tx?.packets ?? 0
  }

  close(): void {
    ip("netns", "del", this.name)
  }
}
