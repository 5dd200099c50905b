/**
 * Links that show one output to a partner, and nothing else. A link lasts as long as it was made for, or until it is
 * revoked; its token is shown once, when it is made.
 */
import { createHash, randomBytes, randomUUID } from "node:crypto"
import { Clock, Context, Effect, Layer } from "effect"
import { ChannelBook } from "../config/ChannelBook.ts"
import { InvalidInput, NotFound, type StoreError } from "../model/Errors.ts"
import { Changes } from "../store/Changes.ts"
import { Store } from "../store/Store.ts"
import { MAX_DAYS, MAX_LABEL, standingOf } from "./partner-bodies.ts"
import { makePartnerRows, type PartnerLink } from "./partner-rows.ts"

export interface NewPartnerLink {
  /** Whom it is for; 1 to 100 characters. */
  readonly label: string
  /** 1 to 366. */
  readonly days: number
}

/** `ref` and `output` are UUID, slug or number of a channel, and UUID or slug of an output of it. */
export interface PartnerLinksService {
  readonly list: (ref: string, output: string) => Effect.Effect<ReadonlyArray<PartnerLink>, NotFound | StoreError>
  /** Makes a link; the token is in this answer and nowhere else. */
  readonly create: (
    ref: string,
    output: string,
    wanted: NewPartnerLink,
    by: string,
  ) => Effect.Effect<{ readonly link: PartnerLink; readonly token: string }, NotFound | InvalidInput | StoreError>
  readonly revoke: (ref: string, output: string, id: string) => Effect.Effect<void, NotFound | StoreError>
  /** The link that a token is for, whether it works or not; null for what is no token. Notes that it was looked at. */
  readonly open: (token: string) => Effect.Effect<PartnerLink | null, StoreError>
}

/** Links that work, of one output. */
export const MAX_LINKS = 20
const DAY_MS = 86_400_000
/** A link that has ended says so for so long. */
const REMEMBERED_MS = 90 * DAY_MS
/** A look is noted once in so many ms. */
const SEEN_EVERY_MS = 60_000
const TOKEN = /^[A-Za-z0-9_-]{43}$/

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex")

const errorsOf = ({ days, label }: NewPartnerLink) => [
  ...(label.length >= 1 && label.length <= MAX_LABEL && !/\p{Cc}/u.test(label)
    ? []
    : [{ path: "label", message: `must be 1 to ${MAX_LABEL} characters that say whom the link is for` }]),
  ...(Number.isInteger(days) && days >= 1 && days <= MAX_DAYS
    ? []
    : [{ path: "days", message: `must be a whole number from 1 to ${MAX_DAYS}` }]),
]

const make = Effect.gen(function* () {
  const book = yield* ChannelBook
  const { change } = yield* Changes
  const rows = makePartnerRows((yield* Store).access)

  const find = (ref: string, output: string) =>
    Effect.flatMap(book.find(ref), (config) => {
      const found = config.outputs.find(({ id, slug }) => id === output || slug === output)
      return found === undefined
        ? Effect.fail(new NotFound({ kind: "output", ref: output }))
        : Effect.succeed({ config, output: found })
    })

  const create = Effect.fn("PartnerLinks.create")(function* (
    ref: string,
    outputRef: string,
    wanted: NewPartnerLink,
    by: string,
  ) {
    const { config, output } = yield* find(ref, outputRef)
    const errors = errorsOf(wanted)
    if (errors.length > 0) return yield* new InvalidInput({ errors })
    const nowMs = yield* Clock.currentTimeMillis
    const working = (yield* rows.ofOutput(output.id)).filter((link) => standingOf(link, nowMs) === "works")
    if (working.length >= MAX_LINKS)
      return yield* new InvalidInput({
        errors: [{ path: "label", message: `this output has ${MAX_LINKS} links already: revoke one first` }],
      })
    yield* rows.forget(nowMs - REMEMBERED_MS)
    const token = randomBytes(32).toString("base64url")
    const link: PartnerLink = {
      id: randomUUID(),
      channelId: config.id,
      outputId: output.id,
      channelName: config.name,
      outputName: output.name,
      label: wanted.label,
      createdAt: nowMs,
      createdBy: by,
      expiresAt: nowMs + wanted.days * DAY_MS,
      revokedAt: null,
      seenAt: null,
    }
    yield* rows.insert(link, sha256(token))
    return { link, token }
  })

  return PartnerLinks.of({
    list: (ref, output) => Effect.flatMap(find(ref, output), (found) => rows.ofOutput(found.output.id)),
    create: (ref, output, wanted, by) => change(create(ref, output, wanted, by)),
    revoke: (ref, output, id) =>
      change(
        Effect.gen(function* () {
          const found = yield* find(ref, output)
          const isDone = yield* rows.revoke(id, found.output.id, yield* Clock.currentTimeMillis)
          if (!isDone) return yield* new NotFound({ kind: "partner link", ref: id })
        }),
      ),
    open: (token) =>
      Effect.gen(function* () {
        // What is no token is not asked for.
        const link = TOKEN.test(token) ? yield* rows.byToken(sha256(token)) : null
        if (link === null) return null
        const nowMs = yield* Clock.currentTimeMillis
        if (standingOf(link, nowMs) === "works" && nowMs - (link.seenAt ?? 0) >= SEEN_EVERY_MS)
          // That it was looked at matters less than that it can be.
          yield* Effect.ignore(rows.seen(link.id, nowMs))
        return link
      }),
  })
})

export class PartnerLinks extends Context.Tag("distributor/PartnerLinks")<PartnerLinks, PartnerLinksService>() {
  static readonly Live = Layer.effect(PartnerLinks, make)
}
