/** The number of running channels, at most, of which pictures are taken: `THUMBNAILS`. */
export type ThumbnailLimit = number

/** The limit that `THUMBNAILS=auto` stands for. */
export const AUTO_LIMIT: ThumbnailLimit = 16
