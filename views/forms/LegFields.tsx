/** @jsxImportSource hono/jsx */
import { Field, SelectField, SpecField } from "./Field.tsx"
import type { Choice, FieldSpec, FormState } from "./form-state.ts"

/** Names and texts of the fields that say where a leg of a channel comes from. */
const TEXTS = {
  primary: {
    legend: "Input",
    kind: "input_kind",
    free: "free_url",
    port: ["rtp_port", "Input port", "UDP port that RTP or plain TS comes to"],
    ip: [
      "rtp_ip",
      "Input address",
      "Local address or multicast group, IPv4 or IPv6; empty means every IPv4 address, :: every IPv6 address",
    ],
    url: ["input_url", "Input URL"],
  },
  backup: {
    legend: "Backup input",
    kind: "backup_input_kind",
    free: "backup_free_url",
    port: ["backup_rtp_port", "Backup port", "Where the second pipeline sends"],
    ip: ["backup_rtp_ip", "Backup address", "Empty, with a port: every IPv4 address"],
    url: ["backup_input_url", "Backup URL"],
  },
} as const

export interface LegFieldsProps {
  readonly source: keyof typeof TEXTS
  readonly choices: ReadonlyArray<Choice>
  /** Secrets of the stored URL, a field for each. */
  readonly secrets: ReadonlyArray<FieldSpec>
  readonly state: FormState
}

/**
 * Where a leg comes from. All fields are there, and forms.css shows those that the choice is about; a browser that does
 * not know :has() shows all of them.
 */
export const LegFields = ({ choices, secrets, source, state }: LegFieldsProps) => {
  const { free, ip, kind, legend, port, url } = TEXTS[source]
  const field = (name: string, label: string) => ({
    form: "channel",
    name,
    label,
    value: state.values[name],
    error: state.errors[name],
    autofocus: state.focus === name,
  })
  const offered = state.values[free]
  return (
    <fieldset class="group leg-source">
      <legend>{legend}</legend>
      <SelectField {...field(kind, "Received as")} choices={choices} />
      <div class="for-rtp">
        <Field {...field(port[0], port[1])} hint={port[2]} numeric />
        <Field {...field(ip[0], ip[1])} placeholder="0.0.0.0" hint={ip[2]} />
      </div>
      <div class="for-srt">
        {offered === undefined ? null : <input type="hidden" name={free} value={offered} />}
        <Field
          {...field(url[0], url[1])}
          placeholder={offered ?? "srt://:9000?mode=listener"}
          hint={`srt://:9000?mode=listener waits for the encoder, srt://encoder.example:9000 calls it; also passphrase=, streamid= and latency= in ms${
            offered === undefined ? "" : `. For a listener empty means ${offered}`
          }`}
        />
        {secrets.map((spec) => (
          <SpecField form="channel" spec={spec} state={state} />
        ))}
      </div>
    </fieldset>
  )
}
