/** Statements on the rows of channels and outputs, each for one transaction or read of the store. */
import { Effect } from "effect"
import type { ChannelConfig, OutputConfig } from "../model/channel.ts"
import { openChannel, openOutput, sealChannel, sealOutput } from "./sealed-rows.ts"
import type { StoreAccess } from "./store-access.ts"
import type { StoreChange } from "./store-change.ts"
import {
  type ChannelRow,
  channelFromRow,
  channelToRow,
  type OutputRow,
  outputFromRow,
  outputToRow,
} from "./store-rows.ts"

/** Statements that read channels and outputs. */
const makeChannelReads = ({ box, sql }: Pick<StoreAccess, "box" | "sql">) => ({
  /** All channels by number, each with its outputs in the order in which they were added. */
  load: Effect.gen(function* () {
    const channels = yield* sql<ChannelRow>`SELECT * FROM channels ORDER BY number`
    const outputs = yield* sql<OutputRow>`SELECT * FROM outputs ORDER BY position`
    const outputsOf = (id: string) =>
      outputs.filter(({ channel_id }) => channel_id === id).map((output) => outputFromRow(openOutput(box, output)))
    return yield* Effect.try(() => channels.map((row) => channelFromRow(openChannel(box, row), outputsOf(row.id))))
  }),
  /** The number that the next channel gets. */
  nextNumber: Effect.map(
    sql<{ number: number }>`SELECT number FROM last_numbers WHERE name = 'channels'`,
    ([row]) => (row?.number ?? 0) + 1,
  ),
  /** True when there never was a channel, as opposed to all being deleted. */
  isNew: Effect.map(
    sql`SELECT 1 FROM last_numbers WHERE name = 'channels' AND number > 0`,
    (rows) => rows.length === 0,
  ),
})

/** Rows of channels and outputs; the secrets of outputs are encrypted with the store's box. */
export const makeChannelRows = ({ box, sql }: Pick<StoreAccess, "box" | "sql">) => {
  const insertOutput = (channelId: string, output: OutputConfig) =>
    Effect.zipRight(
      sql`INSERT INTO outputs ${sql.insert({ ...sealOutput(box, outputToRow(channelId, output)) })}`,
      sql`UPDATE channels SET last_output_number = ${output.number} WHERE id = ${channelId} AND last_output_number < ${output.number}`,
    )
  const insertOutputsOf = ({ id, outputs }: Pick<ChannelConfig, "id" | "outputs">) =>
    Effect.forEach(outputs, (output) => insertOutput(id, output), { discard: true })

  /** Inserts a channel with its outputs and returns it with the number it was given. */
  const insertChannel = Effect.fnUntraced(function* (channel: Omit<ChannelConfig, "number">) {
    const rows = yield* sql<{ number: number }>`
      UPDATE last_numbers SET number = number + 1 WHERE name = 'channels' RETURNING number`
    const number = rows[0]?.number
    if (number === undefined) return yield* Effect.dieMessage("there is no last number of channels")
    yield* sql`INSERT INTO channels ${sql.insert({ number, ...sealChannel(box, channelToRow(channel)) })}`
    yield* insertOutputsOf(channel)
    return { ...channel, number }
  })

  const restoreChannel = Effect.fnUntraced(function* (channel: ChannelConfig) {
    const { id, last_output_number, number } = channel
    yield* sql`INSERT INTO channels ${sql.insert({ number, ...sealChannel(box, channelToRow(channel)) })}`
    yield* insertOutputsOf(channel)
    // Outputs that were removed earlier may have had higher numbers than those that are restored.
    yield* sql`UPDATE channels SET last_output_number = ${last_output_number} WHERE id = ${id}`
  })

  const updateChannel = (channel: Omit<ChannelConfig, "number">) => {
    const { id, ...fields } = sealChannel(box, channelToRow(channel))
    return sql`UPDATE channels SET ${sql.update(fields)} WHERE id = ${id}`
  }
  const updateOutput = (output: OutputConfig) => {
    const { id, channel_id: _, ...fields } = sealOutput(box, outputToRow("", output))
    return sql`UPDATE outputs SET ${sql.update(fields)} WHERE id = ${id}`
  }
  const deleteChannel = (id: string) => sql`DELETE FROM channels WHERE id = ${id}`
  const deleteOutput = (id: string) => sql`DELETE FROM outputs WHERE id = ${id}`

  const writeOne = (change: Exclude<StoreChange, { readonly op: "insert_channel" }>) => {
    switch (change.op) {
      case "delete_channel":
        return deleteChannel(change.id)
      case "delete_output":
        return deleteOutput(change.id)
      case "update_channel":
        return updateChannel(change.channel)
      case "update_output":
        return updateOutput(change.output)
      case "insert_output":
        return insertOutput(change.channelId, change.output)
    }
  }

  return {
    insertChannel,
    restoreChannel,
    updateChannel,
    deleteChannel,
    insertOutput,
    updateOutput,
    deleteOutput,
    setShouldRun: (id: string, shouldRun: boolean) =>
      sql`UPDATE channels SET should_run = ${shouldRun ? 1 : 0} WHERE id = ${id}`,
    /** Carries out changes in their order; returns the numbers that new channels were given, by their ids. */
    write: Effect.fnUntraced(function* (changes: ReadonlyArray<StoreChange>) {
      const numbers = new Map<string, number>()
      for (const change of changes)
        if (change.op === "insert_channel")
          numbers.set(change.channel.id, (yield* insertChannel(change.channel)).number)
        else yield* writeOne(change)
      return numbers
    }),
    ...makeChannelReads({ box, sql }),
  }
}
