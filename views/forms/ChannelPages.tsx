/** @jsxImportSource hono/jsx */
import type { Frame } from "../layout/frame.ts"
import { Layout } from "../layout/Layout.tsx"
import { Alerts, CheckField, Field, SelectField, SpecField } from "./Field.tsx"
import type { Choice, FieldSpec, FormState } from "./form-state.ts"
import { LegFields } from "./LegFields.tsx"
import { MediaLive, type MediaLiveProps } from "./MediaLive.tsx"

export interface ChannelFormProps {
  readonly action: string
  readonly state: FormState
  readonly groups: ReadonlyArray<{ readonly title: string; readonly fields: ReadonlyArray<FieldSpec> }>
  /** How each leg may be received. */
  readonly kinds: Readonly<Record<"primary" | "backup", ReadonlyArray<Choice>>>
  readonly advice: ChannelAdviceProps
  /** Fields for the secrets of the stored URLs. */
  readonly urlSecrets?: Readonly<Record<"input_url" | "backup_input_url", ReadonlyArray<FieldSpec>>> | undefined
  /** Slug of the channel that is being changed, and what the form showed when it was opened, for the service alone. */
  readonly editing?: string | undefined
  /** Tags that the reader's role is bound to; left out, or none, when it holds for all channels. */
  readonly boundTo?: ReadonlyArray<string> | undefined
  readonly opened?: string | undefined
  readonly back: string
}

export interface ChannelAdviceProps {
  /** What the inputs' URLs mean so far, in a line each. */
  readonly understood: ReadonlyArray<string>
  /** Conflicts of what has been typed so far with what exists, and what is unusual about the URLs. */
  readonly warnings: ReadonlyArray<string>
  /** Null where nothing is received by RTP. */
  readonly medialive: MediaLiveProps | null
}

/** Fragment with advice on a channel, swapped in while somebody types. */
export const ChannelAdvice = ({ medialive, understood, warnings }: ChannelAdviceProps) => (
  <>
    {understood.length === 0 ? null : (
      <section class="card" aria-labelledby="srt-input-title">
        <h2 id="srt-input-title">SRT</h2>
        {understood.map((line) => (
          <p>{line}</p>
        ))}
        <p class="hint">The page of the channel says what to enter in an encoder that calls.</p>
      </section>
    )}
    {warnings.map((warning) => (
      <p class="banner warning">{warning}</p>
    ))}
    {medialive === null ? null : <MediaLive {...medialive} />}
  </>
)

const CHECK = {
  "hx-post": "/fragments/check-channel",
  "hx-trigger": "input from:#channel-form delay:300ms",
  "hx-include": "#channel-form",
  "hx-swap": "innerMorph",
  "hx-sync": "this:replace",
}

const RUNS = [
  { value: "off", text: "by hand" },
  { value: "on_demand", text: "with its first enabled output, until its last one" },
]

const TAGS_HINT = "Optional: words that group channels, and to which roles of users and keys may be bound"

const ChannelFields = ({
  boundTo = [],
  editing,
  groups,
  kinds,
  state,
  urlSecrets,
}: Pick<ChannelFormProps, "boundTo" | "editing" | "groups" | "kinds" | "state" | "urlSecrets">) => {
  const field = (name: string, label: string) => ({
    form: "channel",
    name,
    label,
    value: state.values[name],
    error: state.errors[name],
    autofocus: state.focus === name,
  })
  const isTuned = groups.some(({ fields }) =>
    fields.some(({ name }) => state.errors[name] !== undefined || (state.values[name] ?? "") !== ""),
  )
  const hasBackup =
    state.values["backup_input_kind"] !== "none" ||
    ["backup_rtp_ip", "backup_rtp_port", "backup_input_url"].some((name) => state.errors[name] !== undefined)
  return (
    <>
      <Field {...field("name", "Name")} placeholder="Main event" required />
      <LegFields source="primary" choices={kinds.primary} secrets={urlSecrets?.input_url ?? []} state={state} />
      {editing === undefined ? (
        <Field
          {...field("output_url", "First output")}
          placeholder="srt://receiver.example:9000?latency=200"
          hint="Optional: the URL of its first output"
        />
      ) : null}
      <details open={hasBackup}>
        <summary>Backup input</summary>
        <LegFields source="backup" choices={kinds.backup} secrets={urlSecrets?.backup_input_url ?? []} state={state} />
      </details>
      <details open={isTuned}>
        <summary>Input settings</summary>
        {groups.map(({ fields, title }) => (
          <fieldset class="group">
            <legend>{title}</legend>
            {fields.map((spec) => (
              <SpecField form="channel" spec={spec} state={state} />
            ))}
          </fieldset>
        ))}
      </details>
      <Field
        {...field("tags", "Tags")}
        placeholder="sport, east-2"
        hint={
          boundTo.length === 0 ? TAGS_HINT : `One at least of those that your role is bound to: ${boundTo.join(", ")}`
        }
      />
      <SelectField {...field("auto_run", "Runs")} choices={RUNS} />
      <CheckField
        form="channel"
        name="autostart"
        label="Autostart"
        hint="Starts with the service, whatever was asked for before"
        checked={state.values["autostart"] === "true"}
      />
    </>
  )
}

