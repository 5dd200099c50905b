/** The configuration as a whole: shown, compared, applied in one transaction, and kept in versions. */
import { Context, Effect, Layer } from "effect"
import { RunningChannels } from "../channel/RunningChannels.ts"
import { AppConfig } from "../config/AppConfig.ts"
import { ChannelBook, type ChannelBookService } from "../config/ChannelBook.ts"
import { outputHostOf } from "../config/output-host.ts"
import type { OutputHost } from "../config/output-place.ts"
import { stamp } from "../config/stamp.ts"
import type { StateTag } from "../config/state-tag.ts"
import { ChangeFeed } from "../model/ChangeFeed.ts"
import type { ChannelConfig } from "../model/channel.ts"
import { Conflict, InvalidInput, NotFound, type StartRefused, type StoreError } from "../model/Errors.ts"
import { Changes, type ChangesService } from "../store/Changes.ts"
import { StateTags } from "../store/StateTags.ts"
import { Store } from "../store/Store.ts"
import { makeCarryOut } from "./carry-out.ts"
import { makeObserver } from "./change-log.ts"
import { type ChangeEntry, type ChangeQuery, type ChangeRows, makeChangeRows } from "./change-rows.ts"
import { exposureOf, parseConfigFile, readConfigFile, refuseFile } from "./config-file.ts"
import type { ConfigDiff } from "./diff.ts"
import { type ConfigDocument, decodeDocument } from "./document.ts"
import { exportConfig, maskedDocument } from "./export.ts"
import { type Action, STEPS } from "./plan.ts"
import { planDocument } from "./plan-document.ts"
import { takenBack } from "./take-back.ts"
import { makeVersionRows, type VersionEntry, type VersionRows } from "./version-rows.ts"
import { writePlan } from "./write-plan.ts"

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
  /** Applied only when this holds of what would change; else it is a dry run. */
  readonly only?: (diff: ConfigDiff) => boolean
}

type Refused = InvalidInput | Conflict | StoreError

export interface ConfigService {
  /** @param secrets false puts `***` in the place of every secret */
  readonly export: (secrets: boolean) => Effect.Effect<ConfigDocument>
  /**
   * With a name of the state, which is the same with and without the secrets, changes with them, and tells nothing
   * of them.
   */
  readonly tagged: (secrets: boolean) => Effect.Effect<{ readonly document: ConfigDocument; readonly tag: string }>
  /**
   * The document becomes the configuration: what it does not name is removed. Only what differs is touched.
   *
   * @param check see `ChangesService.change`
   */
  readonly apply: <E = never>(
    document: ConfigDocument,
    options: ApplyOptions,
    check?: Effect.Effect<void, E>,
  ) => Effect.Effect<ConfigAnswer, E | Refused>
  /** Newest first. */
  readonly versions: Effect.Effect<ReadonlyArray<VersionEntry>, StoreError>
  /** Null when there is no such version, or no more. */
  readonly version: (version: number, secrets: boolean) => Effect.Effect<VersionView | null, StoreError>
  readonly rollback: <E = never>(
    version: number,
    options: ApplyOptions,
    check?: Effect.Effect<void, E>,
  ) => Effect.Effect<ConfigAnswer, E | Refused>
  /** Who has changed what, a line for each change of a channel and its outputs, newest first. */
  readonly changes: (query: ChangeQuery) => Effect.Effect<ReadonlyArray<ChangeEntry>, StoreError>
  /**
   * Takes one change back; what was changed after it stays. `Conflict` when that was changed again since which it
   * changed.
   */
  readonly revert: (id: number, options: ApplyOptions) => Effect.Effect<ConfigAnswer, NotFound | Refused>
}

/** What requests do not ask for. */
export interface ConfigurationService extends ConfigService {
  /**
   * Applies a file before any channel is started, unless its content is what was applied last: changes made since by
   * other requests then stay.
   */
  readonly applyFile: (path: string) => Effect.Effect<void, StartRefused | StoreError>
  /** Number of the version that was made last, 0 without one. */
  readonly latestVersion: () => number
}

export interface ConfigDeps {
  readonly versions: VersionRows
  readonly changes: ChangeRows
  readonly host: OutputHost
  readonly book: ChannelBookService
  readonly tag: StateTag
  readonly change: ChangesService["change"]
  /** Carries out one action; `config` is the channel as it is stored now, undefined when it was removed. */
  readonly carryOut: (action: Action, config: ChannelConfig | undefined) => Effect.Effect<unknown>
}

/** Channels that are started or changed at a time. */
const AT_ONCE = 16

/** Carries out actions step by step, many channels at a time. */
const perform = ({ book, carryOut }: ConfigDeps, actions: ReadonlyArray<Action>) =>
  Effect.forEach(
    STEPS,
    (step) =>
      Effect.forEach(
        actions.filter((action) => action.do === step),
        (action) => carryOut(action, book.configs.get(action.id)),
        { concurrency: AT_ONCE, discard: true },
      ),
    { discard: true },
  )

