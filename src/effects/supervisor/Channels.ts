/**
 * What can be done to channels. Order of every change: checked, stored, then carried out. What the store refuses has
 * changed nothing.
 */
import { Clock, Context, Effect, FiberRef, Layer } from "effect"
import { RunningChannels } from "../channel/RunningChannels.ts"
import { AppConfig } from "../config/AppConfig.ts"
import { accept } from "../config/accept.ts"
import { ChannelBook } from "../config/ChannelBook.ts"
import { outputHostOf } from "../config/output-host.ts"
import { firstFreePort } from "../config/port-ranges.ts"
import type { ChannelUpdate } from "../config/request-bodies.ts"
import { stamp } from "../config/stamp.ts"
import { reservedPorts, usedPorts } from "../config/used-ports.ts"
import { changedChannel, newChannel } from "../config/validate.ts"
import { cloneOf, type LeftOut } from "../declarative/clone.ts"
import type { CloneInput } from "../declarative/document.ts"
import { Actor } from "../model/actor.ts"
import { ChangeFeed } from "../model/ChangeFeed.ts"
import type { ChannelView, SourceName } from "../model/channel.ts"
import type { Conflict, EngineUnavailable, InvalidInput, NotFound, StoreError } from "../model/Errors.ts"
import { Changes } from "../store/Changes.ts"
import { StateTags } from "../store/StateTags.ts"
import { Store } from "../store/Store.ts"
import type { ChannelRequest } from "../templates/template-model.ts"
import { Removals } from "../undo/Removals.ts"
import { makeCreate } from "./create-channel.ts"
import { Registry } from "./Registry.ts"
import { makeSwitch } from "./switch-to.ts"

type Refused = InvalidInput | Conflict | StoreError

/** `ref` is a channel's UUID, slug or number; for `check` see `ChangesService.change`. */
export interface ChannelsService {
  readonly list: Effect.Effect<ReadonlyArray<ChannelView>>
  readonly get: (ref: string) => Effect.Effect<ChannelView, NotFound>
  readonly create: (input: ChannelRequest) => Effect.Effect<ChannelView, Refused>
  /** A second, stopped channel with disabled copies of the outputs; those that cannot be there twice are left out. */
  readonly clone: (
    ref: string,
    input: CloneInput,
  ) => Effect.Effect<{ readonly channel: ChannelView; readonly left_out: ReadonlyArray<LeftOut> }, NotFound | Refused>
  readonly update: <E = never>(
    ref: string,
    input: ChannelUpdate,
    check?: Effect.Effect<void, E>,
  ) => Effect.Effect<ChannelView, E | NotFound | Refused>
  /** Stops the channel first when it runs. Returns the token by which `Undo` brings it back. */
  readonly remove: <E = never>(
    ref: string,
    check?: Effect.Effect<void, E>,
  ) => Effect.Effect<string, E | NotFound | StoreError>
  /**
   * Looks at a new channel, or with `ref` at what that one would become, beside everything there is; stores nothing.
   */
  readonly preview: (input: ChannelRequest, ref?: string) => Effect.Effect<void, NotFound | InvalidInput | Conflict>
  readonly start: (ref: string) => Effect.Effect<ChannelView, NotFound | StoreError | EngineUnavailable>
  readonly stop: (ref: string) => Effect.Effect<ChannelView, NotFound | StoreError>
  /** Refused with `Conflict` when nothing usable arrives on that source, unless forced. */
  readonly switchSource: (
    ref: string,
    source: SourceName,
    force?: boolean,
  ) => Effect.Effect<ChannelView, NotFound | InvalidInput | Conflict | EngineUnavailable>
  /**
   * A port that nobody has, of those for inputs (`udp`) or SRT listener outputs (`srt`); another request may take it
   * all the same.
   */
  readonly freePort: (use: "udp" | "srt") => Effect.Effect<number, Conflict>
  /**
   * URLs at which the legs of a new channel may listen for SRT senders: at the ingest port, or at free ports of their
   * own.
   */
  readonly listenerUrls: Effect.Effect<Readonly<Record<SourceName, string>>, Conflict>
  /** See `StateTagsService`. */
  readonly secretsTag: (outputId: string) => string
}

