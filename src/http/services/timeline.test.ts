import { describe, expect, it } from "vitest"
import type { AuditEntry } from "../../effects/accounts/audit-rows.ts"
import type { CueProof } from "../../effects/model/cue.ts"
import { fakeCue, fakeEvent } from "../testing/fake-views.ts"
import { missesByOutput, timelineOf } from "./timeline.ts"

const channel = { id: "c-1", slug: "news", number: 4 }
const outputs = [
  { id: "o-1", slug: "cdn", number: 1 },
  { id: "o-2", slug: "partner", number: 2 },
]
const proof = (output: string, over: Partial<CueProof> = {}): CueProof => ({
  output,
  status: "sent",
  at: "2026-11-24T01:00:00.040Z",
  delay_ms: 40.4,
  reason: null,
  ...over,
})
const missed = proof("partner", { status: "missed", delay_ms: null, reason: "the output was not connected" })
const cues = [
  fakeCue({
    id: 2,
    at: "2026-11-24T01:00:00.000Z",
    kind: "out",
    description: "break",
    outputs: [proof("cdn"), missed],
  }),
  fakeCue({
    id: 1,
    at: "2026-11-24T00:00:00.000Z",
    kind: "in",
    description: "back",
    outputs: [proof("cdn"), proof("partner")],
  }),
]
const events = [
  fakeEvent({ id: 1, at: "2026-11-24T00:59:00.000Z", kind: "output_failed", output: "partner", severity: "warning" }),
  fakeEvent({ id: 2, at: "2026-11-24T01:00:01.000Z", kind: "cue_missed", output: "partner" }),
  fakeEvent({ id: 3, at: "2026-11-24T02:00:00.000Z", kind: "switched", output: null }),
  fakeEvent({ id: 4, at: "2026-11-24T02:00:00.500Z", kind: "output_failed", output: "cdn" }),
]
const entry = (path: string, over: Partial<AuditEntry> = {}): AuditEntry => ({
  id: 1,
  at: "2026-11-24T03:00:00.000Z",
  actor: "user ada",
  address: "192.0.2.1",
  method: "PUT",
  path,
  what: "change an output",
  detail: "",
  status: 200,
  outcome: "done",
  ...over,
})
const parts = { channel, outputs, events, cues, audit: [entry("/api/channels/4/outputs/o-2")] }
const whats = (filter: { output?: string; misses?: boolean } = {}, audit = parts.audit) =>
  timelineOf({ ...parts, audit }, { output: filter.output, misses: filter.misses ?? false }).map(({ what, where }) =>
    `${what} ${where}`.trim(),
  )

describe("a timeline", () => {
  it("has all that happened, newest first, and a missed cue once", () => {
    expect(whats()).toEqual([
      "change partner",
      "output failed cdn",
      "switched",
      "cue out",
      "output failed partner",
      "cue in",
    ])
  })

  it("tells of a cue who missed it and why, and of an output how it fared", () => {
    const of = (output?: string) => timelineOf(parts, { output, misses: false }).find(({ what }) => what === "cue out")
    expect(of()).toMatchObject({
      severity: "critical",
      text: "break · 1 of 2 outputs sent it · partner missed it: the output was not connected",
    })
    expect(of("cdn")).toMatchObject({ severity: "info", text: "break · cdn sent it after 40 ms" })
  })

  it("of an output leaves the others' out, and of misses all that is none", () => {
    expect(whats({ output: "partner" })).toEqual([
      "change partner",
      "switched",
      "cue out partner",
      "output failed partner",
      "cue in partner",
    ])
    expect(whats({ output: "partner", misses: true })).toEqual(["cue out partner"])
    expect(whats({ output: "cdn", misses: true })).toEqual([])
    expect([...missesByOutput(cues)]).toEqual([["partner", 1]])
  })

  it.each([
    ["/api/channels/news/outputs/partner/stop", ["change partner"]],
    ["/channels/c-1/switch", ["change"]],
    ["/api/inputs/4/outputs/2", ["change partner"]],
    ["/api/channels/news/outputs/gone", ["change"]],
    ["/api/channels/newsroom/start", []],
    ["/settings/users/news/edit", []],
    ["/api/channels/%E0%A4%A/x", []],
  ])("takes %s for what it names", (path, found) => {
    expect(whats({}, [entry(path)]).filter((one) => one.startsWith("change"))).toEqual(found)
  })
})
