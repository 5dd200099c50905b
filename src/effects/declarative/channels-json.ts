/**
 * `config/channels.json` is read at the first start of a service, written for those who keep their channels so.
 *
 * {"<id>": {"config": {"name", "rtp_ip", "rtp_port", "backup_rtp_ip", "backup_rtp_port", "outputs":
 * [...]}, "created_at"}}
 *
 * What is written has the fields of ours that it needs to be read back whole.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Clock, Effect, Schema } from "effect"
import { maskSecrets } from "../../core/output/output-url.ts"
import { maskedSettings } from "../../core/output/shown-settings.ts"
import { type Checked, done, failed } from "../config/checked.ts"
import { claimConflicts } from "../config/claim-conflicts.ts"
import { describeIssue } from "../config/describe-issue.ts"
import { storedAddresses } from "../config/leg-address.ts"
import { MASK } from "../config/output-input.ts"
import type { OutputHost } from "../config/output-place.ts"
import { ChannelInput, OutputInput } from "../config/request-bodies.ts"
import { newChannel } from "../config/validate.ts"
import type { ChannelConfig, OutputConfig } from "../model/channel.ts"
import { type FieldError, StartRefused, type StoreError } from "../model/Errors.ts"
import type { StoreService } from "../store/Store.ts"

export const FILE_NAME = "channels.json"

type NewChannel = Omit<ChannelConfig, "number">
type Fields = Readonly<Record<string, unknown>>

/** By name, so that the same settings are the same bytes. */
const sorted = (fields: object) => Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)))

const outputOut = (output: OutputConfig, secrets: boolean) => ({
  id: output.id,
  name: output.name,
  protocol: output.protocol,
  url: secrets ? output.url : maskSecrets(output.url),
  stream_key: output.stream_key === null || secrets ? output.stream_key : MASK,
  settings: sorted(secrets ? output.settings : maskedSettings(output.settings)),
  preset: output.preset,
  enabled: output.enabled,
  created_at: output.created_at,
})

/** The file, ending in a line break: the same bytes for the same channels. */
export const writeChannelsJson = (channels: ReadonlyArray<ChannelConfig>, secrets: boolean): string => {
  const entries = [...channels]
    .sort((a, b) => a.number - b.number)
    .map((channel) => {
      const { autostart, auto_run, name, slug, tags } = channel
      const { backup_input_url: backup, input_url, ...addresses } = storedAddresses(channel)
      const urlOut = (url: string) => (secrets ? url : maskSecrets(url))
      const config = {
        name,
        ...addresses,
        ...(input_url == null ? {} : { input_url: urlOut(input_url) }),
        ...(backup == null ? {} : { backup_input_url: urlOut(backup) }),
        outputs: channel.outputs.map((output) => outputOut(output, secrets)),
        slug,
        ...(tags.length === 0 ? {} : { tags }),
        autostart,
        auto_run,
        input: sorted(channel.input),
      }
      return `${JSON.stringify(channel.id)}: ${JSON.stringify({ config, created_at: channel.created_at }, null, 2)}`
    })
  const text = entries.join(",\n").replaceAll("\n", "\n  ")
  return entries.length === 0 ? "{}\n" : `{\n  ${text}\n}\n`
}

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Kept when it can stand in a URL and cannot be taken for a channel's number. */
const isId = (id: unknown): id is string => typeof id === "string" && /^[\w.-]{1,64}$/.test(id) && !/^[\d.]+$/.test(id)
const isSlug = (slug: unknown): slug is string =>
  typeof slug === "string" && /^(?=.{1,64}$)[a-z0-9]+(-[a-z0-9]+)*$/.test(slug) && !/^\d+$/.test(slug)

