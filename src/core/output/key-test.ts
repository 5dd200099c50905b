/**
 * Whether a test may publish with a stream key, which is the only way to learn whether it works. Nothing of a channel
 * is sent, but some platforms begin a broadcast, or end the one that is on air, as soon as somebody publishes.
 */
import { type PresetName, presetOf } from "./presets.ts"

export type KeyTest =
  /** `query` stands behind the stream key while it is tested; "" for none. */
  | { readonly publish: true; readonly query: string }
  /** `why` is a clause for the operator. */
  | { readonly publish: false; readonly why: string }

/** Twitch takes such a publication for a test of the way and shows it to nobody. */
const TWITCH_QUERY = "bandwidthtest=true"

/** By the end of the host's name; the first that fits counts. Of platforms without a preset their name. */
const PLATFORMS: ReadonlyArray<readonly [host: RegExp, platform: PresetName | { readonly title: string }]> = [
  [/(^|\.)youtube\.com$/, "youtube"],
  [/(^|\.)twitch\.tv$/, "twitch"],
  [/^ingest\.global-contribute\.live-video\.net$/, "twitch"],
  // Channels of Amazon IVS, which other platforms run on, too.
  [/\.global-contribute\.live-video\.net$/, "ivs"],
  [/\.contribute\.live-video\.net$/, "twitch"],
  [/(^|\.)facebook\.com$/, "facebook"],
  [/(^|\.)instagram\.com$/, { title: "Instagram" }],
  [/(^|\.)vimeo\.com$/, "vimeo"],
  [/(^|\.)restream\.io$/, "restream"],
  [/(^|\.)pscp\.tv$/, { title: "X" }],
  [/(^|\.)dailymotion\.com$/, { title: "Dailymotion" }],
]

const refused = (title: string): KeyTest => ({
  publish: false,
  why: `${title} may begin a broadcast, or end one that is on air, as soon as somebody publishes`,
})

/**
 * @param preset of the output
 * @param host of its URL: what is known of it counts before the preset, for people paste URLs
 */
export const keyTestOf = (preset: PresetName | null, host: string): KeyTest => {
  const name = host.toLowerCase()
  const platform = PLATFORMS.find(([pattern]) => pattern.test(name))?.[1] ?? preset
  if (platform === null) return { publish: true, query: "" }
  if (typeof platform === "object") return refused(platform.title)
  const { test_publishes, title } = presetOf(platform)
  if (!test_publishes) return refused(title)
  return { publish: true, query: platform === "twitch" ? TWITCH_QUERY : "" }
}

/** A stream key with a query of its own, or one more. */
export const withKeyQuery = (streamKey: string, query: string): string =>
  query === "" ? streamKey : `${streamKey}${streamKey.includes("?") ? "&" : "?"}${query}`
