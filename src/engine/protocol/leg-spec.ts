/** What a leg of a channel is received by, as the control plane tells the engine. */
import * as v from "valibot"
import { LegName } from "./figures.ts"

/**
 * Where a leg listens. `ip` is a local address, 0.0.0.0 (all of IPv4), `::` (all of IPv6), or a multicast group; IPv6
 * may have a zone (`%eth0`).
 */
export const LegSpec = v.object({
  name: LegName,
  ip: v.string(),
  port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535)),
  /** Interface name or address for multicast joins. */
  interface: v.optional(v.string()),
  /** Source filter of a multicast join (SSM). */
  source: v.optional(v.string()),
  /** SO_RCVBUF to ask for, in bytes. */
  rcvbuf: v.optional(v.number()),
  /**
   * SRT leg: its URL, which core's `parseInputUrl` reads; `ip` and `port` are those of the far end, or of our port. A
   * listener takes senders whose stream id fits `streamid` (`core/srt/ingest-id.ts`), or any without one; listener legs
   * of several channels share a port when all of them have one.
   */
  url: v.optional(v.string()),
  /** SRT caller leg: true refuses far ends that are, or resolve to, addresses of this machine or of a private network. */
  public_only: v.optional(v.boolean()),
  /** SRT caller leg: `DEFAULT_RECONNECT_DELAY` of the service in ms, as outputs go by; null or left out for its default. */
  retry_delay_ms: v.optional(v.nullable(v.number())),
})
export type LegSpec = v.InferOutput<typeof LegSpec>

/**
 * Where the legs of a channel that come by UDP to one address are passed on between two nodes: names or addresses of
 * this one and of the other, and the port for the primary's datagrams; the backup's have the next one. Both nodes send
 * from and to the same port.
 */
export const RelaySpec = v.object({
  local: v.string(),
  peer: v.string(),
  port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65534)),
})
export type RelaySpec = v.InferOutput<typeof RelaySpec>
