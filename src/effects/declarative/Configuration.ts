/** The configuration as a whole: shown, compared, applied in one transaction, and kept in versions. */
import { Effect } from "effect"
import type { OutputHost } from "../config/output-place.ts"
import type { StateTag } from "../config/state-tag.ts"
import type { Stamp } from "../config/validate.ts"
import type { ChannelConfig } from "../model/channel.ts"
import { Conflict, InvalidInput, type StartRefused, type StoreError } from "../model/Errors.ts"
import { inSlices } from "../model/slices.ts"
import { exposureOf, parseConfigFile, readConfigFile, refuseFile } from "./config-file.ts"
import { conflictsWithin, privateTargetsWithin } from "./conflicts.ts"
import type { ConfigDiff } from "./diff.ts"
import { type ConfigDocument, decodeDocument } from "./document.ts"
import { exportConfig, maskedDocument } from "./export.ts"
import { type Action, type Plan, planOf, STEPS } from "./plan.ts"
import { resolveDocument, type WantedChannel } from "./resolve.ts"
import type { AppliedFile, NewVersion, VersionEntry, VersionRows } from "./version-rows.ts"

export type { VersionEntry } from "./version-rows.ts"

/** What came of applying a document, or would come of it. */
export interface ConfigAnswer extends ConfigDiff {
  readonly dry_run: boolean
  /** The version that was made; null when nothing changed. */
  readonly version: number | null
}

export interface VersionView extends VersionEntry {
  readonly config: ConfigDocument
}

export interface ApplyOptions {
  readonly dryRun: boolean
  /** Who asks, for the record. */
  readonly by: string
}

type Refused = InvalidInput | Conflict | StoreError

export interface ConfigService {
  /** @param secrets false puts `***` in the place of every secret */
  readonly export: (secrets: boolean) => Effect.Effect<ConfigDocument>
  /** With a name of the state, which is the same with and without the secrets, changes with them, and tells nothing of them. */
  readonly tagged: (secrets: boolean) => Effect.Effect<{ readonly document: ConfigDocument; readonly tag: string }>
  /** The document becomes the configuration: what it does not name is removed. Only what differs is touched. */
  readonly apply: (document: ConfigDocument, options: ApplyOptions) => Effect.Effect<ConfigAnswer, Refused>
  /** Newest first. */
  readonly versions: Effect.Effect<ReadonlyArray<VersionEntry>, StoreError>
  /** Null when there is no such version, or no more. */
  readonly version: (version: number, secrets: boolean) => Effect.Effect<VersionView | null, StoreError>
  readonly rollback: (version: number, options: ApplyOptions) => Effect.Effect<ConfigAnswer, Refused>
}

/** What the supervisor lends. */
export interface ConfigDeps {
  readonly versions: VersionRows
  readonly host: OutputHost
  readonly configs: Map<string, ChannelConfig>
  readonly stamp: Effect.Effect<Stamp>
  readonly tag: StateTag
  /** One change at a time, carried out to its end. */
  readonly change: <A, E>(effect: Effect.Effect<A, E>) => Effect.Effect<A, E | StoreError>
  /** Carries out one action; `config` is the channel as it is stored now, undefined when it was removed. */
  readonly carryOut: (action: Action, config: ChannelConfig | undefined) => Effect.Effect<unknown>
}

/** Channels that are started or changed at a time. */
const AT_ONCE = 16

const textOf = (channels: Iterable<ChannelConfig>): string => JSON.stringify(exportConfig([...channels]))
const runningOf = (channels: Iterable<ChannelConfig>): string =>
  JSON.stringify([...channels].filter(({ should_run }) => should_run).map(({ slug }) => slug))

