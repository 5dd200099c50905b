/**
 * The words of `/api/inputs` for channels: an input is a channel by its number, `udp_port` is `rtp_port`, outputs have numbers. Not
 * a second model.
 */
import { Effect, Schema } from "effect"
import { ChannelInput, ChannelUpdate, OutputUpdate } from "../../effects/config/request-bodies.ts"
import type { ChannelStatus, ChannelView, OutputView, SourceName } from "../../effects/model/channel.ts"
import { Conflict, type FieldError, InvalidInput, NotFound, type StoreError } from "../../effects/model/Errors.ts"
import type { ChannelEventView } from "../../effects/model/event.ts"
import type { ChannelsService } from "../../effects/supervisor/Channels.ts"
import type { EventsService } from "../../effects/supervisor/Events.ts"
import type { OutputRequest } from "../../effects/templates/template-model.ts"
import type { AppServices } from "../services/services.ts"

const { name, rtp_port } = ChannelInput.fields
/** An id that comes back as it was shown; others are refused. */
const SameId = Schema.optional(Schema.Union(Schema.String, Schema.Int))

/** Body of `POST /api/inputs`; without `udp_port` a free one is given. */
export const InputBody = Schema.Struct({ name, udp_port: rtp_port, url: ChannelInput.fields.input_url })
export type InputBody = typeof InputBody.Type

/** Body of `PUT /api/inputs/{id}`: what is left out stays as it is. */
export const InputChange = Schema.Struct({
  id: SameId,
  name: ChannelUpdate.fields.name,
  udp_port: ChannelUpdate.fields.rtp_port,
  url: ChannelUpdate.fields.input_url,
})
export type InputChange = typeof InputChange.Type

/** Body of `PUT /api/inputs/{id}/outputs/{output_id}`. */
export const InputOutputChange = Schema.Struct({ ...OutputUpdate.fields, id: SameId })
export type InputOutputChange = typeof InputOutputChange.Type

/** An output as `/api/inputs` numbers it; everything else is as in `OutputView`. */
export type InputOutputView = Omit<OutputView, "id" | "number"> & {
  readonly id: number
  readonly input_id: number
  /** UUID of the output. */
  readonly output_id: string
}

export interface InputView {
  readonly id: number
  /** UUID of the channel, and its name in `/api/channels`. */
  readonly channel_id: string
  readonly slug: string
  readonly name: string
  /** Null for an input that is received by SRT. */
  readonly udp_port: number | null
  /** Masked; null for an input that is received by RTP or UDP. */
  readonly url: string | null
  readonly status: ChannelStatus
  readonly lifecycle: ChannelView["lifecycle"]
  readonly error: string | null
  readonly uptime: number
  /** bit/s that arrive on the source in use. */
  readonly bitrate: number
  readonly framing: "none" | "rtp" | "udp" | "srt"
  readonly active_source: SourceName
  readonly created_at: string
  readonly outputs: ReadonlyArray<InputOutputView>
}

export const inputOutputView = (channel: number, { id, number, ...output }: OutputView): InputOutputView => ({
  id: number,
  input_id: channel,
  output_id: id,
  ...output,
})

export const inputView = (channel: ChannelView): InputView => {
  const {
    active_source,
    created_at,
    error,
    id,
    input_url,
    lifecycle,
    name,
    number,
    outputs,
    rtp_port,
    slug,
    status,
    uptime,
  } = channel
  const leg = channel.input.legs.find(({ source }) => source === active_source)
  return {
    id: number,
    channel_id: id,
    slug,
    name,
    udp_port: rtp_port,
    url: input_url,
    status,
    lifecycle,
    error,
    uptime,
    bitrate: leg?.bitrate ?? 0,
    framing: leg?.framing ?? "none",
    active_source,
    created_at,
    outputs: outputs.map((output) => inputOutputView(number, output)),
  }
}

