/** @jsxImportSource hono/jsx */
export interface StatusMarkProps {
  /** A state in the API's words: `running`, `retrying`, `lost`, ... */
  readonly status: string
  /** Words shown in place of the state's own. */
  readonly words?: string
}

/** A state in words, with a shape and a colour of its own. */
export const StatusMark = ({ status, words = status }: StatusMarkProps) => (
  <span class={`status is-${status}`}>
    <span class="mark" aria-hidden="true"></span>
    {words}
  </span>
)
