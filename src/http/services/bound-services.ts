/**
 * The services as an account that is bound to tags has them: between every route and the control plane, so that no
 * route has to know of tags. Another's channel is not found, lists leave it out, and what belongs to the whole service
 * is closed; `access/bound.ts` decides.
 */
import { Effect } from "effect"
import type { HistoryMark } from "../../effects/history/history-model.ts"
import type { ControlPlane } from "../../effects/supervisor/ControlPlane.ts"
import type { BoundTo } from "../access/bound.ts"
import { makeIdempotency } from "../request/idempotency.ts"
import { boundChanges, boundChannels, boundOutputs, boundUndo } from "./bound-changes.ts"
import { boundNotifications } from "./bound-notifications.ts"
import { type Bounds, closed, makeBounds } from "./bounds.ts"
import type { AppServices } from "./services.ts"

/** Reads rows with sentences that name no other channel. */
const quietIn =
  (hush: Bounds["hush"]) =>
  <A extends { readonly message: string }, E>(rows: Effect.Effect<ReadonlyArray<A>, E>) =>
    Effect.zipWith(rows, hush, (all, quietly) => all.map((row) => ({ ...row, message: quietly(row.message) })))

/** The lines of the log about the channels that the account sees. */
const boundLog = ({ log }: Pick<AppServices, "log">, { last }: Bounds): AppServices["log"] => ({
  add: log.add,
  all: () => [],
  ofChannel: (slug) => {
    const { hush, madeAt } = last()
    const since = madeAt.get(slug)
    if (since === undefined) return []
    return log
      .ofChannel(slug)
      .filter(({ at }) => at >= since)
      .map((line) => ({ ...line, message: hush(line.message) }))
  },
})

/** Events and cues, of one channel and of all. */
const boundLogs = (
  { cues, events }: Pick<ControlPlane, "cues" | "events">,
  { about, hush, hushed, seen }: Bounds,
): Pick<ControlPlane, "cues" | "events"> => {
  const quietly = quietIn(hush)
  const idsOf = Effect.map(seen, (all) => all.map(({ id }) => id))
  return {
    cues: {
      list: (ref, query) => about(ref, cues.list(ref, query)),
      listAll: ({ channel, ...query }) =>
        channel === undefined
          ? Effect.flatMap(idsOf, (among) => cues.listAll({ ...query, among }))
          : about(channel, cues.listAll({ ...query, channel })),
      insert: (ref, input, by) => about(ref, hushed(cues.insert(ref, input, by))),
    },
    events: {
      list: (ref, query) => about(ref, quietly(events.list(ref, query))),
      listAll: ({ channel, ...query }) =>
        channel === undefined
          ? Effect.flatMap(idsOf, (among) => quietly(events.listAll({ ...query, among })))
          : about(channel, quietly(events.listAll({ ...query, channel }))),
    },
  }
}

/** What there is to look at of single channels: pictures, figures, records, links of partners, schedules. */
const boundLooks = (
  plane: ControlPlane,
  { about, hush, seen }: Bounds,
): Pick<
  ControlPlane,
  | "captures"
  | "dryRuns"
  | "history"
  | "hlsFiles"
  | "inputNeeds"
  | "partners"
  | "previews"
  | "records"
  | "schedules"
  | "thumbnails"