/** The request spoke of `udp_port`. */
const inItsWords = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E | Conflict | InvalidInput> => {
  const renamed = (errors: ReadonlyArray<FieldError>) =>
    errors.map(({ message, path }) => ({
      path: path === "rtp_port" ? "udp_port" : path === "input_url" ? "url" : path,
      message,
    }))
  return Effect.mapError(effect, (error) => {
    if (error instanceof Conflict) return new Conflict({ errors: renamed(error.errors) })
    return error instanceof InvalidInput ? new InvalidInput({ errors: renamed(error.errors) }) : error
  })
}

/** Between asking for a free port and taking it another request may have taken it. */
const TRIES = 5
const withFreePort = <A, E>(
  channels: Pick<ChannelsService, "freePort">,
  use: "udp" | "srt",
  attempt: (port: number) => Effect.Effect<A, E>,
): Effect.Effect<A, E | Conflict> =>
  Effect.retry(Effect.flatMap(channels.freePort(use), attempt), {
    times: TRIES,
    while: (error) => error instanceof Conflict,
  })

/** A listener without a port gets the ingest port, or a free one. */
const createSrt = (channels: ChannelsService, { name, udp_port }: InputBody, url: string) => {
  const create = (input_url: string) => channels.create({ name, rtp_port: udp_port, input_url })
  const parts = withoutPort(url)
  if (parts === null) return create(url)
  const attempt = Effect.flatMap(channels.listenerUrls, ({ primary }) =>
    create(`${parts[0]}:${/:(\d+)/.exec(primary)?.[1]}${parts[1]}`),
  )
  return Effect.retry(attempt, { times: TRIES, while: (error) => error instanceof Conflict })
}

/** The input, started at once: by SRT, or on every address of the machine for RTP and raw UDP alike. */
export const createInput = (channels: ChannelsService, body: InputBody) => {
  const { name, udp_port, url } = body
  const create = (rtp_port: number) => channels.create({ name, rtp_ip: "0.0.0.0", rtp_port })
  const created =
    url != null
      ? createSrt(channels, body, url)
      : udp_port == null
        ? withFreePort(channels, "udp", create)
        : create(udp_port)
  return inItsWords(Effect.flatMap(created, ({ id }) => channels.start(id))).pipe(Effect.map(inputView))
}

const sameId = (given: string | number | undefined, known: ReadonlyArray<string>): Effect.Effect<void, InvalidInput> =>
  given === undefined || known.includes(String(given))
    ? Effect.void
    : new InvalidInput({ errors: [{ path: "id", message: "differs from the one in the path; ids cannot be changed" }] })

/** @param check what must hold for the change to be made: looked at before the id of the body is */
export const changeInput = <E>(
  channels: ChannelsService,
  ref: string,
  { id, name, udp_port, url }: InputChange,
  check: Effect.Effect<void, E>,
) => {
  const isSame = Effect.flatMap(channels.get(ref), (channel) =>
    sameId(id, [channel.id, channel.slug, String(channel.number)]),
  )
  return inItsWords(channels.update(ref, { name, rtp_port: udp_port, input_url: url }, Effect.zipRight(check, isSame)))
}

/** An output of an input by its number; its UUID and slug find it too. */
export const findInputOutput = (
  channels: Pick<ChannelsService, "get">,
  ref: string,
  outputRef: string,
): Effect.Effect<{ readonly channel: ChannelView; readonly output: OutputView }, NotFound> =>
  Effect.flatMap(channels.get(ref), (channel) => {
    const { outputs } = channel
    const output =
      outputs.find((o) => String(o.number) === outputRef) ??
      outputs.find((o) => o.id === outputRef || o.slug === outputRef)
    return output === undefined ? new NotFound({ kind: "output", ref: outputRef }) : Effect.succeed({ channel, output })
  })

