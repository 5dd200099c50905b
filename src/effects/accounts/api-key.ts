/** The text of an API key: `sd_` and 256 random bits in base64url, so that its hash gives nothing away. */
import { randomBytes } from "node:crypto"

export const newKey = (): string => `sd_${randomBytes(32).toString("base64url")}`

/** True for what `newKey` makes. */
export const isKeyText = (text: string): boolean => /^sd_[A-Za-z0-9_-]{43}$/.test(text)
