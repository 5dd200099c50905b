/** What the kernel says about network interfaces (netdevice(7)); `fd` is any socket of IPv4 or IPv6. */
import { readFileSync } from "node:fs"
import { normaliseAddress, parseIPv4, parseIPv6 } from "../../core/net/address.ts"
import * as c from "../ffi/libc.ts"

/**
 * An interface at one moment. `address` is its first IPv4 address in host order, 0 without one and where `fd` is of
 * IPv6.
 */
export interface LinkState {
  /** Kernel index, which changes when an interface is deleted and created again; 0: there is none. */
  readonly index: number
  /** Empty where there is none. */
  readonly name: string
  /** Up, and with a carrier. */
  readonly running: boolean
  readonly address: number
}

export const NO_LINK: LinkState = { index: 0, name: "", running: false, address: 0 }

/** A dotted IPv4 address in host order; null for anything else. */
export const ipv4Number = (text: string): number | null =>
  parseIPv4(text)?.reduce((all, octet) => all * 256 + octet, 0) ?? null

// struct ifreq (netdevice(7)): name@0, 16 bytes; then a union: i32 index, i16 flags, or sockaddr_in with its
// address @4.
const IFNAMSIZ = 16
const request = new Uint8Array(40)
const view = new DataView(request.buffer)
const encoder = new TextEncoder()
const decoder = new TextDecoder()

const ask = (fd: number, what: number, name: string): boolean => {
  request.fill(0)
  encoder.encodeInto(name, request.subarray(0, IFNAMSIZ - 1))
  return c.libc.ioctl(fd, what, request) === 0
}

/** The name that belongs to an index now; empty when there is no such interface. */
const nameOf = (fd: number, index: number): string => {
  request.fill(0)
  view.setInt32(IFNAMSIZ, index, true)
  return c.libc.ioctl(fd, c.SIOCGIFNAME, request) === 0 ? decoder.decode(request.subarray(0, request.indexOf(0))) : ""
}

/** The interface with `index`. */
export const linkState = (fd: number, index: number): LinkState => {
  const name = index > 0 ? nameOf(fd, index) : ""
  if (name === "") return NO_LINK
  const flags = ask(fd, c.SIOCGIFFLAGS, name) ? view.getInt16(IFNAMSIZ, true) : 0
  const address = ask(fd, c.SIOCGIFADDR, name) ? view.getUint32(IFNAMSIZ + 4) : 0
  const wanted = c.IFF_UP | c.IFF_RUNNING
  return { index, name, running: (flags & wanted) === wanted, address }
}

// struct ifconf: i32 length@0, pointer@8 to structs ifreq.
const REQUEST_SIZE = 40
const list = new Uint8Array(512 * REQUEST_SIZE)
const listView = new DataView(list.buffer)

/** Every IPv4 address of every interface, also of those that are down, as name and address in host order. */
const addresses = (fd: number): Array<{ name: string; address: number }> => {
  const configuration = new DataView(new ArrayBuffer(16))
  configuration.setInt32(0, list.length, true)
  configuration.setBigUint64(8, BigInt(c.nativeAddress(list)), true)
  if (c.libc.ioctl(fd, c.SIOCGIFCONF, new Uint8Array(configuration.buffer)) !== 0) return []
  return Array.from({ length: configuration.getInt32(0, true) / REQUEST_SIZE }, (_, i) => {
    const at = i * REQUEST_SIZE
    const label = decoder.decode(list.subarray(at, list.indexOf(0, at)))
    // A further address may have a label of its own, `eth1:backup`.
    return { name: label.split(":")[0] ?? "", address: listView.getUint32(at + IFNAMSIZ + 4) }
  })
}

interface Address6 {
  readonly index: number
  readonly name: string
  /** As `normaliseAddress` writes it. */
  readonly address: string
  readonly isLinkLocal: boolean
  /**
   * False while the kernel still asks whether somebody else has it (RFC 4862 5.4), when somebody has, and when it is
   * deprecated.
   */
  readonly isUsable: boolean
}

// include/uapi/linux/if_addr.h
const IFA_F_DADFAILED = 0x08
const IFA_F_DEPRECATED = 0x20
const IFA_F_TENTATIVE = 0x40
const UNUSABLE = IFA_F_DADFAILED | IFA_F_DEPRECATED | IFA_F_TENTATIVE

/**
 * Every IPv6 address of every interface that is up (/proc/net/if_inet6: address, index, prefix, scope, flags, name);
 * none without /proc.
 */
export const ipv6Addresses = (): Address6[] => {
  let text = ""
  try {
    text = readFileSync("/proc/net/if_inet6", "latin1")
  } catch {
    // IPv6 is off, or this is no Linux.
  }
  return text.split("\n").flatMap((line) => {
    const [hex = "", index = "", , scope, flags = "", name = ""] = line.trim().split(/\s+/)
    if (hex.length !== 32) return []
    const address = normaliseAddress(hex.replace(/(.{4})(?!$)/g, "$1:")) ?? ""
    return [
      {
        index: Number.parseInt(index, 16),
        name,
        address,
        isLinkLocal: scope === "20",
        isUsable: (Number.parseInt(flags, 16) & UNUSABLE) === 0,
      },
    ]
  })
}

/**
 * Index of an interface given as people name it, `eth1` or one of its IPv4 or IPv6 addresses; 0 when there is none now.
 */
export const interfaceIndex = (fd: number, nameOrAddress: string): number => {
  if (parseIPv6(nameOrAddress) !== null) {
    const [ip = "", zone] = nameOrAddress.split("%")
    const same = ipv6Addresses().filter(({ address }) => address === normaliseAddress(ip))
    return same.find(({ name }) => zone === undefined || name === zone)?.index ?? 0
  }
  const wanted = ipv4Number(nameOrAddress)
  const name = wanted === null ? nameOrAddress : addresses(fd).find(({ address }) => address === wanted)?.name
  return name === undefined ? 0 : c.libc.ifNametoindex(name)
}

/** Indexes of the interfaces with an address of the family. */
export const addressedIndexes = (fd: number, v6: boolean): number[] =>
  v6 ? ipv6Addresses().map(({ index }) => index) : addresses(fd).map(({ name }) => c.libc.ifNametoindex(name))