/** `srt://HOST?mode=listener` in its parts, where it names no port; null for every other URL. */
const withoutPort = (url: string): readonly [before: string, after: string] | null => {
  const match = /^(srt:\/\/(\[[^\]]*\]|[^:/?#@]*))(?::0?)?(\/?(?:\?.*)?)$/i.exec(url)
  const [, before, host, after] = match ?? []
  if (before === undefined || host === undefined || after === undefined) return null
  const mode = /[?&;]mode=(\w+)/i.exec(after)?.[1]?.toLowerCase()
  const listens = mode === undefined ? ["", "0.0.0.0", "[::]"].includes(host) : mode === "listener" || mode === "server"
  return listens && !/[?&;](?:port|localport|bind)=/i.test(after) ? [before, after] : null
}

/** An SRT listener without a port, or SRT without a URL, gets a free one. */
export const addInputOutput = (
  { channels, outputs }: Pick<AppServices, "channels" | "outputs">,
  ref: string,
  input: OutputRequest,
) =>
  Effect.gen(function* () {
    const { number } = yield* channels.get(ref)
    const url =
      input.url ??
      (input.protocol === "srt" && input.preset == null && input.template === undefined
        ? "srt://0.0.0.0?mode=listener"
        : undefined)
    const parts = url === undefined ? null : withoutPort(url)
    const add = (port: number) => outputs.add(ref, { ...input, url: `${parts?.[0]}:${port}${parts?.[1]}` })
    const added = yield* parts === null ? outputs.add(ref, input) : withFreePort(channels, "srt", add)
    return inputOutputView(number, added)
  })

/** @param check what must hold for the change to be made: looked at before the id of the body is */
export const changeInputOutput = <E>(
  { channels, outputs }: Pick<AppServices, "channels" | "outputs">,
  ref: string,
  outputRef: string,
  { id, ...change }: InputOutputChange,
  check: Effect.Effect<void, E>,
) =>
  Effect.gen(function* () {
    const { channel } = yield* findInputOutput(channels, ref, outputRef)
    const isSame = Effect.flatMap(findInputOutput(channels, ref, outputRef), ({ output }) =>
      sameId(id, [output.id, output.slug, String(output.number)]),
    )
    return { channel, output: yield* outputs.update(channel.id, outputRef, change, Effect.zipRight(check, isSame)) }
  })

/** A line of an output's log. */
export interface OutputLogLine {
  readonly at: string
  readonly level: "info" | "warning" | "error"
  readonly kind: string
  readonly message: string
}

const LEVELS: Readonly<Record<ChannelEventView["severity"], OutputLogLine["level"]>> = {
  info: "info",
  warning: "warning",
  critical: "error",
}
/** Events of a channel are kept in thousands; most are not of one output. */
const PAGE = 1000
const MAX_PAGES = 20

/** What happened to an output, newest first. */
export const outputLog = (
  events: Pick<EventsService, "list">,
  channel: ChannelView,
  output: OutputView,
  limit: number,
): Effect.Effect<ReadonlyArray<OutputLogLine>, NotFound | StoreError> =>
  Effect.gen(function* () {
    // A slug may have been another output's before.
    const since = Date.parse(output.created_at)
    const lines: OutputLogLine[] = []
    let before: number | undefined
    for (let page = 0; page < MAX_PAGES && lines.length < limit; page++) {
      const found = yield* events.list(channel.id, {
        limit: PAGE,
        before,
        sinceMs: Number.isFinite(since) ? since : undefined,
      })
      for (const event of found) {
        if (event.output !== output.slug) continue
        lines.push({ at: event.at, level: LEVELS[event.severity], kind: event.kind, message: event.message })
      }
      before = found.at(-1)?.id
      if (found.length < PAGE) break
    }
    return lines.slice(0, limit)
  })

export const logAsText = (lines: ReadonlyArray<OutputLogLine>): string =>
  lines
    .map(({ at, level, message }) => `${at} ${level.toUpperCase().padEnd(7)} ${message.replace(/\s+/g, " ")}\n`)
    .join("")
