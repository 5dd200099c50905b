import { describe, expect, it } from "vitest"
import { fakeInput, fakeOutput, fakeScte35 } from "../../http/testing/fake-views.ts"
import type { ChannelView } from "../model/channel.ts"
import { worstOf, worstView } from "./worst-of.ts"

const SINCE = "2026-01-02T03:04:05.000Z"
const channel = (over: Partial<ChannelView>): Omit<ChannelView, "worst"> => ({
  id: "00000000-0000-4000-8000-000000000001",
  number: 1,
  slug: "main",
  name: "Main",
  rtp_ip: "0.0.0.0",
  rtp_port: 5000,
  backup_rtp_ip: null,
  backup_rtp_port: null,
  input_url: null,
  backup_input_url: null,
  tags: [],
  autostart: false,
  auto_run: "off",
  input: fakeInput(),
  status: "running",
  lifecycle: "running",
  error: null,
  uptime: 0,
  created_at: SINCE,
  active_source: "primary",
  alarms: [],
  scte35: fakeScte35(),
  outputs: [],
  ...over,
})
const down = (id: string, last_error: string | null = "refused") => fakeOutput({ id, status: "retrying", last_error })
const up = fakeOutput({ id: "up", status: "connected" })
const alarm = (severity: "warning" | "critical", message: string, kind: "leg_bad" | "no_input" = "leg_bad") => ({
  kind,
  severity,
  since: SINCE,
  message,
})

describe("the worst of a channel", () => {
  it.each<[string, Partial<ChannelView>, string, string | null]>([
    ["nothing", { outputs: [up] }, "ok", null],
    ["stopped", { status: "stopped", lifecycle: "idle", outputs: [down("a")] }, "stopped", null],
    ["closing", { status: "stopped", lifecycle: "stopping" }, "stopping", null],
    [
      "waiting",
      { status: "starting", error: "waiting for packets on :5000" },
      "starting",
      "waiting for packets on :5000",
    ],
    ["a refused input", { status: "error", error: "the port is in use" }, "error", "the port is in use"],
    [
      "no input, whatever its outputs do",
      {
        status: "error",
        error: "no packets",
        alarms: [alarm("critical", "no packets", "no_input")],
        outputs: [down("a")],
      },
      "no_input",
      "no packets",
    ],
    ["much that is dropped", { error: "81 % were dropped", outputs: [down("a")] }, "degraded", "81 % were dropped"],
    [
      "a critical alarm",
      { alarms: [alarm("critical", "PCR is gone")], outputs: [down("a")] },
      "degraded",
      "PCR is gone",
    ],
    ["one output", { outputs: [up, down("cdn")] }, "outputs_down", "cdn is down: refused"],
    [
      "outputs with one reason",
      { outputs: [up, down("a"), down("b")] },
      "outputs_down",
      "2 of 3 outputs are down: refused",
    ],
    [
      "outputs with several reasons",
      { outputs: [down("a"), down("b", null)] },
      "outputs_down",
      "2 of 2 outputs are down, a: refused",
    ],
    ["an output that is switched off", { outputs: [up, { ...down("a"), enabled: false }] }, "ok", null],
    ["a warning", { alarms: [alarm("warning", "no second leg")], outputs: [up] }, "warning", "no second leg"],
  ])("of %s is told", (_, over, state, cause) => expect(worstOf(channel(over))).toMatchObject({ state, cause }))

  it("is shown by the API with the number of outputs that are down", () => {
    expect(worstView(channel({ outputs: [down("a"), down("b"), up] }))).toMatchObject({
      state: "outputs_down",
      outputs_down: 2,
    })
  })
})
