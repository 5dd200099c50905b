/** @jsxImportSource hono/jsx */
export interface StatusMarkProps {
  /** A state as the API has it: `running`, `retrying`, `lost`, ... */
  readonly status: string
  /** Other words for it. */
  readonly words?: string
}

/** A state in words, with a shape and a colour of its own. */
export const StatusMark = ({ status, words = status }: StatusMarkProps) => (
  <span class={`status is-${status}`}>
    <span class="mark" aria-hidden="true"></span>
    {words}
  </span>
)
