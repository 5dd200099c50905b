/** Short names of states that hold secrets: who sees one can neither read the secrets from it nor try guesses on it. */
import { createHmac, hkdfSync } from "node:crypto"

/** 22 characters of base64url, the same for the same text as long as the key file stays. */
export type StateTag = (text: string) => string

/** @param key the 32 bytes of the key file, of which a key for this purpose alone is derived */
export const makeStateTag = (key: Uint8Array): StateTag => {
  const own = Buffer.from(hkdfSync("sha256", key, Buffer.alloc(0), "stream-distributor state tags", 32))
  return (text) => createHmac("sha256", own).update(text).digest("base64url").slice(0, 22)
}
