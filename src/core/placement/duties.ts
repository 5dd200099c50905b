/** What a node is to ask of PostgreSQL for its channels and for those that it would take over. */
import { type Loads, loadsOf, ranked, wantedPartner } from "./choose-node.ts"
import type { HeldChannel } from "./held-channel.ts"
import type { NodeRow, PlacementRow } from "./model.ts"
import type { GrantsGiven, Rules } from "./rules.ts"
import type { Statement } from "./statements.ts"
import type { Timing } from "./timing.ts"
import type { Watch } from "./watch.ts"

/** How long the owner waits for the target of a move to receive the channel, in ms. */
const READY_WITHIN_MS = 3000

/** What the duties are read from. */
export interface Desk {
  readonly self: string
  readonly timing: Timing
  readonly rules: Rules
  readonly watch: Watch
  readonly held: Iterable<HeldChannel>
  readonly given: (channel: string) => GrantsGiven
  /** True while this node hands over what it owns. */
  readonly draining: boolean
  /** True when this node receives a channel that is to come here. */
  readonly isArmed: (channel: string) => boolean
}

interface Look extends Desk {
  readonly owned: ReadonlyArray<HeldChannel>
  readonly others: ReadonlyArray<HeldChannel>
  /** Nodes that may get channels. */
  readonly up: ReadonlyArray<NodeRow>
  readonly loads: Loads
  readonly nowMs: number
}

/** A partner for the row, counted at once, so that the next channel goes elsewhere. */
const partnerFor = (look: Look, row: PlacementRow): string | null => {
  const { draining, loads, nowMs, self, up, watch } = look
  const isEnding = (name: string) => draining && name === self
  const candidates = up.filter(({ name }) => !isEnding(name))
  const mayStay = (name: string) =>
    !isEnding(name) &&
    watch.node(name)?.standing === "up" &&
    (name === row.partner ? !watch.isGone(name, nowMs) : watch.isHeard(name))
  const partner = wantedPartner(row, candidates, loads, watch.node(row.owner), mayStay)
  if (partner !== null && partner !== row.partner) loads.partnered.set(partner, (loads.partnered.get(partner) ?? 0) + 1)
  return partner
}

const takes = (look: Look): Statement => {
  const { given, loads, nowMs, others, rules, self, timing, up, watch } = look
  const ready = others.filter(({ isBusy, row }) => {
    if (isBusy) return false
    const silence = watch.silence(row.owner, nowMs)
    if (!rules.mayTakeOver(row, self, silence, given(row.channel), nowMs, timing)) return false
    if (row.partner !== null) return true
    // Several may take a channel without a partner: the best goes first, the others a beat later each.
    const place = ranked(up, loads).findIndex(({ name }) => name === self)
    return silence.silentMs >= timing.deadMs + (place < 0 ? up.length : place) * timing.beatMs
  })
  const items = ready.map(({ row }) => ({
    channel: row.channel,
    epoch: row.epoch,
    partner: partnerFor(look, { ...row, owner: self, partner: row.owner }),
  }))
  return { kind: "take", items }
}

/** Where a channel of this node is to go now; null while it stays. */
const destination = ({ nowMs, self, watch }: Look, { row, targetSinceMs }: HeldChannel): string | null => {
  const { partner, target, targetReady } = row
  if (target === null || target === self || !watch.isHeard(target)) return null
  const isAwaited = !targetReady && target !== partner && nowMs - (targetSinceMs ?? nowMs) < READY_WITHIN_MS
  return isAwaited ? null : target
}

/** Channels whose outputs are to be closed now, so that they can be given away. */
const beginToLeave = (look: Look) => {
  for (const channel of look.owned) {
    if (channel.leaving !== null) {
      // The one that it was for is silent: the channel stays, as soon as that is sure.
      if (!channel.isBusy && look.watch.isSilent(channel.leaving.to)) channel.leaving = null
      continue
    }
    const { given, nowMs, rules, timing } = look
    const mayOpen = rules.mayOpen(channel.row, given(channel.row.channel), nowMs, timing)
    if (channel.isBusy || channel.isInDoubt || !rules.mayLeave(mayOpen)) continue
    const to = destination(look, channel)
    if (to === null) continue
    // A node that is drained gives its channels away one after the other: each is dark for as short as possible.
    if (look.draining && look.owned.some(({ leaving }) => leaving !== null)) continue
    channel.leave(to)
  }
}

