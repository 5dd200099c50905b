/** @jsxImportSource hono/jsx */
export interface CopyTextProps {
  /** Kind of text, e.g. `base64`. */
  readonly name: string
  readonly text: string
  /** True for a look less prominent than the surroundings. */
  readonly faint?: boolean
}

/** A text to copy. copy.js shows its button and makes it work; without JavaScript a click selects the whole text. */
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
