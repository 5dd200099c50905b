/** Which local addresses an SRT socket takes its port on, as `bindsOverlap` reads it. */
import { isAny, isIPv6 } from "../net/address.ts"
import type { SrtTarget } from "./url/target.ts"

/**
 * The address of a listener: without a host it is on all of IPv4. On `::` it counts as being on all of both: with
 * `ipv6only=0` it is, and libsrt does not listen on 0.0.0.0 beside it.
 */
export const takenAddress = ({ host }: Pick<SrtTarget, "host">): string =>
  !isAny(host) ? host : isIPv6(host) ? "" : "0.0.0.0"