const ChannelActions = ({ back, editing }: Pick<ChannelFormProps, "back" | "editing">) => (
  <div class="actions">
    {editing === undefined ? (
      <>
        <button type="submit" class="primary" name="save" value="start">
          Add and start
        </button>
        <button type="submit" name="save" value="stopped">
          Add channel
        </button>
      </>
    ) : (
      <button type="submit" class="primary">
        Save
      </button>
    )}
    <a class="button quiet" href={back}>
      Cancel
    </a>
  </div>
)

export const ChannelForm = (props: ChannelFormProps) => {
  const { action, advice, back, boundTo, editing, groups, kinds, opened, state, urlSecrets } = props
  return (
    <div class="two">
      <form
        method="post"
        action={action}
        class="card"
        id="channel-form"
        hx-post={action}
        hx-target="#main"
        hx-select="#main"
        hx-swap="outerMorph"
      >
        <Alerts alerts={state.alerts} />
        <input type="hidden" name="back" value={back} />
        {editing === undefined ? null : <input type="hidden" name="channel" value={editing} />}
        {opened === undefined ? null : <input type="hidden" name="opened" value={opened} />}
        <ChannelFields
          boundTo={boundTo}
          editing={editing}
          groups={groups}
          kinds={kinds}
          state={state}
          urlSecrets={urlSecrets}
        />
        <ChannelActions back={back} editing={editing} />
      </form>
      <div id="advice" role="status" {...CHECK}>
        <ChannelAdvice {...advice} />
      </div>
    </div>
  )
}

export const AddChannelPage = ({ frame, ...form }: ChannelFormProps & { readonly frame: Frame }) => (
  <Layout frame={frame} title="Add a channel · Stream Distributor" scripts={["forms.js"]}>
    <main id="main" class="form-page">
      <div class="head">
        <h1>Add a channel</h1>
      </div>
      <ChannelForm {...form} />
    </main>
  </Layout>
)

export interface EditChannelProps extends ChannelFormProps {
  readonly frame: Frame
  readonly name: string
  readonly slug: string
  readonly outputs: number
  readonly isRunning: boolean
}

export const EditChannelPage = ({ frame, isRunning, name, outputs, slug, ...form }: EditChannelProps) => (
  <Layout frame={frame} title={`${name}: settings · Stream Distributor`} scripts={["forms.js"]}>
    <main id="main" class="form-page">
      <div class="head">
        <h1>{name}</h1>
        <nav aria-label="Of this channel">
          <a href={`/add/output?channel=${slug}`}>Add output</a>
          <a href={`/channels/${slug}/clone`}>Clone channel</a>
        </nav>
      </div>
      <ChannelForm {...form} />
      <details class="card">
        <summary>Remove channel</summary>
        <form method="post" action={`/channels/${slug}/remove`}>
          <p>
            {name}
            {isRunning ? ", which is running," : ""} and its {outputs === 1 ? "output" : `${outputs} outputs`} will be
            removed. This can be undone for 10 minutes; its events and cues are gone for good.
          </p>
          <div class="actions">
            <button type="submit" class="danger">
              Remove {name}
            </button>
          </div>
        </form>
      </details>
    </main>
  </Layout>
)
