/** Secrets as the store holds them: AES-256-GCM with the key of the key file. */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto"

const IV_BYTES = 12
const TAG_BYTES = 16
/** What a sealed text begins with: the version of this format. */
const MARK = "enc1:"

export interface SecretBox {
  /** @param place where the text stands, such as `outputs.url:<id>`: it cannot be opened in another place */
  readonly seal: (text: string, place: string) => string
  /** Throws when it was sealed with another key, for another place, or was changed. */
  readonly open: (sealed: string, place: string) => string
}

export class CannotOpen extends Error {
  constructor(place: string) {
    super(`the secret of ${place} cannot be decrypted: it was changed, or encrypted with another key`)
  }
}

/** @param key the 32 bytes of the key file, of which a key for this purpose alone is derived */
export const makeSecretBox = (key: Uint8Array): SecretBox => {
  const own = Buffer.from(hkdfSync("sha256", key, Buffer.alloc(0), "stream-distributor store", 32))
  return {
    seal: (text, place) => {
      const iv = randomBytes(IV_BYTES)
      const cipher = createCipheriv("aes-256-gcm", own, iv, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(place))
      const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()])
      return MARK + Buffer.concat([iv, cipher.getAuthTag(), body]).toString("base64url")
    },
    open: (sealed, place) => {
      try {
        if (!sealed.startsWith(MARK)) throw new CannotOpen(place)
        const bytes = Buffer.from(sealed.slice(MARK.length), "base64url")
        const tag = bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES)
        const decipher = createDecipheriv("aes-256-gcm", own, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
        decipher.setAAD(Buffer.from(place)).setAuthTag(tag)
        return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]).toString("utf8")
      } catch {
        throw new CannotOpen(place)
      }
    },
  }
}
