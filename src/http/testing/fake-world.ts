/** What the fakes of the control plane's services share: channels in memory, and what happened to them. */
import { Effect } from "effect"
import { protocolOfUrl } from "../../core/output/output-url.ts"
import { presetOf } from "../../core/output/presets.ts"
import { maskedSettings } from "../../core/output/shown-settings.ts"
import { outputSettingsOf } from "../../effects/config/output-input.ts"
import type { OutputInput } from "../../effects/config/request-bodies.ts"
import type { ChannelView, OutputView, Protocol } from "../../effects/model/channel.ts"
import type { CueView } from "../../effects/model/cue.ts"
import { NotFound } from "../../effects/model/Errors.ts"
import type { ChannelEventView } from "../../effects/model/event.ts"
import { makeChanges } from "../../effects/store/Changes.ts"
import type { RemovalView } from "../../effects/undo/Removals.ts"
import { fakeOutput } from "./fake-views.ts"

/** When removals can be undone no more. */
export const UNTIL = "2026-01-02T03:14:05.000Z"
export const slugOf = (name: string) =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "") || "unnamed"
const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`
const protocolOf = (url: string): Protocol => protocolOfUrl(url) ?? "srt"

/** What is shown of an output that is made of `input` as the `n`th of its channel. */
const shownOutput = (id: string, input: OutputInput, n: number): OutputView => {
  const preset = input.preset ?? null
  const url = input.url ?? (preset === null ? null : presetOf(preset).url) ?? "srt://none:1"
  const name = input.name ?? `${protocolOf(url)} ${n}`
  return fakeOutput({
    id,
    number: n,
    slug: slugOf(name),
    name,
    protocol: protocolOf(url),
    url: url.replace(/(passphrase=)[^&]*/, "$1***"),
    stream_key: input.stream_key == null ? null : "***",
    settings: maskedSettings(outputSettingsOf(input.settings)),
    preset,
    enabled: input.enabled ?? true,
  })
}

export const makeFakeWorld = () => {
  const channels = new Map<string, ChannelView>()
  const events = new Map<string, ReadonlyArray<ChannelEventView>>()
  const cues = new Map<string, ReadonlyArray<CueView>>()
  const removals = new Map<string, { readonly view: RemovalView; readonly back: () => ChannelView }>()
  let ids = 0
  const newId = () => uuid(++ids)
  /** Changes take turns as in the real one. */
  const { change } = Effect.runSync(makeChanges)

  const keep = (view: RemovalView, back: () => ChannelView) => {
    const token = newId()
    removals.set(token, { view, back })
    return token
  }
  const find = (ref: string) =>
    Effect.suspend(() => {
      const found = [...channels.values()].find((c) => c.id === ref || c.slug === ref || String(c.number) === ref)
      return found === undefined ? Effect.fail(new NotFound({ kind: "channel", ref })) : Effect.succeed(found)
    })
  /** What `of` holds for all channels, or for one; newest first. */
  const ofAll = <A extends { readonly id: number }>(
    of: ReadonlyMap<string, ReadonlyArray<A>>,
    {
      before = Number.POSITIVE_INFINITY,
      channel,
      limit,
    }: { readonly before?: number | undefined; readonly channel?: string | undefined; readonly limit: number },
  ) =>
    Effect.map(
      channel === undefined ? Effect.succeed([...channels.values()]) : Effect.map(find(channel), (one) => [one]),
      (shown) =>
        shown
          .flatMap(({ id, name, slug }) => (of.get(id) ?? []).map((one) => ({ ...one, channel: { id, name, slug } })))
          .filter(({ id }) => id < before)
          .sort((a, b) => b.id - a.id)
          .slice(0, limit),
    )
  const findOutput = (ref: string, output: string) =>
    Effect.flatMap(find(ref), (channel) => {
      const found = channel.outputs.find((o) => o.id === output || o.slug === output)
      return found === undefined
        ? Effect.fail(new NotFound({ kind: "output", ref: output }))
        : Effect.succeed([channel, found] as const)
    })
  const put = (channel: ChannelView) => {
    channels.set(channel.id, channel)
    return channel
  }
  const makeOutput = (input: OutputInput, n: number) => shownOutput(newId(), input, n)
  const putOutput = (ref: string, output: string, change: Partial<OutputView>) =>
    Effect.map(findOutput(ref, output), ([channel, old]) => {
      const changed = { ...old, ...change }
      put({ ...channel, outputs: channel.outputs.map((o) => (o === old ? changed : o)) })
      return changed
    })
  const set = (ref: string, change: Partial<ChannelView>) =>
    Effect.map(find(ref), (channel) => put({ ...channel, ...change }))

  return {
    change,
    channels,
    cues,
    events,
    find,
    findOutput,
    keep,
    makeOutput,
    newId,
    ofAll,
    put,
    putOutput,
    removals,
    set,
  }
}
export type FakeWorld = ReturnType<typeof makeFakeWorld>
