/**
 * Joining and leaving multicast groups of IPv4 and IPv6 by interface index (ip(7), ipv6(7), RFC 3678): the kernel
 * speaks IGMP or MLD.
 *
 * The kernel keeps a socket's membership under the index of the interface it was joined on. When that interface is
 * deleted the entry stays with the socket, dead, and only its index can remove it; so the index is always told and
 * remembered.
 */
import { isAny, isIPv6, zoneOf } from "../../core/net/address.ts"
import * as c from "../ffi/libc.ts"
import { encodeSockaddr, zoneIndex } from "../ffi/sockaddr.ts"
import type { LegSpec } from "../protocol/messages.ts"
import { SetupFailure } from "../protocol/setup-failure.ts"
import { describeErrno } from "../system/describe-errno.ts"
import { addressedIndexes, interfaceIndex } from "../system/network-interface.ts"

/** What a join needs of a leg. */
export type Group = Pick<LegSpec, "ip" | "interface" | "source">

/**
 * The interface the operator named, as the zone of the group or in `interface`; null leaves the choice to the kernel's
 * route.
 */
export const chosenInterface = (group: Group): string | null =>
  zoneOf(group.ip) ?? (group.interface === undefined || isAny(group.interface) ? null : group.interface)

/** Index of that interface as it is now; 0 when there is none, or none was named. */
export const chosenIndex = (fd: number, group: Group): number => {
  const zone = zoneOf(group.ip)
  const chosen = chosenInterface(group)
  return zone === null ? (chosen === null ? 0 : interfaceIndex(fd, chosen)) : zoneIndex(zone)
}

/** Level of the socket options of RFC 3678, which are the same numbers for both families. */
const levelOf = (group: Group): number => (isIPv6(group.ip) ? c.IPPROTO_IPV6 : c.IPPROTO_IP)

// struct group_req: u32 interface@0, sockaddr_storage group@8; group_source_req: source@136; group_filter:
// mode@136, sources@140.
const GROUP = 8
const SOURCE = 136
const GROUP_REQ_SIZE = 136
const GROUP_SOURCE_REQ_SIZE = 264
const GROUP_FILTER_SIZE = 144
const length = Int32Array.of(0)

const encode = (group: Group, index: number, size: number): Uint8Array => {
  const bytes = new Uint8Array(size)
  new DataView(bytes.buffer).setUint32(0, index, true)
  // The index says which interface; the kernel does not look at the scope of the group.
  bytes.set(
    encodeSockaddr(group.ip, 0, () => 0),
    GROUP,
  )
  if (size === GROUP_SOURCE_REQ_SIZE && group.source !== undefined)
    bytes.set(
      encodeSockaddr(group.source, 0, () => 0),
      SOURCE,
    )
  return bytes
}

/** True when the socket has joined the group on the interface with `index`. */
export const isMember = (fd: number, group: Group, index: number): boolean => {
  length[0] = GROUP_FILTER_SIZE
  return c.libc.getsockopt(fd, levelOf(group), c.MCAST_MSFILTER, encode(group, index, GROUP_FILTER_SIZE), length) === 0
}

/** e.g. `239.1.1.1 from 10.0.0.5 on eth1`. */
export const describeGroup = (group: Group): string =>
  [
    group.ip,
    group.source === undefined ? "" : ` from ${group.source}`,
    zoneOf(group.ip) !== null || chosenInterface(group) === null ? "" : ` on ${group.interface}`,
  ].join("")

const absent = (group: Group): SetupFailure =>
  new SetupFailure({
    code: "ENODEV",
    message:
      chosenInterface(group) === null
        ? `ENODEV while joining ${describeGroup(group)}: no route leads to that group; name the interface in input.interface, or add a route (${isIPv6(group.ip) ? `ip -6 route add ${group.ip}/128 dev ... table local` : `ip route add ${group.ip}/32 dev ...`})`
        : `ENODEV while joining ${describeGroup(group)}: there is no such network interface now; it is joined as soon as there is one (ip address lists them)`,
    transient: true,
  })

/**
 * Joins the group of a leg: on its interface, or where the kernel's route to the group leads. Returns the interface's
 * index; 0 when the kernel chose and it cannot be told which. Throws SetupFailure, always transient: interfaces come
 * and go.
 */
export const joinGroup = (fd: number, group: Group): number => {
  const index = chosenIndex(fd, group)
  if (index === 0 && chosenInterface(group) !== null) throw absent(group)
  const withSource = group.source !== undefined
  const request = encode(group, index, withSource ? GROUP_SOURCE_REQ_SIZE : GROUP_REQ_SIZE)
  const option = withSource ? c.MCAST_JOIN_SOURCE_GROUP : c.MCAST_JOIN_GROUP
  if (c.libc.setsockopt(fd, levelOf(group), option, request, request.length) !== 0) {
    const code = c.errno()
    if (code === c.ENODEV) throw absent(group)
    // EADDRINUSE: the socket is a member already.
    if (code !== c.EADDRINUSE)
      throw new SetupFailure({
        code: c.errnoName(code),
        message: describeErrno(code, `joining ${describeGroup(group)}`),
        transient: true,
      })
  }
  return index > 0 ? index : (addressedIndexes(fd, isIPv6(group.ip)).find((i) => isMember(fd, group, i)) ?? 0)
}

/**
 * Leaves the group on the interface with `index`, which need not exist any more; with 0 on the one the kernel's route
 * leads to.
 */
export const leaveGroup = (fd: number, group: Group, index: number): void => {
  const request = encode(group, index, GROUP_REQ_SIZE)
  c.libc.setsockopt(fd, levelOf(group), c.MCAST_LEAVE_GROUP, request, request.length)
}
