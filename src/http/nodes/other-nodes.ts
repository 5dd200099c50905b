/** What the other nodes show of the channels that they run. Asked for only while somebody looks here. */
import { Effect, Redacted } from "effect"
import type { RecentView } from "../../effects/history/history-model.ts"
import type { ChannelView } from "../../effects/model/channel.ts"
import type { NodesService } from "../../effects/nodes/Nodes.ts"
import { PEER_HEADER } from "../access/peer.ts"
import { type CallNode, nodeAddress } from "./call-node.ts"

/** Answer of `GET /internal/channels`. */
export interface ShownByNode {
  readonly channels: ReadonlyArray<ChannelView>
  /** By channel id. */
  readonly recent: Readonly<Record<string, RecentView>>
  /** Ids of the channels with a picture. */
  readonly pictures: ReadonlyArray<string>
}

export const SHOWN_PATH = "/internal/channels"
/** Time in ms for which what a node has answered is shown: figures change once a second. */
const FRESH_MS = 900
/** A node that does not answer holds up a page for so long at most, in ms. */
const ANSWER_MS = 1500
/** After that it is left out for so long, in ms. */
const SILENT_MS = 3000

interface Kept {
  readonly shown: Promise<ShownByNode | null>
  untilMs: number
}

export interface OtherNodes {
  /** What each other node shows that answers; empty on a single machine. */
  readonly shown: Effect.Effect<ReadonlyArray<ShownByNode>>
}

const NOTHING: OtherNodes = { shown: Effect.succeed([]) }

/**
 * Makes what asks the other nodes.
 * @param now monotonic ms
 */
export const makeOtherNodes = (
  nodes: Pick<NodesService, "nodes" | "peerSecret" | "self">,
  call: CallNode,
  now: () => number = () => performance.now(),
): OtherNodes => {
  if (nodes.self === null) return NOTHING
  const kept = new Map<string, Kept>()

  const ask = async (address: URL): Promise<ShownByNode | null> => {
    const headers = new Headers({ [PEER_HEADER]: Redacted.value(nodes.peerSecret), host: address.host })
    const signal = AbortSignal.timeout(ANSWER_MS)
    try {
      const answer = await call(address, { method: "GET", path: SHOWN_PATH, headers, body: null, signal })
      if (answer.status === 200) return (await answer.json()) as ShownByNode
      await answer.body?.cancel()
    } catch {
      // Told by its silence in the database: the page of the nodes shows it.
    }
    return null
  }
  const shownBy = (text: string): Promise<ShownByNode | null> => {
    const before = kept.get(text)
    if (before !== undefined && now() < before.untilMs) return before.shown
    const address = nodeAddress(text)
    const shown = address === null ? Promise.resolve(null) : ask(address)
    const one: Kept = { shown, untilMs: Number.POSITIVE_INFINITY }
    kept.set(text, one)
    void shown.then((answer) => {
      one.untilMs = now() + (answer === null ? SILENT_MS : FRESH_MS)
    })
    return shown
  }
  return {
    shown: Effect.promise(async () => {
      const asked = nodes.nodes().filter(({ self, state }) => !self && state !== "gone")
      const addresses = new Set(asked.map(({ address }) => address))
      for (const address of kept.keys()) if (!addresses.has(address)) kept.delete(address)
      const shown = await Promise.all([...addresses].map(shownBy))
      return shown.filter((one) => one !== null)
    }),
  }
}
