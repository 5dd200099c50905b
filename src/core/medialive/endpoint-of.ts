/** Host and port of a destination's URL, as far as they can be read. */
import type { Destination } from "./model.ts"

const URL_SHAPE = /^([a-z][a-z0-9+.-]*):\/\/(?:[^/?#@]*@)?(\[[^\]]*\]|[^:/?#]*)(?::(\d{1,5}))?(?:[/?#]|$)/i

/** `rtp://198.51.100.5:5000` becomes its scheme, host and port; an IPv6 host loses its brackets. */
export const endpointOf = (url: string): Pick<Destination, "scheme" | "host" | "port"> => {
  const [, scheme = "", host = "", port] = URL_SHAPE.exec(url.trim()) ?? []
  const number = port === undefined ? Number.NaN : Number(port)
  return {
    scheme: scheme.toLowerCase(),
    host: host.replace(/^\[(.*)\]$/, "$1").toLowerCase(),
    port: number >= 1 && number <= 65_535 ? number : null,
  }
}