export const makeConfigService = ({ carryOut, change, configs, host, stamp, tag, versions: rows }: ConfigDeps) => {
  /** Checks the whole of it; nothing is changed. `runs` are slugs of channels that run when they come back. */
  const plan = (document: ConfigDocument, runs: ReadonlySet<string> = new Set()) =>
    Effect.gen(function* () {
      const current = [...configs.values()].sort((a, b) => a.number - b.number)
      const at = yield* stamp
      const resolved = yield* inSlices(() => resolveDocument(document, current, at))
      if (!resolved.ok) return yield* new InvalidInput({ errors: resolved.errors })
      const refused = yield* inSlices(() => privateTargetsWithin(resolved.value, document, host))
      if (refused.length > 0) return yield* new InvalidInput({ errors: refused })
      const errors = yield* inSlices(() => conflictsWithin(resolved.value, document, host))
      if (errors.length > 0) return yield* new Conflict({ errors })
      const wanted = resolved.value.map((channel) =>
        runs.has(channel.slug) && !configs.has(channel.id) ? { ...channel, should_run: true } : channel,
      )
      return { ...(yield* inSlices(() => planOf(current, wanted, host))), wanted }
    })

  /** Writes the plan and makes it known; `what` names the deed in front of what changed. */
  const write = (planned: Plan & { readonly wanted: ReadonlyArray<WantedChannel> }, by: string, what: string, file: AppliedFile | null) =>
    Effect.gen(function* () {
      const { createdAt: at } = yield* stamp
      const numbered = (numbers: ReadonlyMap<string, number>): ReadonlyArray<ChannelConfig> =>
        planned.wanted.map((channel) => ({ ...channel, number: configs.get(channel.id)?.number ?? numbers.get(channel.id) ?? 0 }))
      // New channels have no number yet and come last, in the order in which they will get one.
      const next = numbered(new Map(planned.wanted.map(({ id }, index) => [id, Number.MAX_SAFE_INTEGER - planned.wanted.length + index])))
      const versions: NewVersion[] = []
      if (planned.diff.changed) {
        const last = yield* rows.find(null)
        const before = textOf(configs.values())
        const running = runningOf(configs.values())
        if (last?.document !== before || last.running !== running) {
          const since =
            last === null ? "as it was before the first one was applied" : `with what other requests changed since version ${last.version}`
          versions.push({ at, by, what: `the configuration ${since}`, document: before, running })
        }
        versions.push({ at, by, what: `${what}: ${planned.diff.summary}`, document: textOf(next), running: runningOf(next) })
      }
      const { numbers, version } = yield* rows.apply(planned.store, versions, file)
      const kept = new Map(numbered(numbers).map((channel) => [channel.id, channel]))
      for (const id of configs.keys()) if (!kept.has(id)) configs.delete(id)
      for (const [id, channel] of kept) configs.set(id, channel)
      if (planned.diff.changed) yield* Effect.log(`${what}, by ${by}: ${planned.diff.summary}`)
      return version
    })

  const perform = (actions: ReadonlyArray<Action>) =>
    Effect.forEach(
      STEPS,
      (step) =>
        Effect.forEach(
          actions.filter((action) => action.do === step),
          (action) => carryOut(action, configs.get(action.id)),
          { concurrency: AT_ONCE, discard: true },
        ),
      { discard: true },
    )

  const applied = (document: ConfigDocument, { by, dryRun }: ApplyOptions, what: string, runs?: ReadonlySet<string>) =>
    Effect.gen(function* () {
      const planned = yield* plan(document, runs)
      const { diff } = planned
      if (dryRun || !diff.changed) return { dry_run: dryRun, version: null, ...diff }
      const version = yield* write(planned, by, what, null)
      yield* perform(planned.actions)
      return { dry_run: false, version, ...diff }
    })

  const tagged = (secrets: boolean) => {
    const document = exportConfig([...configs.values()])
    return { document: secrets ? document : maskedDocument(document), tag: tag(JSON.stringify(document)) }
  }

  const service: ConfigService = {
    export: (secrets) => Effect.sync(() => tagged(secrets).document),
    tagged: (secrets) => Effect.sync(() => tagged(secrets)),
    apply: (document, options) => change(applied(document, options, "a configuration is applied")),
    versions: rows.list,
    version: (number, secrets) =>
      Effect.map(rows.find(number), (found) => {
        if (found === null) return null
        const { at, by, document, version, what } = found
        const config = JSON.parse(document) as ConfigDocument
        return { version, at, by, what, config: secrets ? config : maskedDocument(config) }
      }),
    rollback: (number, options) =>
      change(
        Effect.gen(function* () {
          const found = yield* rows.find(number)
          if (found === null) {
            const message = `is ${number}, which is no version that is kept: GET /api/config/versions names those there are`
            return yield* new InvalidInput({ errors: [{ path: "version", message }] })
          }
          const document = yield* decodeDocument(JSON.parse(found.document))
          const runs = new Set<string>(JSON.parse(found.running))
          return yield* applied(document, options, `the configuration is rolled back to version ${number}`, runs)
        }),
      ),
  }

  /**
   * Applies a file before any channel is started, unless its content is what was applied last: changes made since by other requests
   * then stay.
   */
  const applyFile = (path: string): Effect.Effect<void, StartRefused | StoreError> =>
    Effect.gen(function* () {
      const file = yield* readConfigFile(path)
      if ((yield* rows.fileHash(path)) === file.sha256) {
        yield* Effect.log(`${path} is as it was when it was applied: the configuration stays as it is`)
        return
      }
      const document = yield* parseConfigFile(file)
      const exposure = yield* exposureOf(path, document)
      if (exposure !== null) yield* Effect.logWarning(exposure)
      const planned = yield* plan(document).pipe(
        Effect.catchTags({ InvalidInput: (e) => refuseFile(path, e), Conflict: (e) => refuseFile(path, e) }),
      )
      const { createdAt: at } = yield* stamp
      yield* write(planned, `DISTRIBUTOR_CONFIG`, `${path} is applied at the start`, { path, sha256: file.sha256, at })
      if (!planned.diff.changed) yield* Effect.log(`${path} says what the configuration is: nothing changes`)
    })

  return { service, applyFile }
}
