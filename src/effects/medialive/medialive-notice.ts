/** Something of MediaLive that is wrong now. */
export interface MediaLiveNotice {
  readonly kind: "medialive_pipeline" | "medialive_alert" | "medialive_refused" | "medialive_unreachable"
  /** Id of the channel of ours that it is about; null for the connection as a whole. */
  readonly channelId: string | null
  readonly message: string
}