const releases = (look: Look): ReadonlyArray<Statement> =>
  look.owned.flatMap(({ isBusy, leaving, row }): ReadonlyArray<Statement> => {
    if (leaving === null || isBusy) return []
    if (!look.rules.mayRelease(leaving.closedMs !== null, leaving.fenceMs, look.nowMs)) return []
    const item = {
      channel: row.channel,
      epoch: row.epoch,
      to: leaving.to,
      partner: partnerFor(look, { ...row, owner: leaving.to, partner: look.self }),
      reason: look.draining ? ("drained" as const) : ("moved" as const),
      closedMs: Math.max(0, look.nowMs - (leaving.closedMs ?? leaving.fenceMs)),
    }
    return [{ kind: "release", items: [item] }]
  })

const pairs = (look: Look): Statement => {
  const { nowMs, rules, timing, watch } = look
  // The next partner knows nothing of what the one before has granted since the last beat.
  const grantedMs = rules.leaseUntil(watch.sentMs, nowMs, timing)
  const items = look.owned.flatMap(({ fenceMs, isBusy, isInDoubt, leaving, row }) => {
    if (leaving !== null || isBusy || !rules.mayPair(fenceMs, grantedMs)) return []
    const partner = partnerFor(look, row)
    return partner === row.partner && !isInDoubt ? [] : [{ channel: row.channel, epoch: row.epoch, partner }]
  })
  return { kind: "pair", items }
}

/** Targets that are reached or gone are crossed out; a node that is drained aims each channel at another node. */
const aims = (look: Look): Extract<Statement, { readonly kind: "aim" }> => {
  const { draining, loads, nowMs, owned, self, up, watch } = look
  type Aim = Extract<Statement, { readonly kind: "aim" }>["items"][number]
  const items = owned.flatMap(({ isBusy, leaving, row }): ReadonlyArray<Aim> => {
    const { channel, epoch, partner, target } = row
    if (leaving !== null || isBusy) return []
    if (target !== null)
      return target === self || watch.isGone(target, nowMs) ? [{ channel, epoch, from: target, target: null }] : []
    if (!draining) return []
    const others = up.filter(({ name }) => name !== self)
    const to = others.find(({ name }) => name === partner) ?? ranked(others, loads)[0]
    if (to === undefined) return []
    loads.owned.set(to.name, (loads.owned.get(to.name) ?? 0) + 1)
    return [{ channel, epoch, from: null, target: to.name }]
  })
  return { kind: "aim", items }
}

const notes = ({ given, isArmed, nowMs, others, owned, rules, self, timing }: Look): ReadonlyArray<Statement> => {
  const item = ({ row }: HeldChannel) => ({ channel: row.channel, epoch: row.epoch })
  const opened = owned.filter(
    ({ isBusy, leaving, row }) =>
      !isBusy &&
      leaving === null &&
      row.openEpoch !== row.epoch &&
      rules.mayOpen(row, given(row.channel), nowMs, timing),
  )
  const ready = others.filter(
    ({ isBusy, row }) => !isBusy && row.target === self && !row.targetReady && isArmed(row.channel),
  )
  return [
    { kind: "opened", items: opened.map(item) },
    { kind: "ready", items: ready.map(item) },
  ]
}

/** All of it, as of now; each channel is in one statement at most. Channels that must close first begin to. */
export const duties = (desk: Desk, nowMs: number): ReadonlyArray<Statement> => {
  const channels = [...desk.held]
  const look: Look = {
    ...desk,
    owned: channels.filter(({ row }) => row.owner === desk.self),
    others: channels.filter(({ row }) => row.owner !== desk.self),
    up: desk.watch.up(),
    loads: loadsOf(desk.watch.snapshot.rows),
    nowMs,
  }
  beginToLeave(look)
  const begun = new Set<string>()
  const all = [takes(look), ...releases(look), pairs(look), aims(look), ...notes(look)]
  return all.flatMap((statement) => {
    const items = statement.items.filter(({ channel }) => !begun.has(channel))
    for (const { channel } of items) begun.add(channel)
    return items.length === 0 ? [] : [{ ...statement, items } as Statement]
  })
}