> => {
  const { captures, dryRuns, history, hlsFiles, inputNeeds, partners, previews, records, schedules, thumbnails } = plane
  /** Marks of plots are events in a few words. */
  const marked = <A extends { readonly marks: ReadonlyArray<HistoryMark> }, E>(plot: Effect.Effect<A, E>) =>
    Effect.zipWith(plot, hush, (view, quietly) => ({
      ...view,
      marks: view.marks.map((mark) => ({ ...mark, label: quietly(mark.label) })),
    }))
  const ofSeen = <A>(all: ReadonlyMap<string, A>) =>
    Effect.map(seen, (channels) => new Map([...all].filter(([id]) => channels.some((channel) => channel.id === id))))
  return {
    captures: { take: (ref, of, seconds) => about(ref, captures.take(ref, of, seconds)) },
    dryRuns: {
      ofNew: (input, ref = "") => (ref === "" ? dryRuns.ofNew(input) : about(ref, dryRuns.ofNew(input, ref))),
      ofExisting: (ref, output, change) => about(ref, dryRuns.ofExisting(ref, output, change)),
    },
    history: {
      recent: Effect.flatMap(history.recent, ofSeen),
      view: (ref, window) => marked(about(ref, history.view(ref, window))),
    },
    hlsFiles: { directory: (ref, output) => about(ref, hlsFiles.directory(ref, output)) },
    inputNeeds: { of: (ref) => about(ref, inputNeeds.of(ref)) },
    partners: {
      list: (ref, output) => about(ref, partners.list(ref, output)),
      create: (ref, output, wanted, by) => about(ref, partners.create(ref, output, wanted, by)),
      revoke: (ref, output, id) => about(ref, partners.revoke(ref, output, id)),
      open: partners.open,
    },
    previews: { watch: (ref, viewer) => about(ref, previews.watch(ref, viewer)) },
    records: {
      figures: (ref, span, output) => marked(about(ref, records.figures(ref, span, output))),
      cues: (ref, within, most) => about(ref, records.cues(ref, within, most)),
      events: (ref, within, most) =>
        Effect.zipWith(about(ref, records.events(ref, within, most)), hush, ({ more, rows }, quietly) => ({
          more,
          rows: rows.map((row) => ({ ...row, message: quietly(row.message) })),
        })),
      reachesBack: (ref, beforeMs) => about(ref, records.reachesBack(ref, beforeMs)),
      // What a channel that is gone has sent has no tags any more.
      egress: (month) =>
        Effect.zipWith(records.egress(month), seen, (rows, channels) =>
          rows.filter((row) => channels.some(({ number }) => number === row.channel)),
        ),
      egressPrice: records.egressPrice,
      setEgressPrice: () => closed,
      zone: (ref) => about(ref, records.zone(ref)),
    },
    schedules: {
      get: (ref) => about(ref, schedules.get(ref)),
      set: (ref, input) => about(ref, schedules.set(ref, input)),
      remove: (ref) => about(ref, schedules.remove(ref)),
    },
    thumbnails: { get: (ref) => about(ref, thumbnails.get(ref)) },
  }
}

/** What is of the whole service: closed, and what pages show of it is left out. */
const boundService = (
  { crashes, nodes, system, templates }: ControlPlane,
  { hushed }: Bounds,
): Pick<
  ControlPlane,
  "channelsJson" | "crashes" | "medialive" | "metrics" | "nodes" | "support" | "system" | "templates"
> => ({
  channelsJson: { text: () => closed },
  // A release is asked for with the id of a channel that was found.
  crashes: { list: closed, get: () => closed, keptOut: closed, release: crashes.release },
  medialive: { service: null },
  metrics: { view: closed },
  nodes: {
    ...nodes,
    setPlacement: (id, change) => hushed(nodes.setPlacement(id, change)),
    move: (id, node, force) => hushed(nodes.move(id, node, force)),
    setNode: () => closed,
    drain: () => closed,
    resume: () => closed,
  },
  support: { files: closed },
  system: {
    ...system,
    replaceEngine: () => closed,
    // The state of the service is for those who run it; of channels, their own pages tell.
    health: Effect.map(system.health, (health) => ({
      ...health,
      channels: { total: 0, running: 0, error: 0 },
      kept_out: [],
      problems: [],
      channel_problems: [],
    })),
  },
  templates: { ...templates, create: () => closed, update: () => closed, remove: () => closed },
})

/** The services of those who are bound to these tags. */
export const boundServices = (services: AppServices, tags: BoundTo): AppServices => {
  const bounds = makeBounds(services, tags)
  return {
    ...services,
    ...boundLogs(services, bounds),
    ...boundLooks(services, bounds),
    ...boundService(services, bounds),
    channels: boundChannels(services, bounds),
    outputs: boundOutputs(services, bounds),
    configuration: boundChanges(services, bounds),
    undo: boundUndo(services, bounds),
    notifications: boundNotifications(services, bounds),
    log: boundLog(services, bounds),
    // An answer that somebody else has got is theirs.
    idempotency: makeIdempotency(),
    medialiveWeb: null,
  }
}