/** Python writes local time without an offset; containers run in UTC. */
const timeOf = (text: unknown, otherwise: string): string => {
  if (typeof text !== "string") return otherwise
  const ms = Date.parse(/(?:[Zz]|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`)
  return Number.isFinite(ms) ? new Date(ms).toISOString() : otherwise
}

const decode = Schema.decodeUnknownEither(ChannelInput, { errors: "all", onExcessProperty: "ignore" })
const KNOWN = {
  channel: new Set([...Object.keys(ChannelInput.fields), "slug", "id", "created_at"]),
  output: new Set([...Object.keys(OutputInput.fields), "id", "created_at"]),
}
const unknownOf = (fields: unknown, known: ReadonlySet<string>): ReadonlyArray<string> =>
  isFields(fields) ? Object.keys(fields).filter((name) => !known.has(name)) : []

export interface ReadChannels {
  readonly channels: ReadonlyArray<NewChannel>
  /** Names of fields that were not taken over: what the other system kept of its own. */
  readonly ignored: ReadonlyArray<string>
}

/** Ids and times of the file where it has them. */
const withOwn = (channel: NewChannel, id: string, entry: Fields, config: Fields, ids: Set<string>): NewChannel => {
  const own = Array.isArray(config["outputs"]) ? config["outputs"] : []
  const take = (wanted: unknown, otherwise: string) => {
    const taken = isId(wanted) && !ids.has(wanted) ? wanted : otherwise
    ids.add(taken)
    return taken
  }
  const created_at = timeOf(entry["created_at"], channel.created_at)
  const outputs = channel.outputs.map((output, index) => {
    const fields: unknown = own[index]
    const of = isFields(fields) ? fields : {}
    return { ...output, id: take(of["id"], output.id), created_at: timeOf(of["created_at"], created_at) }
  })
  return { ...channel, id: take(id, channel.id), created_at, outputs }
}

/** Everything that is wrong with the file, or its channels in its order. */
export const readChannelsJson = (text: string, createdAt: string, host: OutputHost): Checked<ReadChannels> => {
  let file: unknown
  try {
    file = JSON.parse(text.replace(/^\uFEFF/, ""))
  } catch {
    // The parser's sentence may quote a secret.
    return failed([{ path: "file", message: "is not valid JSON" }])
  }
  if (!isFields(file)) return failed([{ path: "file", message: "must be an object of channels by their ids" }])
  const channels: NewChannel[] = []
  const errors: FieldError[] = []
  const ignored = new Set<string>()
  const ids = new Set<string>()
  for (const [id, entry] of Object.entries(file)) {
    const config = isFields(entry) ? entry["config"] : undefined
    if (!isFields(entry) || !isFields(config)) {
      errors.push({ path: id, message: 'must be an object with "config"' })
      continue
    }
    const input = decode(config)
    if (input._tag === "Left") {
      errors.push(
        ...describeIssue(input.left.issue).map(({ message, path }) => ({ path: `${id}.config.${path}`, message })),
      )
      continue
    }
    for (const name of unknownOf(config, KNOWN.channel)) ignored.add(name)
    for (const output of Array.isArray(config["outputs"]) ? config["outputs"] : [])
      for (const name of unknownOf(output, KNOWN.output)) ignored.add(`outputs.${name}`)
    const slugs = new Set(channels.map(({ slug }) => slug))
    const checked = newChannel(input.right, slugs, { id: () => crypto.randomUUID(), createdAt })
    if (!checked.ok) {
      errors.push(...checked.errors.map(({ message, path }) => ({ path: `${id}.config.${path}`, message })))
      continue
    }
    const { slug } = config
    const named = isSlug(slug) && !slugs.has(slug) ? { ...checked.value, slug } : checked.value
    const channel = withOwn(named, id, entry, config, ids)
    const before = channels.map((other, index) => ({ ...other, number: index + 1 }))
    const claims = claimConflicts(
      channel,
      before,
      (output) => `outputs[${channel.outputs.indexOf(output)}].url`,
      true,
      host,
    )
    errors.push(...claims.map(({ message, path }) => ({ path: `${id}.config.${path}`, message })))
    channels.push(channel)
  }
  return errors.length > 0 ? failed(errors) : done({ channels, ignored: [...ignored].sort() })
}

/** More sentences help nobody. */
const MAX_TOLD = 10

/**
 * Takes over `channels.json` of the data directory into a store that never had a channel: all of it or nothing. The
 * file stays as it is. Fails with `StartRefused`, which says what to mend, when it cannot be taken as it is.
 */
export const importChannelsJson = (
  dataDir: string,
  store: Pick<StoreService, "isNew" | "insertChannels">,
  host: OutputHost,
): Effect.Effect<void, StartRefused | StoreError> =>
  Effect.gen(function* () {
    if (!(yield* store.isNew)) return
    const path = join(dataDir, FILE_NAME)
    const refuse = (why: string) =>
      new StartRefused({
        reason: `${path} cannot be imported: ${why}. Nothing was imported: mend the file, or move it away`,
      })
    const text = yield* Effect.try({
      try: () => readFileSync(path, "utf8"),
      catch: (error) => (error instanceof Error ? error : new Error(String(error))),
    }).pipe(
      Effect.catchAll((error) =>
        "code" in error && error.code === "ENOENT" ? Effect.succeed(null) : Effect.fail(refuse(error.message)),
      ),
    )
    if (text === null) return
    const read = readChannelsJson(text, new Date(yield* Clock.currentTimeMillis).toISOString(), host)
    if (!read.ok) {
      const told = read.errors.slice(0, MAX_TOLD).map((error) => `${error.path}: ${error.message}`)
      return yield* refuse(
        [...told, ...(read.errors.length > MAX_TOLD ? [`and ${read.errors.length - MAX_TOLD} more`] : [])].join("; "),
      )
    }
    const { channels, ignored } = read.value
    yield* store.insertChannels(channels)
    const outputs = channels.reduce((sum, channel) => sum + channel.outputs.length, 0)
    const left =
      ignored.length === 0 ? "" : `; fields that mean nothing here were left out: ${ignored.join(", ").slice(0, 200)}`
    yield* Effect.log(`imported ${channels.length} channels with ${outputs} outputs from ${path}${left}`)
  })
