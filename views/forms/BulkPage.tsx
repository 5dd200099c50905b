/** @jsxImportSource hono/jsx */
import type { Frame } from "../layout/frame.ts"
import { Layout } from "../layout/Layout.tsx"
import { Alerts, SelectField, TextArea } from "./Field.tsx"
import type { Choice, FormState } from "./form-state.ts"

/** How a line is understood; `line` is its number in the text, from 1. */
export interface BulkLine {
  readonly line: number
  readonly name: string
  /** URL with its secrets masked. */
  readonly url: string
  readonly sentence: string
  readonly warnings: ReadonlyArray<string>
  readonly errors: ReadonlyArray<string>
}

export interface BulkPageProps {
  readonly frame: Frame
  readonly state: FormState
  readonly channels: ReadonlyArray<Choice>
  readonly lines: ReadonlyArray<BulkLine>
  readonly back: string
}

/** Fragment with the lines as understood, swapped in while somebody pastes. */
export const BulkLines = ({ lines }: Pick<BulkPageProps, "lines">) =>
  lines.length === 0 ? (
    <p class="hint">What each line means is said here.</p>
  ) : (
    <div class="table-scroll">
      <table>
        <caption>
          {lines.length} {lines.length === 1 ? "output" : "outputs"},{" "}
          {lines.filter(({ errors }) => errors.length > 0).length} with something wrong
        </caption>
        <thead>
          <tr>
            <th scope="col" class="number">
              Line
            </th>
            <th scope="col">Name</th>
            <th scope="col">Interpreted as</th>
          </tr>
        </thead>
        <tbody>
          {lines.map(({ errors, line, name, sentence, url, warnings }) => (
            <tr>
              <td class="number">{line}</td>
              <th scope="row">{name === "" ? "by its protocol" : name}</th>
              <td class="wide">
                {errors.length > 0 ? null : <p class="good">{sentence}</p>}
                {errors.map((error) => (
                  <p class="error">{error}</p>
                ))}
                {warnings.map((warning) => (
                  <p class="warning">{warning}</p>
                ))}
                <p class="hint">{url}</p>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )

const INTERPRET = {
  "hx-post": "/fragments/interpret-many",
  "hx-trigger": "input from:#bulk-form delay:300ms",
  "hx-include": "#bulk-form",
  "hx-swap": "innerMorph",
  "hx-sync": "this:replace",
}

/** A page that adds many outputs at once, all of them or none. */
export const BulkPage = ({ back, channels, frame, lines, state }: BulkPageProps) => (
  <Layout frame={frame} title="Add many outputs · Stream Distributor" scripts={["forms.js"]}>
    <main id="main" class="form-page">
      <div class="head">
        <h1>Add many outputs</h1>
      </div>
      <form
        method="post"
        action="/outputs/many"
        class="card"
        id="bulk-form"
        hx-post="/outputs/many"
        hx-target="#main"
        hx-select="#main"
        hx-swap="outerMorph"
      >
        <Alerts alerts={state.alerts} />
        <input type="hidden" name="back" value={back} />
        <SelectField
          form="bulk"
          name="channel"
          label="Channel"
          error={state.errors["channel"]}
          value={state.values["channel"]}
          choices={channels}
          autofocus={state.focus === "channel"}
          required
        />
        <TextArea
          form="bulk"
          name="urls"
          label="URLs"
          error={state.errors["urls"]}
          value={state.values["urls"]}
          rows={8}
          hint="One a line, with a name in front of it if you like: news srt://receiver.example:9000. All are added, or none."
          autofocus={state.focus === "urls"}
        />
        <div id="understood" class="understood" role="status" {...INTERPRET}>
          <BulkLines lines={lines} />
        </div>
        <div class="actions">
          <button type="submit" class="primary" name="save" value="enabled">
            Add all
          </button>
          <button type="submit" name="save" value="disabled">
            Add without starting them
          </button>
          <a class="button quiet" href={back}>
            Cancel
          </a>
        </div>
      </form>
    </main>
  </Layout>
)
