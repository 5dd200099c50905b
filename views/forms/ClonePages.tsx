/** @jsxImportSource hono/jsx */
import type { Frame } from "../layout/frame.ts"
import { Layout } from "../layout/Layout.tsx"
import { Alerts, Field } from "./Field.tsx"
import type { FormState } from "./form-state.ts"

export interface CloneProps {
  readonly frame: Frame
  readonly name: string
  readonly slug: string
  readonly state: FormState
  readonly back: string
}

/** A page that makes a copy of a channel. */
export const ClonePage = ({ back, frame, name, slug, state }: CloneProps) => {
  const field = (of: string, label: string) => ({
    form: "clone",
    name: of,
    label,
    value: state.values[of],
    error: state.errors[of],
    autofocus: state.focus === of,
  })
  return (
    <Layout frame={frame} title={`Clone ${name} · Stream Distributor`} scripts={["forms.js"]}>
      <main id="main" class="form-page">
        <div class="head">
          <h1>Clone {name}</h1>
        </div>
        <form method="post" action={`/channels/${slug}/clone`} class="card">
          <Alerts alerts={state.alerts} />
          <input type="hidden" name="back" value={back} />
          <Field {...field("name", "Name")} required />
          <Field
            {...field("rtp_port", "Input port")}
            hint="Empty: the next free one; the backup's moves with it"
            numeric
          />
          <p class="hint">
            The copy is stopped and its outputs are disabled, since both would send to the same destinations.
          </p>
          <div class="actions">
            <button type="submit" class="primary">
              Clone channel
            </button>
            <a class="button quiet" href={back}>
              Cancel
            </a>
          </div>
        </form>
      </main>
    </Layout>
  )
}

export interface ClonedProps {
  readonly frame: Frame
  readonly name: string
  readonly slug: string
  readonly leftOut: ReadonlyArray<{ readonly output: string; readonly reason: string }>
}

/** A page that says which outputs a copy lacks. */
export const ClonedPage = ({ frame, leftOut, name, slug }: ClonedProps) => (
  <Layout frame={frame} title={`${name} was made · Stream Distributor`}>
    <main id="main" class="form-page">
      <div class="head">
        <h1>{name} was made</h1>
      </div>
      <p class="banner warning">Some outputs cannot be there twice and were left out:</p>
      <ul>
        {leftOut.map(({ output, reason }) => (
          <li>
            {output}: {reason}
          </li>
        ))}
      </ul>
      <a class="button primary" href={`/channels/${slug}/edit`}>
        Settings of {name}
      </a>
    </main>
  </Layout>
)
