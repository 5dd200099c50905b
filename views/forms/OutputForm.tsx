/** @jsxImportSource hono/jsx */
import type { OutputTestView } from "../../src/effects/model/channel.ts"
import { Alerts, CheckField, Field, SecretField, SelectField, SpecField } from "./Field.tsx"
import type { Choice, FieldSpec, FormState } from "./form-state.ts"
import { TestOutcome } from "./TestOutcome.tsx"
import { Understood, type UnderstoodProps } from "./Understood.tsx"

/** What a form shows of the secrets that are stored: where there are some, and never one. */
export interface StoredSecrets {
  /** Where its stream key is kept; null when it has none. */
  readonly key: "apart" | "url" | null
  /** Fields for the other secrets of its URL. */
  readonly urlSecrets: ReadonlyArray<FieldSpec>
}

/** Ids of the output that is being changed and of its channel, and its secrets. */
export interface EditedOutput extends StoredSecrets {
  readonly channel: string
  readonly output: string
  /** What the form showed when it was opened, for the service alone. */
  readonly opened: string
}

export interface OutputFormProps {
  /** The path that the form is sent to. */
  readonly action: string
  /** The path that a test of it is sent to. */
  readonly test: string
  readonly state: FormState
  /** Channels to choose from; none for an output that there is. */
  readonly channels: ReadonlyArray<Choice>
  /** Templates to start from; none for an existing output. */
  readonly templates?: ReadonlyArray<Choice> | undefined
  /** The output that is being changed. */
  readonly editing?: EditedOutput | undefined
  readonly presets: ReadonlyArray<Choice>
  readonly settings: SettingsProps
  readonly understood: UnderstoodProps
  readonly outcome?: OutputTestView | undefined
  /** Path to return to. */
  readonly back: string
}

export interface SettingsProps {
  /** The protocol whose settings these are; "" for settings of all protocols. */
  readonly protocol: string
  readonly groups: ReadonlyArray<{ readonly title: string; readonly fields: ReadonlyArray<FieldSpec> }>
  readonly state: FormState
}

/** The settings of a protocol, which a hidden field names, so that they are swapped only for another protocol. */
export const OutputSettings = ({ groups, protocol, state }: SettingsProps) => {
  const isOpen = groups.some(({ fields }) =>
    fields.some(({ name }) => state.errors[name] !== undefined || (state.values[name] ?? "") !== ""),
  )
  return (
    <>
      <input type="hidden" name="settings_of" value={protocol} />
      {groups.length === 0 ? (
        <p class="hint">{protocol.toUpperCase()} outputs have no settings beyond their URL.</p>
      ) : (
        <details open={isOpen}>
          <summary>Settings</summary>
          {groups.map(({ fields, title }) => (
            <fieldset class="group">
              <legend>{title}</legend>
              {fields.map((spec) => (
                <SpecField form="output" spec={spec} state={state} />
              ))}
            </fieldset>
          ))}
        </details>
      )}
    </>
  )
}

const INTERPRET = {
  "hx-post": "/fragments/interpret",
  "hx-trigger": "input from:#output-form delay:300ms",
  "hx-include": "#output-form",
  "hx-swap": "innerMorph",
  "hx-sync": "this:replace",
}

/** The properties of a field by its name and label. */
type FieldOf = (
  name: string,
  label: string,
) => {
  readonly form: string
  readonly name: string
  readonly label: string
  readonly value: string | undefined
  readonly error: string | undefined
  readonly autofocus: boolean
}

const Start = ({
  editing,
  channels,
  field,
}: Pick<OutputFormProps, "editing" | "channels"> & { readonly field: FieldOf }) =>
  editing === undefined ? (
    <SelectField {...field("channel", "Channel")} choices={channels} required />
  ) : (
    <>
      <input type="hidden" name="channel" value={editing.channel} />
      <input type="hidden" name="output" value={editing.output} />
      <input type="hidden" name="opened" value={editing.opened} />
      <Field {...field("name", "Name")} required />
    </>
  )

/** Not empty, so that the style sheet can tell by the placeholder whether something was typed. */
const NONE_STORED = " "

