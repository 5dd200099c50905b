/** @jsxImportSource hono/jsx */
import type { Frame } from "../layout/frame.ts"
import { Layout } from "../layout/Layout.tsx"

export interface ConfirmPageProps {
  readonly frame: Frame
  readonly question: string
  /** What the question is about, an item each. */
  readonly items: ReadonlyArray<string>
  /** Path that the form is posted to when the answer is yes, and below, its fields. */
  readonly to: string
  readonly fields: ReadonlyArray<readonly [name: string, value: string]>
  /** Label of the button. */
  readonly yes: string
  /** Where to go when the answer is no. */
  readonly back: string
}

/** A page that asks before something ends, for browsers without JavaScript. */
export const ConfirmPage = ({ back, fields, frame, items, question, to, yes }: ConfirmPageProps) => (
  <Layout frame={frame} title="Are you sure? · Stream Distributor">
    <main id="main" class="narrow">
      <h1>{question}</h1>
      <ul>
        {items.map((item) => (
          <li>{item}</li>
        ))}
      </ul>
      <form method="post" action={to} class="actions">
        {fields.map(([name, value]) => (
          <input type="hidden" name={name} value={value} />
        ))}
        <button type="submit" class="danger">
          {yes}
        </button>
        {/* Enter must not end a stream. */}
        <a class="button" href={back} autofocus>
          Cancel
        </a>
      </form>
    </main>
  </Layout>
)
