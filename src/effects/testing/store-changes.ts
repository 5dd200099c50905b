/**
 * A fixed sequence of changes of a store, and what it holds after any number of them: for tests that kill the writer.
 */
import { Effect } from "effect"
import { makeVersionRows } from "../declarative/version-rows.ts"
import type { ChannelConfig } from "../model/channel.ts"
import type { StoreError } from "../model/Errors.ts"
import type { StoreService } from "../store/Store.ts"
import { channelConfig, outputConfig } from "./configs.ts"

const PHASES = 6
/** A channel goes when the third after it comes. */
const LIVES_FOR = 3

const channelOf = (n: number, over: Partial<ChannelConfig> = {}) =>
  channelConfig({
    id: `c-${n}`,
    slug: `c-${n}`,
    rtp_port: 1 + (n % 65535),
    number: n + 1,
    last_output_number: 3,
    outputs: [1, 2, 3].map((k) => outputConfig({ id: `o-${n}-${k}`, slug: `o-${k}`, number: k })),
    ...over,
  })
const added = (n: number) => outputConfig({ id: `o-${n}-4`, slug: "o-4", number: 4, stream_key: `key ${n} 'é'` })

/** The change of a step; each is one transaction, of more than one statement where there can be. */
export const changeOf = (store: StoreService, step: number): Effect.Effect<unknown, StoreError> => {
  const n = Math.floor(step / PHASES)
  const channel = channelOf(n)
  const event = { channelId: channel.id, at: step, kind: "started", severity: "info" } as const
  switch (step % PHASES) {
    case 0:
      return store.insertChannel(channel)
    case 1:
      return store.updateChannel({ ...channel, name: `renamed in step ${step}` })
    case 2:
      return store.insertOutput(channel.id, added(n))
    case 3:
      return store.appendEvents([1, 2, 3].map((k) => ({ ...event, message: `${step}.${k}` })))
    case 4:
      return store.deleteOutput(`o-${n}-1`)
    default: {
      const versions = [
        { at: "2026-01-02T03:04:05.000Z", by: "test", what: `step ${step}`, document: "{}", running: "[]" },
      ]
      const changes = n < LIVES_FOR ? [] : [{ op: "delete_channel", id: `c-${n - LIVES_FOR}` } as const]
      const file = { path: "/channels.yaml", sha256: `${step}`, at: "2026-01-02T03:04:05.000Z" }
      return makeVersionRows(store).apply(
        [{ op: "update_output", output: outputConfig({ ...added(n), enabled: false }) }, ...changes],
        versions,
        file,
      )
    }
  }
}

const channelAfter = (n: number, steps: number): ChannelConfig => {
  const done = steps - n * PHASES
  const before = channelOf(n)
  const outputs = [
    ...before.outputs.slice(done > 4 ? 1 : 0),
    ...(done > 2 ? [{ ...added(n), enabled: done < PHASES }] : []),
  ]
  const name = done > 1 ? `renamed in step ${n * PHASES + 1}` : before.name
  return { ...before, name, outputs, last_output_number: done > 2 ? 4 : 3 }
}

/** What is compared: everything that the changes touch. */
export interface Contents {
  readonly channels: ReadonlyArray<ChannelConfig>
  readonly events: ReadonlyArray<ReadonlyArray<string>>
  readonly version: string | null
  readonly file: string | null
}

/** The store after so many steps. */
export const contentsAfter = (steps: number): Contents => {
  const begun = Math.ceil(steps / PHASES)
  const ended = Math.floor(steps / PHASES)
  const first = Math.max(0, ended - LIVES_FOR)
  const numbers = Array.from({ length: begun - first }, (_, k) => first + k)
  const last = ended * PHASES - 1
  return {
    channels: numbers.map((n) => channelAfter(n, steps)),
    events: numbers.map((n) => (steps - n * PHASES > 3 ? [3, 2, 1].map((k) => `${n * PHASES + 3}.${k}`) : [])),
    version: ended === 0 ? null : `step ${last}`,
    file: ended === 0 ? null : `${last}`,
  }
}

export const contentsOf = (store: StoreService): Effect.Effect<Contents, StoreError> =>
  Effect.gen(function* () {
    const channels = yield* store.load
    const events = yield* Effect.forEach(channels, ({ id }) => store.events(id, { limit: 100 }))
    return {
      channels,
      events: events.map((own) => own.map(({ message }) => message)),
      version: (yield* makeVersionRows(store).find(null))?.what ?? null,
      file: yield* makeVersionRows(store).fileHash("/channels.yaml"),
    }
  })
