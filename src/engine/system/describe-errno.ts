/** errno in the words of an operator: the name, what it means here, and what to do. */
import { errnoName } from "../ffi/libc.ts"

const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE:
    "the port is taken by another program; stop that program or choose another port (ss -ulnp shows who has it)",
  EADDRNOTAVAIL: "the address is not one of this machine; use 0.0.0.0 or an address that `ip address` lists",
  EACCES: "not permitted; ports below 1024 need CAP_NET_BIND_SERVICE, broadcast addresses are refused",
  EPERM: "not permitted; a firewall rule of this machine refuses the packet",
  ENODEV: "there is no such network interface; `ip link` lists them",
  ENETUNREACH: "no route to that network; check the interface and the routing table",
  EHOSTUNREACH: "no route to that host",
  ECONNREFUSED: "nobody listens there (ICMP port unreachable); packets go on being sent",
  EINVAL: "the kernel refuses the address or option",
  ENETDOWN: "the network interface is down",
}

/** e.g. `EADDRINUSE while opening 127.0.0.1:5000: the port is taken ...`. */
export const describeErrno = (code: number, doing: string): string => {
  const name = errnoName(code)
  const advice = ADVICE[name]
  return advice === undefined ? `${name} while ${doing}` : `${name} while ${doing}: ${advice}`
}
