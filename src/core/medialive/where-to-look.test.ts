import { expect, it } from "vitest"
import type { MediaLiveAlert } from "./model.ts"
import { type LegFacts, type SenderFacts, whereToLook } from "./where-to-look.ts"

const leg = (over: Partial<LegFacts> = {}): LegFacts => ({
  runs: true,
  receiving: true,
  lostPerS: 0,
  refusedPerS: 0,
  ...over,
})
const sender = (over: Partial<SenderFacts> = {}): SenderFacts => ({
  state: "RUNNING",
  channelClass: "STANDARD",
  pipelinesRunning: 2,
  pipeline: 1,
  pipelineRuns: true,
  alerts: [],
  staleS: null,
  ...over,
})
const ALERT: MediaLiveAlert = { id: "1", type: "Stopped Receiving UDP Input", pipeline: 1, message: "", since: null }

it.each<readonly [string, Partial<LegFacts>, Partial<SenderFacts>, string, string]>([
  ["both are well", {}, {}, "none", "MediaLive sends, and it arrives here."],
  [
    "the wire is cut",
    { receiving: false },
    {},
    "between",
    "pipeline 1 is running, and nothing arrives here: look at its security group",
  ],
  [
    "its source is gone",
    { receiving: false },
    { alerts: [ALERT] },
    "there",
    "alert on pipeline 1 (Stopped Receiving UDP Input), and nothing",
  ],
  [
    "the pipeline is down",
    { receiving: false },
    { pipelineRuns: false, pipelinesRunning: 1 },
    "there",
    "Pipeline 1 of MediaLive does not run",
  ],
  ["senders are refused", { receiving: false, refusedPerS: 9 }, {}, "here", "not among the allowed ones"],
  ["packets are lost", { lostPerS: 2.25 }, {}, "between", "2.3 packets a second are missing"],
  [
    "it complains",
    {},
    { alerts: [{ ...ALERT, message: "m" }] },
    "there",
    "It arrives, and MediaLive has an alert on pipeline 1 (Stopped Receiving UDP Input: m)",
  ],
  ["we are stopped", { runs: false }, {}, "here", "stopped here"],
  ["it is idle", { receiving: false }, { state: "IDLE" }, "there", "MediaLive is idle: start it"],
  ["somebody else sends", {}, { state: "IDLE" }, "here", "somebody else sends"],
  ["it is starting", { receiving: false }, { state: "STARTING" }, "wait", "MediaLive is starting"],
  ["it is stopping", {}, { state: "STOPPING" }, "wait", "MediaLive is stopping; packets arrive"],
  [
    "it recovers",
    { receiving: false },
    { state: "RECOVERING" },
    "there",
    "in the state RECOVERING, nothing arrives here",
  ],
  ["AWS is away", { receiving: false }, { staleS: 300 }, "unknown", "AWS has not answered for 5 minutes"],
])("when %s", (_name, ours, theirs, at, words) => {
  const look = whereToLook(leg(ours), sender(theirs))
  expect(look.at).toBe(at)
  expect(look.sentence).toContain(words)
})
