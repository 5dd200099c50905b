/** Media playlists (RFC 8216 4.3), written, and read again after a restart. */

export interface PlaylistSegment {
  readonly name: string
  /** Seconds. */
  readonly durationS: number
  /** Wall-clock time of its first picture, Unix time in ms. */
  readonly programDateTimeMs: number
  readonly discontinuity: boolean
  /** Lines of cues that stand before it. */
  readonly tags: ReadonlyArray<string>
}

export interface Playlist {
  /** Seconds, a whole number. */
  readonly targetDurationS: number
  readonly mediaSequence: number
  readonly discontinuitySequence: number
  /** Each segment begins with a picture behind which nothing looks back. */
  readonly independent: boolean
  readonly segments: ReadonlyArray<PlaylistSegment>
  /** No segment will follow. */
  readonly ended?: boolean
}

/** What fractions of seconds in EXTINF need (RFC 8216 7); nothing here needs more. */
const VERSION = 3

const ZEROS = /(\.\d{3}\d*?)0+$/

/** Seconds with three decimals, and as many more as are needed. */
export const secondsText = (seconds: number): string => seconds.toFixed(6).replace(ZEROS, "$1")

export const dateText = (unixMs: number): string => new Date(Math.round(unixMs)).toISOString()

export const writePlaylist = (playlist: Playlist): string => {
  const lines = [
    "#EXTM3U",
    `#EXT-X-VERSION:${VERSION}`,
    `#EXT-X-TARGETDURATION:${playlist.targetDurationS}`,
    `#EXT-X-MEDIA-SEQUENCE:${playlist.mediaSequence}`,
  ]
  if (playlist.discontinuitySequence > 0) lines.push(`#EXT-X-DISCONTINUITY-SEQUENCE:${playlist.discontinuitySequence}`)
  if (playlist.independent) lines.push("#EXT-X-INDEPENDENT-SEGMENTS")
  for (const segment of playlist.segments) {
    if (segment.discontinuity) lines.push("#EXT-X-DISCONTINUITY")
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${dateText(segment.programDateTimeMs)}`, ...segment.tags)
    lines.push(`#EXTINF:${secondsText(segment.durationS)},`, segment.name)
  }
  if (playlist.ended === true) lines.push("#EXT-X-ENDLIST")
  return `${lines.join("\n")}\n`
}

const CUE_TAG = /^#EXT-X-(?:DATERANGE|CUE-OUT|CUE-OUT-CONT|CUE-IN)(?::|$)/
const WHOLE = /^\d{1,15}$/

const numberOf = (value: string | undefined): number | null =>
  value !== undefined && WHOLE.test(value) ? Number(value) : null

/** Reads a playlist that `writePlaylist` wrote; null for any other text. */
export const readPlaylist = (text: string): Playlist | null => {
  const lines = text.split("\n")
  if (lines[0] !== "#EXTM3U") return null
  const segments: PlaylistSegment[] = []
  const header = new Map<string, string>()
  let next = { durationS: Number.NaN, programDateTimeMs: Number.NaN, discontinuity: false, tags: [] as string[] }
  for (const line of lines.slice(1)) {
    const [, name = "", value = ""] = /^#(EXT[A-Z0-9-]+):?([\s\S]*)$/.exec(line) ?? []
    if (name === "EXTINF") next.durationS = Number.parseFloat(value)
    else if (name === "EXT-X-PROGRAM-DATE-TIME") next.programDateTimeMs = Date.parse(value)
    else if (name === "EXT-X-DISCONTINUITY") next.discontinuity = true
    else if (CUE_TAG.test(line)) next.tags.push(line)
    else if (name !== "") header.set(name, value)
    else if (line !== "" && !line.startsWith("#")) {
      if (!Number.isFinite(next.durationS) || !Number.isFinite(next.programDateTimeMs)) return null
      segments.push({ name: line, ...next })
      next = { durationS: Number.NaN, programDateTimeMs: Number.NaN, discontinuity: false, tags: [] }
    }
  }
  const targetDurationS = numberOf(header.get("EXT-X-TARGETDURATION"))
  const mediaSequence = numberOf(header.get("EXT-X-MEDIA-SEQUENCE"))
  if (targetDurationS === null || mediaSequence === null) return null
  return {
    targetDurationS,
    mediaSequence,
    discontinuitySequence: numberOf(header.get("EXT-X-DISCONTINUITY-SEQUENCE")) ?? 0,
    independent: header.has("EXT-X-INDEPENDENT-SEGMENTS"),
    segments,
    ...(header.has("EXT-X-ENDLIST") ? { ended: true } : {}),
  }
}
