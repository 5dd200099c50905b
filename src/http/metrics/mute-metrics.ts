/** Metrics of mutes and maintenance windows, which the rules for Prometheus honour (`prometheus/rules/alerts.yml`). */
import type { MetricsView } from "../../effects/metrics/metrics-model.ts"
import type { Muting } from "../../effects/notifications/mute.ts"
import { type Area, gauge, label, makeArea } from "./exposition.ts"

export interface MutesSeen extends Pick<MetricsView, "channels"> {
  readonly muting: Muting
}

interface Mutable {
  readonly isMuted: boolean
}

const muted = (name: string, help: string) => gauge<Mutable>(name, help, ({ isMuted }) => isMuted)

/** Whether everything, each channel, and each output is muted at this moment. */
export const MUTE_AREAS: ReadonlyArray<Area<MutesSeen>> = [
  makeArea<MutesSeen, Mutable>([], ({ muting }) => [["", { isMuted: muting(null, null) !== null }]], [
    muted("muted", "1 while a mute or maintenance window covers everything."),
  ]),
  makeArea<MutesSeen, Mutable>(
    ["channel"],
    ({ channels, muting }) =>
      channels.map(({ config: { slug } }) => [label("channel", slug), { isMuted: muting(slug, null) !== null }]),
    [muted("channel_muted", "1 while a mute or maintenance window covers the whole channel.")],
  ),
  makeArea<MutesSeen, Mutable>(
    ["channel", "output"],
    ({ channels, muting }) =>
      channels.flatMap(({ config: { outputs, slug } }) =>
        outputs.map(
          (output) =>
            [
              `${label("channel", slug)},${label("output", output.slug)}`,
              { isMuted: muting(slug, output.slug) !== null },
            ] as const,
        ),
      ),
    [
      muted(
        "output_muted",
        "1 while a mute or maintenance window covers the output: itself, its channel or everything.",
      ),
    ],
  ),
]

export const renderMutes = (seen: MutesSeen): string => {
  const out: string[] = []
  for (const area of MUTE_AREAS) area.write(seen, out)
  return out.join("")
}
