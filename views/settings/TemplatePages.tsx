/** @jsxImportSource hono/jsx */
import type { TemplateView } from "../../src/effects/templates/template-model.ts"
import { Alerts, Field, SelectField } from "../forms/Field.tsx"
import type { Choice, FormState } from "../forms/form-state.ts"
import { OutputSettings, SecretFields, type SettingsProps, type StoredSecrets } from "../forms/OutputForm.tsx"
import type { Frame } from "../layout/frame.ts"
import { SettingsPage } from "./SettingsPage.tsx"

const Places = () => (
  <p class="hint">
    In names, URLs and stream keys <code>{"{channel}"}</code> stands for the channel's short name as in its links,{" "}
    <code>{"{number}"}</code> for its number and <code>{"{name}"}</code> for its name.
  </p>
)

export interface TemplateListProps {
  readonly frame: Frame
  readonly done?: string | undefined
  readonly templates: ReadonlyArray<{
    readonly template: TemplateView
    /** The output that it becomes for the chosen channel; null without one. */
    readonly means: { readonly name: string; readonly url: string } | null
  }>
  readonly channels: ReadonlyArray<Choice>
  /** Slug of the channel for which the outputs are shown. */
  readonly channel: string
}

/** The page of all templates, with what they become for a channel. */
export const TemplateListPage = ({ channel, channels, done, frame, templates }: TemplateListProps) => (
  <SettingsPage frame={frame} title="Templates" done={done}>
    <div class="toolbar">
      <a class="button primary" href="/settings/templates/add">
        Add template
      </a>
      {channels.length === 0 ? null : (
        <form method="get" action="/settings/templates" class="toolbar inline">
          <label for="for-channel">What they become for</label>
          <select id="for-channel" name="channel">
            {channels.map(({ text, value }) => (
              <option value={value} selected={value === channel}>
                {text}
              </option>
            ))}
          </select>
          <button type="submit">Show</button>
        </form>
      )}
    </div>
    <Places />
    {templates.length === 0 ? (
      <p class="empty">
        There are no templates. One is an output that can be added to many channels, with what differs between them
        filled in.
      </p>
    ) : (
      <div class="card table-scroll">
        <table class="stack">
          <caption>Templates</caption>
          <thead>
            <tr>
              <th scope="col">Template</th>
              <th scope="col">Name of its outputs</th>
              <th scope="col">URL</th>
              <th scope="col">Begins</th>
              <th scope="col">Actions</th>
            </tr>
          </thead>
          <tbody>
            {templates.map(({ means, template: { enabled, name, output_name, preset, url } }) => (
              <tr id={`template-${name}`}>
                <th scope="row">{name}</th>
                <td data-label="Name">
                  {output_name ?? name}
                  {means === null ? null : <p class="becomes">→ {means.name}</p>}
                </td>
                <td class="wide" data-label="URL">
                  <code>{url}</code>
                  {preset === null ? null : <span class="hint"> {preset}</span>}
                  {means === null ? null : (
                    <p class="becomes">
                      → <code>{means.url}</code>
                    </p>
                  )}
                </td>
                <td data-label="Begins">{enabled ? "at once" : "when it is started"}</td>
                <td class="actions">
                  <a class="button" href={`/settings/templates/${name}/edit`} aria-label={`Change ${name}`}>
                    Change
                  </a>{" "}
                  <a class="button danger" href={`/settings/templates/${name}/remove`} aria-label={`Remove ${name}`}>
                    Remove
                  </a>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    )}
  </SettingsPage>
)

export interface TemplateFormProps {
  readonly frame: Frame
  /** Name of the template that is being changed; null for a new one. */
  readonly name: string | null
  /** Its secrets; undefined for a new one. */
  readonly stored: StoredSecrets | undefined
  /** What the form showed when it was opened, for the service alone; undefined for a new one. */
  readonly opened: string | undefined
  readonly state: FormState
  readonly presets: ReadonlyArray<Choice>
  readonly settings: SettingsProps
}

const BEGINS: ReadonlyArray<Choice> = [
  { value: "true", text: "at once, when the channel runs" },
  { value: "false", text: "when they are started" },
]

/** A page that adds or changes a template. */
export const TemplateFormPage = ({ frame, name, opened, presets, settings, state, stored }: TemplateFormProps) => {
  const field = (one: string, label: string) => ({
    form: "template",
    name: one,
    label,
    value: state.values[one],
    error: state.errors[one],
    autofocus: state.focus === one,
  })
  return (
    <SettingsPage frame={frame} title={name === null ? "Add a template" : `Template ${name}`}>
      <form
        method="post"
        action={name === null ? "/settings/templates/add" : `/settings/templates/${name}/edit`}
        class="card"
      >
        <Alerts alerts={state.alerts} />
        {opened === undefined ? null : <input type="hidden" name="opened" value={opened} />}
        {name === null ? (
          <Field
            {...field("template", "Template")}
            hint="What it is called: lower case letters, digits and dashes, as in cdn-main"
            required
          />
        ) : null}
        <Field {...field("url", "URL")} placeholder="srt://cdn.example.com:9000?streamid=publish/{channel}" />
        <SelectField
          {...field("preset", "Destination")}
          choices={presets}
          hint="A well-known one brings its URL, its settings and its limits"
        />
        <SecretFields form="template" state={state} stored={stored} />
        <Field {...field("output_name", "Name of outputs")} placeholder="as the template" />
        <SelectField {...field("enabled", "Outputs begin")} choices={BEGINS} />
        <Places />
        <OutputSettings {...settings} />
        <div class="actions">
          <button type="submit" class="primary">
            {name === null ? "Add template" : "Save"}
          </button>
          <a class="button quiet" href="/settings/templates">
            Cancel
          </a>
        </div>
        {name === null ? null : <p class="hint">Outputs that were made from it stay as they are.</p>}
      </form>
    </SettingsPage>
  )
}