const makeApplyFile =
  ({ book, host, versions: rows }: ConfigDeps): ConfigurationService["applyFile"] =>
  (path) =>
    Effect.gen(function* () {
      const file = yield* readConfigFile(path)
      if ((yield* rows.fileHash(path)) === file.sha256) {
        yield* Effect.log(`${path} is as it was when it was applied: the configuration stays as it is`)
        return
      }
      const document = yield* parseConfigFile(file)
      const exposure = yield* exposureOf(path, document)
      if (exposure !== null) yield* Effect.logWarning(exposure)
      const planned = yield* planDocument(book, host, document).pipe(
        Effect.catchTags({ InvalidInput: (e) => refuseFile(path, e), Conflict: (e) => refuseFile(path, e) }),
      )
      const { createdAt: at } = yield* stamp
      yield* writePlan(book, rows, planned, `DISTRIBUTOR_CONFIG`, `${path} is applied at the start`, {
        path,
        sha256: file.sha256,
        at,
      })
      if (!planned.diff.changed) yield* Effect.log(`${path} says what the configuration is: nothing changes`)
    })

export const makeConfigService = (deps: ConfigDeps): ConfigService => {
  const { book, change, changes, host, tag, versions: rows } = deps

  const applied = (
    document: ConfigDocument,
    { by, dryRun, only }: ApplyOptions,
    what: string,
    runs?: ReadonlySet<string>,
  ) =>
    Effect.gen(function* () {
      const planned = yield* planDocument(book, host, document, runs)
      const { diff } = planned
      const dry = dryRun || only?.(diff) === false
      if (dry || !diff.changed) return { dry_run: dry, version: null, ...diff }
      const version = yield* writePlan(book, rows, planned, by, what, null)
      yield* perform(deps, planned.actions)
      return { dry_run: false, version, ...diff }
    })

  const tagged = (secrets: boolean) => {
    const document = exportConfig(book.all())
    return { document: secrets ? document : maskedDocument(document), tag: tag(JSON.stringify(document)) }
  }

  const rolledBack = (number: number, options: ApplyOptions) =>
    Effect.gen(function* () {
      const found = yield* rows.find(number)
      if (found === null) {
        const message = `is ${number}, which is no version that is kept: GET /api/config/versions names those there are`
        return yield* new InvalidInput({ errors: [{ path: "version", message }] })
      }
      const document = yield* decodeDocument(JSON.parse(found.document))
      const runs = new Set<string>(JSON.parse(found.running))
      return yield* applied(document, options, `the configuration is rolled back to version ${number}`, runs)
    })

  const reverted = (id: number, options: ApplyOptions) =>
    Effect.gen(function* () {
      const sides = yield* changes.find(id)
      if (sides === null) return yield* new NotFound({ kind: "change", ref: String(id) })
      const slug = (sides.after ?? sides.before)?.slug
      const { channels, version } = exportConfig(book.all())
      const now = channels.find((channel) => channel.slug === slug) ?? null
      const back = takenBack(now, sides)
      if (!back.ok) return yield* new Conflict({ errors: back.errors })
      const { value } = back
      const others = channels.flatMap((channel) => (channel !== now ? [channel] : value === null ? [] : [value]))
      const document = { version, channels: now === null && value !== null ? [...others, value] : others }
      return yield* applied(yield* decodeDocument(document), options, `change ${id} is taken back`)
    })

  return {
    changes: changes.list,
    revert: (id, options) => change(reverted(id, options)),
    export: (secrets) => Effect.sync(() => tagged(secrets).document),
    tagged: (secrets) => Effect.sync(() => tagged(secrets)),
    apply: (document, options, check) => change(applied(document, options, "a configuration is applied"), check),
    versions: rows.list,
    version: (number, secrets) =>
      Effect.map(rows.find(number), (found) => {
        if (found === null) return null
        const { at, by, document, version, what } = found
        const config = JSON.parse(document) as ConfigDocument
        return { version, at, by, what, config: secrets ? config : maskedDocument(config) }
      }),
    rollback: (number, options, check) => change(rolledBack(number, options), check),
  }
}

const make = Effect.gen(function* () {
  const rows = makeVersionRows(yield* Store)
  let latest = (yield* rows.list)[0]?.version ?? 0
  const versions: VersionRows = {
    ...rows,
    apply: (...args) =>
      Effect.tap(rows.apply(...args), ({ version }) =>
        Effect.sync(() => {
          latest = Math.max(latest, version)
        }),
      ),
  }
  const changes = makeChangeRows((yield* Store).access)
  const deps: ConfigDeps = {
    versions,
    changes,
    host: outputHostOf(yield* AppConfig),
    book: yield* ChannelBook,
    tag: (yield* StateTags).tag,
    change: (yield* Changes).change,
    carryOut: makeCarryOut(yield* RunningChannels, (yield* ChangeFeed).publish),
  }
  const { observeBy } = yield* Changes
  yield* observeBy(makeObserver({ book: deps.book, host: deps.host, rows: changes }))
  return Configuration.of({ ...makeConfigService(deps), applyFile: makeApplyFile(deps), latestVersion: () => latest })
})

export class Configuration extends Context.Tag("distributor/Configuration")<Configuration, ConfigurationService>() {
  /** Fails with `StoreError` when the versions cannot be read. */
  static readonly Live = Layer.effect(Configuration, make)
}