/** What changes or removes a channel that there is. */
const makeVerbs = Effect.gen(function* () {
  const book = yield* ChannelBook
  const { change } = yield* Changes
  const host = outputHostOf(yield* AppConfig)
  const { publish } = yield* ChangeFeed
  const { bring, checkClaims, checkLegs, followDemand, view } = yield* Registry
  const removals = yield* Removals
  const running = yield* RunningChannels
  const store = yield* Store

  const updated = Effect.fn("Channels.update")(function* (ref: string, input: ChannelUpdate) {
    const before = yield* book.find(ref)
    const config = yield* accept(changedChannel(before, input))
    yield* checkLegs(config, before)
    yield* checkClaims(config, () => null, true)
    yield* store.updateChannel(config)
    yield* running.adopt(config)
    return yield* view(yield* followDemand(before, config))
  })
  const removed = Effect.fn("Channels.remove")(function* (ref: string) {
    const channel = yield* book.find(ref)
    const { id } = channel
    yield* store.deleteChannel(id)
    yield* running.halt(id)
    book.delete(id)
    yield* publish
    return removals.keep({ kind: "channel", channel }, yield* Clock.currentTimeMillis)
  })
  const cloned = Effect.fn("Channels.clone")(function* (ref: string, input: CloneInput) {
    const { channel, leftOut } = yield* accept(cloneOf(yield* book.find(ref), input, book.all(), host, yield* stamp))
    yield* checkClaims(channel, () => null, true)
    const config = yield* store.insertChannel(channel)
    yield* running.adopt(config)
    return { channel: yield* view(config), left_out: leftOut }
  })
  const setRunning = (shouldRun: boolean) => (ref: string) =>
    Effect.flatMap(FiberRef.get(Actor), (actor) =>
      change(
        Effect.flatMap(book.find(ref), (config) => bring(config, shouldRun, `by ${actor}`)).pipe(Effect.flatMap(view)),
      ),
    )
  const update: ChannelsService["update"] = (ref, input, check) => change(updated(ref, input), check)
  const remove: ChannelsService["remove"] = (ref, check) => change(removed(ref), check)
  const clone: ChannelsService["clone"] = (ref, input) => change(cloned(ref, input))
  return { update, remove, clone, start: setRunning(true), stop: setRunning(false) }
})

const make = Effect.gen(function* () {
  const book = yield* ChannelBook
  const settings = yield* AppConfig
  const host = outputHostOf(settings)
  const { checkClaims, checkLegs, view } = yield* Registry

  const preview = Effect.fn("Channels.preview")(function* (input: ChannelRequest, ref?: string) {
    const slugs = new Set(book.all().map((c) => c.slug))
    const before = ref === undefined ? null : yield* book.find(ref)
    const config = yield* accept(
      before === null ? newChannel(input, slugs, yield* stamp) : changedChannel(before, input),
    )
    yield* checkLegs(config, before)
    yield* checkClaims(
      config,
      (output) => (ref === undefined ? `outputs[${config.outputs.indexOf(output)}].url` : null),
      true,
    )
  })

  const claimed = Effect.sync(
    () =>
      new Set(
        book
          .all()
          .flatMap((config) => usedPorts(config, () => "", host.ingest))
          .concat(reservedPorts(host.ingest))
          .map(({ port }) => port),
      ),
  )
  const listenerUrls = Effect.gen(function* () {
    const url = (port: number) => `srt://:${port}?mode=listener`
    if (host.ingest !== null) return { primary: url(host.ingest.port), backup: url(host.ingest.port) }
    const taken = yield* claimed
    const primary = yield* firstFreePort(settings.srtPorts, taken, "input_url")
    const backup = yield* firstFreePort(settings.srtPorts, new Set([...taken, primary]), "backup_input_url")
    return { primary: url(primary), backup: url(backup) }
  })

  return Channels.of({
    list: Effect.suspend(() => Effect.forEach(book.inOrder(), view)),
    get: (ref) => Effect.flatMap(book.find(ref), view),
    create: yield* makeCreate,
    preview,
    ...(yield* makeVerbs),
    switchSource: yield* makeSwitch,
    freePort: (use) =>
      Effect.flatMap(claimed, (taken) =>
        use === "udp"
          ? firstFreePort(settings.udpPorts, taken, "udp_port")
          : firstFreePort(settings.srtPorts, taken, "url"),
      ),
    listenerUrls,
    secretsTag: (yield* StateTags).secretsTag,
  })
})

export class Channels extends Context.Tag("distributor/Channels")<Channels, ChannelsService>() {
  static readonly Live = Layer.effect(Channels, make)
}
