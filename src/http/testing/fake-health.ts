import type { Health } from "../../effects/show/health-of.ts"

export const fakeHealth: Health = {
  status: "ok",
  version: "0.1.0-test",
  uptime: 12,
  channels: { total: 0, running: 0, error: 0 },
  engine: { connected: true, pid: 4242, uptime: 11, restarts: 0 },
  engines: [
    { number: 1, connected: true, pid: 4242, uptime: 11, restarts: 0, channels: 0, outdated: false, problem: null },
  ],
  srt: { available: true, version: "1.5.1", problem: null },
  store: { ok: true },
  machine: [
    { id: "memory", state: "ok", found: "9000 MB are available.", cost: "", remedy: "" },
    {
      id: "time",
      state: "warning",
      found: "The clock of this machine is not synchronized.",
      cost: "Times of cues are wrong by as much as the clock.",
      remedy: "Install chrony.",
    },
  ],
  kept_out: [],
  problems: [],
  channel_problems: [],
}
