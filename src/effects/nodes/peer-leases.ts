/** How a node asks another one, over HTTP, to grant it leases while PostgreSQL does not answer. */
import { createHmac } from "node:crypto"
import { Effect } from "effect"
import type { Asked } from "../../core/placement/node-brain.ts"
import type { LeaseQuestion } from "./Nodes.ts"

export const LEASES_PATH = "/internal/leases"
/** Carries the secret that proves a request to be a node's. */
export const PEER_HEADER = "x-distributor-peer"

/** The secret of all nodes that have the same secret key; tells nothing of the key. */
export const peerSecretOf = (secretKey: Uint8Array): string =>
  createHmac("sha256", secretKey).update("distributor nodes").digest("hex")

/**
 * The channels for which the node at `address` grants a lease; null when it does not answer within `withinMs`. Never
 * fails.
 */
export const askForLeases = (
  address: string,
  secret: string,
  question: LeaseQuestion,
  withinMs: number,
): Effect.Effect<ReadonlySet<string> | null> =>
  Effect.promise(async () => {
    try {
      const response = await fetch(new URL(LEASES_PATH, address), {
        method: "POST",
        headers: { "content-type": "application/json", [PEER_HEADER]: secret },
        body: JSON.stringify(question),
        signal: AbortSignal.timeout(withinMs),
        redirect: "error",
      })
      const body: unknown = await response.json()
      if (!response.ok || typeof body !== "object" || body === null || !("granted" in body)) return null
      return Array.isArray(body.granted) ? new Set(body.granted.map(String)) : null
    } catch {
      return null
    }
  })

/** Channels that were granted, of those that were asked for. */
export const grantedOf = (asked: ReadonlyArray<Asked>, granted: ReadonlySet<string>): ReadonlyArray<Asked> =>
  asked.filter(([channel]) => granted.has(channel))
