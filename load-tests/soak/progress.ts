/**
 * Outputs that are made anew from the stream (RTMP, RTSP, HLS) and so cannot be compared byte for byte: each must bring
 * more every time it is looked at.
 */
import type { Stage } from "./stage.ts"
import type { Watch } from "./watch.ts"

/** Segments of HLS take 11 s at 0.5 Mbit/s: the pattern has few IDR pictures. */
export const PROGRESS_S = 45
/** After the death of an engine the far end may hold the old session for so long, in s. */
const BACK_WITHIN_S = 90

export class Progress {
  readonly #stage: Stage
  readonly #watch: Watch
  readonly #before = new Map<string, number>()
  looks = 0

  constructor(stage: Stage, watch: Watch) {
    this.#stage = stage
    this.#watch = watch
  }

  async look(): Promise<void> {
    const { channels, product, rtmp, rtsp } = this.#stage
    const many = (kind: string) => channels.filter((channel) => channel.kind === kind).length
    this.looks += 1
    const figures = new Map<string, number>()
    if (rtmp !== null) {
      const received = await rtmp.received().catch(() => new Map<string, number>())
      for (let n = 0; n < many("rtmp"); n++) figures.set(`rtmp soak-${n}`, received.get(`soak-${n}`) ?? 0)
    }
    if (many("rtsp") > 0) figures.set("rtsp", rtsp.packets)
    for (const { id, input } of channels.filter(({ kind }) => kind === "hls")) {
      const playlist = await fetch(`${product.url}/hls/${id}/index.m3u8`, { signal: AbortSignal.timeout(10_000) })
        .then((answer) => answer.text())
        .catch(() => "")
      figures.set(`hls of ${input["name"]}`, Number(/#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(playlist)?.[1] ?? -1))
    }
    const excused =
      this.#watch.lately("engine killed", BACK_WITHIN_S) || this.#watch.lately("control plane killed", PROGRESS_S)
    for (const [name, value] of figures) {
      const before = this.#before.get(name)
      if (before !== undefined && value <= before && !excused)
        this.#watch.fail(`${name} brought nothing new in ${PROGRESS_S} s (${before}, then ${value})`)
      this.#before.set(name, value)
    }
  }
}
