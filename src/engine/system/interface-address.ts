/** Interfaces are named as people name them: `eth1` or one of its addresses. */
import { networkInterfaces } from "node:os"
import { isIPv4, isIPv6 } from "../../core/net/address.ts"
import { SetupFailure } from "../protocol/setup-failure.ts"
import { ipv6Addresses } from "./network-interface.ts"

const absent = (nameOrAddress: string, family: string, transient: boolean): SetupFailure =>
  new SetupFailure({
    code: "ENODEV",
    message: `there is no network interface "${nameOrAddress}" with an ${family} address`,
    transient,
  })

/** First IPv4 address of an interface given by name, or the address itself. */
export const interfaceAddress = (nameOrAddress: string): string => {
  if (isIPv4(nameOrAddress)) return nameOrAddress
  const found = networkInterfaces()[nameOrAddress]?.find((a) => a.family === "IPv4")
  if (found === undefined) throw absent(nameOrAddress, "IPv4", false)
  return found.address
}

/**
 * An IPv6 address of an interface that is in use: its first link-local one, with the zone, or its first other one.
 * Without one the failure is transient: an interface that comes up has its addresses a second or two later.
 */
export const interfaceAddress6 = (nameOrAddress: string, linkLocal: boolean): string => {
  if (isIPv6(nameOrAddress)) return nameOrAddress
  const found = ipv6Addresses().find(
    ({ isLinkLocal, isUsable, name }) => name === nameOrAddress && isUsable && isLinkLocal === linkLocal,
  )
  if (found === undefined) throw absent(nameOrAddress, linkLocal ? "IPv6 link-local" : "IPv6", true)
  return linkLocal ? `${found.address}%${found.name}` : found.address
}
