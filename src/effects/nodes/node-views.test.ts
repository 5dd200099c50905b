import { expect, it } from "vitest"
import type { StoredNode, StoredPlacement, StoredSnapshot } from "./node-statements.ts"
import { relayHosts } from "./node-views.ts"

const node = (name: string, address: string) => ({ name, address }) as StoredNode
const row = (channel: string, owner: string, partner: string | null) => ({ channel, owner, partner }) as StoredPlacement
const snapshot: StoredSnapshot = {
  nowMs: 0,
  nodes: [node("a", "http://10.0.0.1:8000"), node("b", "https://[fd00::2]:8443"), node("c", "http://node-c:8000")],
  rows: [row("one", "a", "b"), row("two", "c", "a"), row("three", "a", null), row("four", "a", "gone")],
  unplaced: [],
  counters: {},
}

it("a channel is relayed between its owner and its partner, whichever of them asks, and by nobody else", () => {
  expect(relayHosts(snapshot, "a", "one")).toEqual({ local: "10.0.0.1", peer: "fd00::2" })
  expect(relayHosts(snapshot, "b", "one")).toEqual({ local: "fd00::2", peer: "10.0.0.1" })
  expect(relayHosts(snapshot, "a", "two")).toEqual({ local: "10.0.0.1", peer: "node-c" })
  expect(relayHosts(snapshot, "c", "one")).toBeNull()
  expect(relayHosts(snapshot, "a", "three")).toBeNull()
  expect(relayHosts(snapshot, "a", "four")).toBeNull()
  expect(relayHosts(snapshot, "a", "nowhere")).toBeNull()
})
