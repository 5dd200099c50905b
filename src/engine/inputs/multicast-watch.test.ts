import { describe, expect, it } from "vitest"
import { NO_LINK } from "../system/network-interface.ts"
import { canWait, rejoinCause, type WatchFacts } from "./multicast-watch.ts"

const S = 1e6
const UP = { index: 5, name: "eth1", running: true, address: 0x0a000001 }
const DOWN = { ...UP, running: false }
const fine: WatchFacts = { joinedOn: 5, before: UP, now: UP, silentUs: 0, sinceJoinUs: 3600 * S }

describe("rejoinCause", () => {
  it.each<[string, Partial<WatchFacts>, ReturnType<typeof rejoinCause>]>([
    ["all is well", {}, null],
    ["the interface is gone: wait for it", { now: NO_LINK, silentUs: 60 * S }, null],
    ["it is created anew", { before: NO_LINK, now: { ...UP, index: 9 } }, "replaced"],
    ["created anew between two looks", { now: { ...UP, index: 9 } }, "replaced"],
    [
      "created anew, link not up yet: the kernel reports the membership when it is",
      { now: { ...DOWN, index: 9 } },
      "replaced",
    ],
    ["back with its old index", { before: NO_LINK }, "link_up"],
    ["the last join failed", { joinedOn: -1 }, "replaced"],
    ["the last join failed and there is still no interface", { joinedOn: -1, now: NO_LINK }, null],
    ["the link goes down", { now: DOWN, silentUs: 1 * S }, null],
    ["it stays down: joining is of no use", { before: DOWN, now: DOWN, silentUs: 3600 * S }, null],
    ["the link comes back", { before: DOWN }, "link_up"],
    ["it gets another address", { now: { ...UP, address: 0x0a000002 } }, "address"],
    ["it gets its first address", { before: { ...UP, address: 0 } }, "address"],
    ["it loses its address: reports could not name a sender", { now: { ...UP, address: 0 } }, null],
    ["silent for less than 2 s", { silentUs: 1.9 * S }, null],
    ["silent for 2 s", { silentUs: 2 * S }, "silent"],
    ["silent, joined a moment ago", { silentUs: 30 * S, sinceJoinUs: 4.9 * S }, null],
    ["silent, 5 s after the last join", { silentUs: 30 * S, sinceJoinUs: 5 * S }, "silent"],
    ["silent for more than a minute", { silentUs: 61 * S, sinceJoinUs: 29 * S }, null],
    ["silent for more than a minute, every 30 s", { silentUs: 61 * S, sinceJoinUs: 30 * S }, "silent"],
    [
      "the kernel chose, nobody knows where: its interface says nothing",
      { joinedOn: 0, before: NO_LINK, now: NO_LINK },
      null,
    ],
    ["the kernel chose, and nothing comes", { joinedOn: 0, before: NO_LINK, now: NO_LINK, silentUs: 2 * S }, "silent"],
    ["the link came back at the last look, and nothing has come since", { waiting: "link_up" }, "link_up"],
    ["and went down again", { waiting: "link_up", now: DOWN }, null],
    ["and leads elsewhere now", { waiting: "link_up", now: { ...UP, index: 9 } }, "replaced"],
  ])("%s", (_name, facts, cause) => {
    expect(rejoinCause({ ...fine, ...facts })).toBe(cause)
  })
})

describe("canWait", () => {
  it.each<[string, Parameters<typeof canWait>, boolean]>([
    ["the link came up while the group was being received", ["link_up", 0.1 * S], true],
    ["nothing has come for a while", ["link_up", 0.2 * S], false],
    ["the address changed while the group was being received", ["address", 0], true],
    ["the membership is dead", ["replaced", 0], false],
    ["nothing comes", ["silent", 2 * S], false],
  ])("%s", (_name, facts, waits) => {
    expect(canWait(...facts)).toBe(waits)
  })
})
