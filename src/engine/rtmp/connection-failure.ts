/** What went wrong with a TCP or TLS connection, in words an operator can act on. */
import type { Reason } from "../protocol/messages.ts"

const refused = (where: string) => `${where} refuses connections: nothing listens there, or a firewall says no`
const TCP: Readonly<Record<string, (where: string) => string>> = {
  ECONNREFUSED: refused,
  ECONNRESET: (where) => `${where} ended the connection`,
  EPIPE: (where) => `${where} ended the connection`,
  ETIMEDOUT: (where) => `${where} does not answer`,
  EHOSTUNREACH: (where) => `there is no route to ${where}`,
  ENETUNREACH: (where) => `there is no route to ${where}`,
}

/** Codes of OpenSSL's X509_verify_cert and of Node's own check of the name. */
const CERTIFICATE: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: "it is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "its chain ends in a self-signed certificate that is not trusted here",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the issuer's certificate is missing",
  UNABLE_TO_GET_ISSUER_CERT: "the issuer's certificate is missing",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its issuer is not trusted here",
  CERT_HAS_EXPIRED: "it has expired",
  CERT_NOT_YET_VALID: "it is not yet valid: check the clock of this machine",
  CERT_REVOKED: "it was revoked",
  CERT_SIGNATURE_FAILURE: "its signature is wrong",
  ERR_TLS_CERT_ALTNAME_INVALID: "it is for another host name",
  HOSTNAME_MISMATCH: "it is for another host name",
}

const codeOf = (cause: unknown): string => (cause instanceof Error && "code" in cause ? String(cause.code) : "")

/** `host` and `port` as in the URL. Certificates do not mend themselves; everything else is worth another try. */
export const connectionFailure = (cause: unknown, host: string, port: number, tls: boolean): Reason => {
  const code = codeOf(cause)
  const where = `${host.includes(":") ? `[${host}]` : host}:${port}`
  const certificate = CERTIFICATE[code]
  if (certificate !== undefined)
    return {
      code: "tls_certificate",
      message: `the certificate of ${where} is refused: ${certificate} (${code})`,
      transient: false,
    }
  const text = cause instanceof Error ? cause.message : String(cause)
  if (tls && (code.startsWith("ERR_SSL") || code === "EPROTO"))
    return {
      code: "tls",
      message: `no TLS with ${where}: ${text}; check the port, and whether it must be rtmp://`,
      transient: true,
    }
  const known = TCP[code]
  return {
    code: code === "" ? "connection" : code.toLowerCase(),
    message: known?.(where) ?? `connection to ${where}: ${text}`,
    transient: true,
  }
}
