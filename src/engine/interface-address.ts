/** Interfaces are named as people name them: `eth1` or one of its addresses. */
import { networkInterfaces } from "node:os"
import { SetupFailure } from "./setup-failure.ts"

/** First IPv4 address of an interface given by name, or the address itself. */
export const interfaceAddress = (nameOrAddress: string): string => {
  if (/^\d+\.\d+\.\d+\.\d+$/.test(nameOrAddress)) return nameOrAddress
  const found = networkInterfaces()[nameOrAddress]?.find((a) => a.family === "IPv4")
  if (found === undefined)
    throw new SetupFailure({
      code: "ENODEV",
      message: `there is no network interface "${nameOrAddress}" with an IPv4 address`,
      transient: false,
    })
  return found.address
}