const KEY_HINTS = {
  apart: "There is one; left empty it stays. It is never shown again",
  url: "There is one, *** in the URL; left empty it stays. It is never shown again",
  none: "Where it is not part of the URL. It is never shown again",
} as const

/** Fields for the secrets of an output or template: they are empty, and what is typed replaces what is stored. */
export const SecretFields = ({
  form,
  state,
  stored,
}: {
  readonly form: string
  readonly state: FormState
  readonly stored: StoredSecrets | undefined
}) => {
  const key = stored?.key ?? null
  return (
    <>
      {(stored?.urlSecrets ?? []).map((spec) => (
        <SpecField form={form} spec={spec} state={state} />
      ))}
      <div class="with-key">
        <SecretField
          form={form}
          name="stream_key"
          label="Stream key"
          error={state.errors["stream_key"]}
          autofocus={state.focus === "stream_key"}
          placeholder={key === null ? NONE_STORED : "unchanged"}
          hint={KEY_HINTS[key ?? "none"]}
        />
      </div>
      {key === "apart" ? (
        <CheckField
          form={form}
          name="stream_key_none"
          label="Without a key"
          hint="Forgets the stream key"
          checked={state.values["stream_key_none"] === "true"}
        />
      ) : null}
    </>
  )
}

const Actions = ({ back, editing, test }: Pick<OutputFormProps, "back" | "editing" | "test">) => (
  <div class="actions">
    {editing === undefined ? (
      <>
        <button type="submit" class="primary" name="save" value="enabled">
          Add output
        </button>
        <button type="submit" name="save" value="disabled">
          Add without starting it
        </button>
      </>
    ) : (
      <button type="submit" class="primary" name="save" value="changed">
        Save
      </button>
    )}
    <button type="submit" formaction={test} hx-post={test} hx-target="#outcome" hx-swap="innerHTML" hx-disable="this">
      Test
    </button>
    <a class="button quiet" href={back}>
      Cancel
    </a>
  </div>
)

/**
 * Adds or changes an output: the kind of its destination first, by which it has its fields; then the URL, and what it
 * means below it as it is typed.
 */
export const OutputForm = (props: OutputFormProps) => {
  const { action, back, channels, editing, outcome, presets, settings, state, templates = [], test, understood } = props
  const field: FieldOf = (name, label) => ({
    form: "output",
    name,
    label,
    value: state.values[name],
    error: state.errors[name],
    autofocus: state.focus === name,
  })
  return (
    <form
      method="post"
      action={action}
      class="card"
      id="output-form"
      hx-post={action}
      hx-target="#main"
      hx-select="#main"
      hx-swap="outerMorph"
    >
      <Alerts alerts={state.alerts} />
      <input type="hidden" name="back" value={back} />
      <Start editing={editing} channels={channels} field={field} />
      {templates.length === 0 ? null : (
        <SelectField
          {...field("template", "Template")}
          choices={[{ value: "", text: "None" }, ...templates]}
          hint="Fills in what is left empty below, for this channel"
        />
      )}
      <SelectField
        {...field("preset", "Destination")}
        choices={presets}
        hint="A well-known one brings its URL, its settings and its limits"
      />
      <Field
        {...field("url", "URL")}
        placeholder="srt://receiver.example:9000?latency=200"
        hint="srt://host:port calls, srt://:port listens; udp, rtp, rtmp, rtmps, rtsp and https send; hls://name and file://name write"
      />
      <div id="understood" class="understood" role="status" {...INTERPRET}>
        <Understood {...understood} />
      </div>
      <SecretFields form="output" state={state} stored={editing} />
      {editing === undefined ? <Field {...field("name", "Name")} hint="Optional" /> : null}
      <div id="settings">
        <OutputSettings {...settings} />
      </div>
      <Actions back={back} editing={editing} test={test} />
      <p class="hint">
        A test of an RTMP server of your own publishes for 3 s, without pictures, to learn whether the stream key works.
        An encoder elsewhere that is on air with the same key may be cut by it.
      </p>
      <div id="outcome" role="status">
        {outcome === undefined ? null : <TestOutcome test={outcome} />}
      </div>
    </form>
  )
}
