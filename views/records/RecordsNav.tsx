/** @jsxImportSource hono/jsx */

export interface RecordsNavProps {
  /** Path of the channel's page. */
  readonly path: string
  readonly here: "history" | "as-run"
}

/** Links between the records of a channel. */
export const RecordsNav = ({ here, path }: RecordsNavProps) => (
  <nav aria-label="Records">
    <a href={path}>Channel</a>
    <a href={`${path}/history`} aria-current={here === "history" ? "page" : undefined}>
      History
    </a>
    <a href={`${path}/as-run`} aria-current={here === "as-run" ? "page" : undefined}>
      As run
    </a>
    <a href={`${path}/cues`}>Cues</a>
  </nav>
)
