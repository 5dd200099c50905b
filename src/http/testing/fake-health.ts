import type { Health } from "../../effects/show/health-of.ts"

export const fakeHealth: Health = {
  status: "ok",
  version: "0.1.0-test",
  uptime: 12,
  channels: { total: 0, running: 0, error: 0 },
  engine: { connected: true, pid: 4242, uptime: 11, restarts: 0 },
  engines: [{ number: 1, connected: true, pid: 4242, uptime: 11, restarts: 0, channels: 0, problem: null }],
  srt: { available: true, version: "1.5.1", problem: null },
  store: { ok: true },
  problems: [],
  channel_problems: [],
}
