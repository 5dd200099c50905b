/** @jsxImportSource hono/jsx */
import type { ChannelView } from "../src/effects/model.ts"
import { ChannelTable } from "./ChannelTable.tsx"
import { Field } from "./Field.tsx"
import { Layout } from "./Layout.tsx"

/** What somebody typed into a form and what is wrong with it, by field name. */
export interface FormState {
  readonly values: Readonly<Record<string, string>>
  readonly errors: Readonly<Record<string, string>>
}

export interface StatusPageProps {
  readonly channels: ReadonlyArray<ChannelView>
  readonly now: number
  readonly version: string
  /** Sentences of what is wrong with the service itself. */
  readonly problems: ReadonlyArray<string>
  /** What went wrong with the last action, when it belongs to no field. */
  readonly alert?: string | undefined
  readonly channelForm?: FormState | undefined
  readonly outputForm?: FormState | undefined
  /** Channel the output form starts with: its slug. */
  readonly selected?: string | undefined
  /** False when the reader paused the updates. */
  readonly live: boolean
  readonly canLogOut: boolean
}

const ChannelForm = ({ values, errors }: FormState) => {
  const field = (name: string) => ({ form: "channel", name, value: values[name], error: errors[name] })
  return (
    <form method="post" action="/channels" class="card" id="add-channel">
      <h2>Add a channel</h2>
      <Field {...field("name")} label="Name" placeholder="Main event" required />
      <Field
        {...field("rtp_ip")}
        label="Input address"
        placeholder="0.0.0.0"
        hint="Local address or multicast group; empty means every address"
      />
      <Field {...field("rtp_port")} label="Input port" placeholder="5000" required numeric />
      <Field {...field("backup_rtp_ip")} label="Backup address" hint="Optional, as the backup port" />
      <Field {...field("backup_rtp_port")} label="Backup port" numeric />
      <button type="submit">Add channel</button>
    </form>
  )
}

const OutputForm = ({ values, errors, channels }: FormState & { readonly channels: ReadonlyArray<ChannelView> }) => {
  const field = (name: string) => ({ form: "output", name, value: values[name], error: errors[name] })
  return (
    <form method="post" action="/outputs" class="card" id="add-output">
      <h2>Add an output</h2>
      <div class="field">
        <label for="output-channel">Channel</label>
        <select id="output-channel" name="channel" required>
          {channels.map((channel) => (
            <option value={channel.slug} selected={channel.slug === values["channel"]}>
              {channel.number} {channel.name}
            </option>
          ))}
        </select>
        {errors["channel"] === undefined ? null : <p class="error">{errors["channel"]}</p>}
      </div>
      <Field
        {...field("url")}
        label="URL"
        placeholder="srt://receiver.example:9000?latency=200"
        hint="srt://host:port calls, srt://:port listens; udp:// and rtp:// send"
        required
      />
      <Field {...field("name")} label="Name" hint="Optional" />
      <button type="submit">Add output</button>
    </form>
  )
}

/** The operators' page: every channel and output with its state, and forms to add more. */
export const StatusPage = (props: StatusPageProps) => {
  const empty = { values: {}, errors: {} }
  const outputForm = props.outputForm ?? { values: { channel: props.selected ?? "" }, errors: {} }
  const poll = props.live ? { "hx-get": "/fragments/channels", "hx-trigger": "every 2s", "hx-swap": "innerMorph" } : {}
  return (
    <Layout title="Channels · Stream Distributor">
      <header>
        <h1>Stream Distributor</h1>
        <span class="hint">{props.version}</span>
        <nav>
          {props.live ? <a href="/?live=off">Pause updates</a> : <a href="/">Resume updates</a>}
          <a href="/scte35">Decode a cue</a>
          <a href="/api/health">Health</a>
          <a href="/metrics">Metrics</a>
          {props.canLogOut ? (
            <form method="post" action="/logout">
              <button type="submit">Log out</button>
            </form>
          ) : null}
        </nav>
      </header>
      {props.alert === undefined ? null : (
        <p class="banner error" role="alert">
          {props.alert}
        </p>
      )}
      {props.problems.map((problem) => (
        <p class="banner warning">{problem}</p>
      ))}
      <main id="main">
        <div id="channels" {...poll}>
          <ChannelTable channels={props.channels} now={props.now} />
        </div>
        <div class="forms">
          <ChannelForm {...(props.channelForm ?? empty)} />
          {props.channels.length === 0 ? null : <OutputForm {...outputForm} channels={props.channels} />}
        </div>
      </main>
    </Layout>
  )
}
