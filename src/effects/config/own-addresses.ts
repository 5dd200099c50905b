/** The addresses at which others may reach this machine. */
import { networkInterfaces } from "node:os"

/** Addresses of this machine that others may reach: IPv4 first, none that works on one link alone. */
export const ownAddresses = (interfaces = networkInterfaces()): ReadonlyArray<string> =>
  Object.values(interfaces)
    .flatMap((list) => list ?? [])
    .filter(({ address, internal }) => !internal && !/^(?:fe80:|169\.254\.)/i.test(address))
    .sort((a, b) => a.family.localeCompare(b.family))
    .map(({ address, family }) => (family === "IPv6" ? `[${address}]` : address))
