/** @jsxImportSource hono/jsx */
export interface CopyTextProps {
  /** What the text is, `base64` for one. */
  readonly name: string
  readonly text: string
  /** Less prominent than what stands around it. */
  readonly faint?: boolean
}

/** A text to take elsewhere: copy.js makes its button work and shows it; without JavaScript a click selects all of it. */
export const CopyText = ({ name, text, faint = false }: CopyTextProps) => (
  <p>
    <code class={faint ? "url hint" : "url"} title={`${name}; click selects all of it`}>
      {text}
    </code>{" "}
    <button type="button" data-copy={name}>
      Copy {name}
    </button>
  </p>
)
