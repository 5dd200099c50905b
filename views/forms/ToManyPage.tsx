/** @jsxImportSource hono/jsx */
import type { Frame } from "../layout/frame.ts"
import { Layout } from "../layout/Layout.tsx"
import { Alerts, Field, SelectField } from "./Field.tsx"
import type { Choice, FormState } from "./form-state.ts"

/** What one channel would get. */
export interface ToManyLine {
  readonly channel: string
  readonly name: string
  readonly sentence: string
  /** URL with its secrets masked. */
  readonly url: string
  readonly warnings: ReadonlyArray<string>
  readonly errors: ReadonlyArray<string>
}

export interface ToManyProps {
  readonly frame: Frame
  readonly state: FormState
  /** Slugs of the channels. */
  readonly channels: ReadonlyArray<string>
  readonly templates: ReadonlyArray<Choice>
  readonly lines: ReadonlyArray<ToManyLine>
  readonly back: string
}

/** Fragment with what each channel would get, swapped in while somebody chooses. */
export const ToManyLines = ({ lines }: Pick<ToManyProps, "lines">) =>
  lines.length === 0 ? (
    <p class="hint">What each channel gets is shown here, before anything is added.</p>
  ) : (
    <div class="table-scroll">
      <table>
        <caption>
          {lines.length} {lines.length === 1 ? "channel" : "channels"},{" "}
          {lines.filter(({ errors }) => errors.length > 0).length} with something wrong
        </caption>
        <thead>
          <tr>
            <th scope="col">Channel</th>
            <th scope="col">Output</th>
            <th scope="col">Interpreted as</th>
          </tr>
        </thead>
        <tbody>
          {lines.map(({ channel, errors, name, sentence, url, warnings }) => (
            <tr>
              <th scope="row">{channel}</th>
              <td>{name}</td>
              <td class="wide">
                {errors.length > 0 ? null : <p class="good">{sentence}</p>}
                {errors.map((error) => (
                  <p class="error">{error}</p>
                ))}
                {warnings.map((warning) => (
                  <p class="warning">{warning}</p>
                ))}
                {url === "" ? null : <p class="hint">{url}</p>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )

const INTERPRET = {
  "hx-post": "/fragments/output-to-many",
  "hx-trigger": "input from:#to-many-form delay:200ms",
  "hx-include": "#to-many-form",
  "hx-swap": "innerMorph",
  "hx-sync": "this:replace",
}

/** A page that adds one output to each of several channels, from a template or a URL with placeholders. */
export const ToManyPage = ({ back, channels, frame, lines, state, templates }: ToManyProps) => {
  const field = (name: string, label: string) => ({
    form: "to-many",
    name,
    label,
    value: state.values[name],
    error: state.errors[name],
    autofocus: state.focus === name,
  })
  const count = channels.length === 1 ? "1 channel" : `${channels.length} channels`
  return (
    <Layout frame={frame} title={`Add an output to ${count} · Stream Distributor`} scripts={["forms.js"]}>
      <main id="main" class="form-page">
        <div class="head">
          <h1>Add an output to {count}</h1>
        </div>
        <form
          method="post"
          action="/outputs/to-many"
          class="card"
          id="to-many-form"
          hx-post="/outputs/to-many"
          hx-target="#main"
          hx-select="#main"
          hx-swap="outerMorph"
        >
          <Alerts alerts={state.alerts} />
          <input type="hidden" name="back" value={back} />
          {channels.map((channel) => (
            <input type="hidden" name="channel" value={channel} />
          ))}
          <SelectField
            {...field("template", "Template")}
            choices={[{ value: "", text: "None" }, ...templates]}
            hint="Its placeholders are filled in for each channel"
          />
          <Field
            {...field("url", "URL")}
            placeholder="srt://receiver.example:9000?streamid={channel}"
            hint="Of a template, instead of its own; {channel}, {name} and {number} stand for each channel's"
          />
          <Field {...field("name", "Name")} hint="Optional" />
          <div id="understood" class="understood" role="status" {...INTERPRET}>
            <ToManyLines lines={lines} />
          </div>
          <div class="actions">
            <button type="submit" class="primary" name="save" value="enabled">
              Add to {count}
            </button>
            <button type="submit" name="save" value="disabled">
              Add without starting them
            </button>
            <a class="button quiet" href={back}>
              Cancel
            </a>
          </div>
          <p class="hint">Nothing is added unless every channel can have it.</p>
        </form>
      </main>
    </Layout>
  )
}
