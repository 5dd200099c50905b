/** All dashboards, by the name of their file in grafana/dashboards. */
import type { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard"
import { channel } from "./channel.ts"
import { fleet } from "./fleet.ts"
import { host } from "./host.ts"
import { mediaLive } from "./medialive.ts"
import { output } from "./output.ts"
import { slos } from "./slo.ts"

export const dashboards = (): Readonly<Record<string, Dashboard>> => ({
  "fleet.json": fleet(),
  "channel.json": channel(),
  "output.json": output(),
  "host.json": host(),
  "slo.json": slos(),
  "medialive.json": mediaLive(),
})

/** A dashboard as the text of its file. */
export const asText = (dashboard: Dashboard): string => `${JSON.stringify(dashboard, null, 2)}\n`
