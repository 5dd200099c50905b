/** A picture of what a channel sends out. */
export interface Thumbnail {
  readonly jpeg: Uint8Array
  /** When the picture was taken, ms since 1970. */
  readonly at: number
}

/** A picture, or a sentence that says why there is none. */
export type ThumbnailAnswer =
  | { readonly ok: true; readonly thumbnail: Thumbnail }
  | { readonly ok: false; readonly reason: string }
