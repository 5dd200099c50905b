/** @jsxImportSource hono/jsx */
import type { Frame } from "./frame.ts"
import { Layout } from "./Layout.tsx"

export interface ErrorPageProps {
  readonly frame: Frame
  readonly status: number
  /** The problem in a few words. */
  readonly title: string
  /** The problem in a sentence. */
  readonly detail: string
  /** Errors of single fields, each a sentence. */
  readonly errors: ReadonlyArray<string>
}

/** The page shown in place of one that does not exist, or not for this reader. */
export const ErrorPage = ({ detail, errors, frame, status, title }: ErrorPageProps) => (
  <Layout frame={frame} title={`${title} · Stream Distributor`}>
    <main id="main" class="narrow">
      <h1>{title}</h1>
      <div class="card">
        <p>{detail}</p>
        {errors.length === 0 ? null : (
          <ul>
            {errors.map((error) => (
              <li>{error}</li>
            ))}
          </ul>
        )}
        <p class="hint">HTTP status {status}</p>
      </div>
      <p>
        {frame.caller === null ? <a href="/login">Log in</a> : <a href="/">All channels</a>}
        {status === 403 && frame.canLogOut ? " · to log in as somebody else, log out first" : ""}
      </p>
    </main>
  </Layout>
)
