/** Host and port of an output: what is no address, no name and no port is refused with a sentence that names it. */
import { isIPv4, isIPv6, zoneProblem } from "../net/address.ts"

export type Read<A> = { readonly ok: true; readonly value: A } | { readonly ok: false; readonly message: string }

export const good = <A>(value: A): Read<A> => ({ ok: true, value })
export const bad = (message: string): Read<never> => ({ ok: false, message })

const LABELS = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.?$/i

/**
 * An address or a host name in lower case; "" for none. IPv6 stands in brackets and loses them, its zone stays
 * (`fe80::1%eth0`).
 */
export const readHost = (text: string): Read<string> => {
  if (text === "") return good("")
  if (text.startsWith("[")) {
    // RFC 6874 writes %25; a plain % is what people type.
    const address = text.slice(1, -1).replace(/%25/, "%")
    if (!text.endsWith("]") || !isIPv6(address)) return bad("the address in [ ] is not an IPv6 address")
    const problem = zoneProblem(address)
    return problem === null ? good(address) : bad(problem)
  }
  if (text.includes(":")) return bad("an IPv6 address is written in brackets, as in [2001:db8::1]:9000")
  if (isIPv4(text)) return good(text)
  if (/[^\u0000-\u007f]/.test(text)) return bad("the host name has letters outside ASCII: write its xn-- form")
  if (text.length > 253 || !LABELS.test(text)) return bad("the host is neither an IP address nor a host name")
  // A last label of digits is an address to every resolver, in whatever base (0x7f.1 is 127.0.0.1): only the plain form
  // is taken.
  if (/(?:^|\.)(?:\d+|0x[0-9a-f]*)\.?$/i.test(text))
    return bad(`${text} is not an IPv4 address (four decimal numbers, 0 to 255)`)
  return good(text.toLowerCase())
}

/** A UDP port, 1 to 65535. */
export const readPort = (text: string, what = "the port"): Read<number> => {
  if (text === "") return bad(`${what} is missing`)
  const port = /^\d{1,9}$/.test(text) ? Number(text) : -1
  if (port >= 1 && port <= 65535) return good(port)
  // Only digits are shown again: half a password may stand here when the URL is torn.
  return bad(`${what} must be a number from 1 to 65535${/^-?\d{1,9}$/.test(text) ? `, not ${text}` : ""}`)
}

/** A local address to bind to: an IP literal, with or without brackets; `localhost` is 127.0.0.1. */
export const readLocalAddress = (text: string): Read<string> => {
  if (text.toLowerCase() === "localhost") return good("127.0.0.1")
  const address = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text
  const plain = address.replace(/%25/, "%")
  const problem = zoneProblem(plain)
  if (problem !== null) return bad(`is wrong: ${problem}`)
  return isIPv4(plain) || isIPv6(plain) ? good(plain) : bad("must be an IP address of this host")
}
