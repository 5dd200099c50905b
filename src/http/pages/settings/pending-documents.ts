/**
 * Documents whose changes were shown and that wait for confirmation. They hold secrets, so they wait here and not in a
 * page.
 */
import { randomUUID } from "node:crypto"
import type { ConfigDocument } from "../../../effects/declarative/document.ts"

const KEPT_MS = 10 * 60_000
const MAX_KEPT = 20

export interface PendingDocument {
  readonly document: ConfigDocument
  /** The only subject who may apply it. */
  readonly subject: string | null
  /** The changes that were shown, as JSON. */
  readonly seen: string
}

export interface PendingDocuments {
  readonly keep: (pending: PendingDocument) => string
  /** The document of a token; undefined when there is none, no longer one, or it is somebody else's. */
  readonly find: (token: string, subject: string | null) => PendingDocument | undefined
  readonly forget: (token: string) => void
}

/**
 * Makes the memory of pending documents.
 * @param now milliseconds since 1970
 */
export const makePendingDocuments = (now: () => number = Date.now): PendingDocuments => {
  const kept = new Map<string, PendingDocument & { readonly until: number }>()
  const clean = () => {
    // Oldest first.
    for (const [token, { until }] of kept) if (until <= now() || kept.size > MAX_KEPT) kept.delete(token)
  }
  return {
    keep: (pending) => {
      const token = randomUUID()
      kept.set(token, { ...pending, until: now() + KEPT_MS })
      clean()
      return token
    },
    find: (token, subject) => {
      clean()
      const found = kept.get(token)
      return found?.subject === subject ? found : undefined
    },
    forget: (token) => void kept.delete(token),
  }
}
