/** A destination's URL as far as it can be read, and as far as it may be shown. */
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

/**
 * A destination without what may be a secret: logins, paths and queries of URLs hold stream keys and tokens. What can
 * come to a leg of ours is told by scheme, host and port.
 */
export const shownUrl = (url: string): string => {
  const { host, port, scheme } = endpointOf(url)
  if (scheme === "") return "(no URL)"
  const place = `${scheme}://${host.includes(":") ? `[${host}]` : host}${port === null ? "" : `:${port}`}`
  return /^[^:]+:\/\/[^/?#]*\/?$/.test(url.trim()) ? place : `${place}/…`
}
