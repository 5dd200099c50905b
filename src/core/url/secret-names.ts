/**
 * Names whose values are secrets, in queries and stream ids: of logins, signed URLs (AWS, Azure, Akamai), CDNs and
 * media servers.
 */

const SECRET_NAME =
  /pass|secret|token|pwd|auth|signature|credential|ticket|hmac|jwt|api_?key|stream_?key|^(?:key|k|sig|cid|pw|p|tok|otp|st|sas|policy|hdn(?:ea|tl|ts))$/i

export const isSecretName = (name: string): boolean => SECRET_NAME.test(name)

/** `name=value` parts divided by `&`, those with secret names with `***` in the place of the value. */
export const maskNamed = (query: string): string =>
  query
    .split("&")
    .map((part) => {
      const equals = part.indexOf("=")
      return equals >= 0 && isSecretName(part.slice(0, equals).trim()) ? `${part.slice(0, equals + 1)}***` : part
    })
    .join("&")
