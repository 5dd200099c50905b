/** The changes of stored channels and outputs that one transaction carries out together. */
import type { ChannelConfig, OutputConfig } from "../model/channel.ts"

/** One change of a stored channel or output. A channel that is inserted gets its number from the store. */
export type StoreChange =
  | { readonly op: "delete_channel"; readonly id: string }
  | { readonly op: "delete_output"; readonly id: string }
  | { readonly op: "update_channel"; readonly channel: Omit<ChannelConfig, "number"> }
  | { readonly op: "update_output"; readonly output: OutputConfig }
  | { readonly op: "insert_output"; readonly channelId: string; readonly output: OutputConfig }
  | { readonly op: "insert_channel"; readonly channel: Omit<ChannelConfig, "number"> }
