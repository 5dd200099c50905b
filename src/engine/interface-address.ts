/** Interfaces are named as people name them: `eth1` or one of its addresses. */
import { networkInterfaces } from "node:os"
import { isIPv4, isIPv6 } from "../core/address.ts"
import { ipv6Addresses } from "./network-interface.ts"
import { SetupFailure } from "./setup-failure.ts"

const absent = (nameOrAddress: string, family: string): SetupFailure =>
  new SetupFailure({
    code: "ENODEV",
    message: `there is no network interface "${nameOrAddress}" with an ${family} address`,
    transient: false,
  })

/** First IPv4 address of an interface given by name, or the address itself. */
export const interfaceAddress = (nameOrAddress: string): string => {
  if (isIPv4(nameOrAddress)) return nameOrAddress
  const found = networkInterfaces()[nameOrAddress]?.find((a) => a.family === "IPv4")
  if (found === undefined) throw absent(nameOrAddress, "IPv4")
  return found.address
}

/** The same of IPv6: its first link-local address, with the zone, or its first other one. */
export const interfaceAddress6 = (nameOrAddress: string, linkLocal: boolean): string => {
  if (isIPv6(nameOrAddress)) return nameOrAddress
  const found = ipv6Addresses().find(({ isLinkLocal, name }) => name === nameOrAddress && isLinkLocal === linkLocal)
  if (found === undefined) throw absent(nameOrAddress, linkLocal ? "IPv6 link-local" : "IPv6")
  return linkLocal ? `${found.address}%${found.name}` : found.address
}
