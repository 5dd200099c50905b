/** @jsxImportSource hono/jsx */
import type { ChannelView } from "../../src/effects/model/channel.ts"

/** Scripts that a page with a preview loads (`Layout scripts`). */
export const PREVIEW_SCRIPTS: ReadonlyArray<string> = ["preview.js"]

export interface PreviewProps {
  readonly channel: Pick<ChannelView, "slug" | "name" | "status">
  /** False when there is no picture to show before the stream is played. */
  readonly picture?: boolean
}

/**
 * The live preview of a channel: its latest picture, and a button that plays the stream in its place. It must be
 * outside live regions, since a video that is morphed starts again. The script shows the button.
 */
export const Preview = ({ channel, picture = true }: PreviewProps) => {
  const path = encodeURIComponent(channel.slug)
  const runs = channel.status !== "stopped"
  return (
    <section class="preview" data-preview={`/preview/${path}`} aria-label="Preview">
      <video
        muted
        playsinline
        controls
        preload="none"
        width="320"
        height="180"
        poster={runs && picture ? `/channels/${path}/thumbnail.jpg` : undefined}
        aria-label={`What ${channel.name} sends out`}
      ></video>
      <p>
        <button type="button" data-preview-button hidden>
          Play the stream
        </button>{" "}
        <span class="preview-state" role="status"></span>
      </p>
      <noscript>
        <p>The preview needs JavaScript.</p>
      </noscript>
    </section>
  )
}
