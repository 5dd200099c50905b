/** @jsxImportSource hono/jsx */
import type { OutputTestView } from "../../src/effects/model/channel.ts"
import { AskingLink, LeavingButton } from "../channel/ActionButton.tsx"
import type { Frame } from "../layout/frame.ts"
import { Layout } from "../layout/Layout.tsx"
import { OutputForm, type OutputFormProps } from "./OutputForm.tsx"
import { TestOutcome } from "./TestOutcome.tsx"

/** A page that adds an output; adding many at once has a page of its own. */
export const AddOutputPage = ({ frame, ...form }: OutputFormProps & { readonly frame: Frame }) => {
  const channel = form.state.values["channel"] ?? ""
  return (
    <Layout frame={frame} title="Add an output · Stream Distributor" scripts={["forms.js"]}>
      <main id="main" class="form-page">
        <div class="head">
          <h1>Add an output</h1>
          <nav aria-label="Other ways">
            <a href={`/add/outputs?channel=${encodeURIComponent(channel)}`}>Add many at once</a>
          </nav>
        </div>
        {form.channels.length === 0 ? (
          <p class="empty">
            An output belongs to a channel, and there is none yet. <a href="/add/channel">Add one.</a>
          </p>
        ) : (
          <OutputForm {...form} />
        )}
      </main>
    </Layout>
  )
}

export interface EditOutputProps extends OutputFormProps {
  readonly frame: Frame
  readonly channel: string
  readonly name: string
  /** Path of the output. */
  readonly path: string
  /** True when somebody may be watching it. */
  readonly live: boolean
}

/** A page that changes an output, with everything else that can be done with it. */
export const EditOutputPage = ({ channel, frame, live, name, path, ...form }: EditOutputProps) => (
  <Layout frame={frame} title={`Output ${name} of ${channel} · Stream Distributor`} scripts={["forms.js"]}>
    <main id="main" class="form-page">
      <div class="head">
        <h1>
          Output {name} of {channel}
        </h1>
      </div>
      <OutputForm {...form} />
      <section class="card" aria-label="More">
        <div class="actions">
          <form method="post" action={`${path}/duplicate`}>
            <input type="hidden" name="back" value={form.back} />
            <button type="submit">Duplicate</button>
          </form>
          {live ? (
            <AskingLink to={`${path}/remove`} back={form.back} label="Remove output" kind="danger" />
          ) : (
            <LeavingButton to={`${path}/remove`} back={form.back} label="Remove output" kind="danger" />
          )}
        </div>
        <p class="hint">A copy has the same secrets and is not started. A removal can be undone for 10 minutes.</p>
      </section>
    </main>
  </Layout>
)

export interface TestPageProps {
  readonly frame: Frame
  readonly channel: string
  readonly name: string
  readonly back: string
  readonly test: OutputTestView
}

/** A page with the outcome of an existing output's dry run, for browsers without JavaScript. */
export const TestPage = ({ back, channel, frame, name, test }: TestPageProps) => (
  <Layout frame={frame} title={`Test of ${name} · Stream Distributor`}>
    <main id="main" class="form-page">
      <div class="head">
        <h1>
          Test of output {name} of {channel}
        </h1>
      </div>
      <TestOutcome test={test} />
      <a class="button" href={back}>
        Back
      </a>
    </main>
  </Layout>
)
