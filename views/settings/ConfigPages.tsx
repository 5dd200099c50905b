/** @jsxImportSource hono/jsx */
import type { VersionEntry } from "../../src/effects/declarative/Configuration.ts"
import type { ConfigDiff } from "../../src/effects/declarative/diff.ts"
import { Alerts, TextArea } from "../forms/Field.tsx"
import type { FormState } from "../forms/form-state.ts"
import { type Frame, may } from "../layout/frame.ts"
import { Time } from "../layout/Time.tsx"
import { DiffList } from "./DiffList.tsx"
import { LookOnly, SettingsPage } from "./SettingsPage.tsx"

export interface ConfigProps {
  readonly frame: Frame
  readonly done?: string | undefined
  readonly versions: ReadonlyArray<VersionEntry>
  readonly state: FormState
}

const Versions = ({ versions }: Pick<ConfigProps, "versions">) =>
  versions.length === 0 ? (
    <p class="empty">No configuration was applied yet, so there is nothing to go back to.</p>
  ) : (
    <div class="card table-scroll">
      <table class="stack">
        <caption>Versions, the newest first; one is made whenever a whole configuration is applied</caption>
        <thead>
          <tr>
            <th scope="col">Version</th>
            <th scope="col">What</th>
            <th scope="col">By</th>
            <th scope="col">At</th>
          </tr>
        </thead>
        <tbody>
          {versions.map(({ at, by, version, what }) => (
            <tr>
              <th scope="row">
                <a href={`/settings/config/versions/${version}`}>Version {version}</a>
              </th>
              <td class="wide">{what}</td>
              <td data-label="By">{by}</td>
              <td data-label="At">
                <Time at={at} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )

/** The page of the whole configuration: a file to download, a form for another document, and the versions. */
export const ConfigPage = ({ done, frame, state, versions }: ConfigProps) => (
  <SettingsPage frame={frame} title="Configuration" done={done}>
    <section class="card" aria-labelledby="export">
      <h2 id="export">As it is now</h2>
      <p>
        All channels and outputs as one document. Secrets stand there as ***, which means &quot;as it is&quot; when it
        is applied here again.
      </p>
      <div class="actions">
        <a class="button" href="/api/config?format=yaml" download="channels.yaml">
          Download YAML
        </a>
        <a class="button" href="/api/config?format=json" download="channels.json">
          Download JSON
        </a>
      </div>
    </section>
    {may(frame, "admin") ? (
      <form
        method="post"
        action="/settings/config/diff"
        enctype="multipart/form-data"
        class="card"
        aria-labelledby="apply"
      >
        <h2 id="apply">Apply another one</h2>
        <Alerts alerts={state.alerts} />
        <TextArea
          form="config"
          name="document"
          label="Document"
          rows={10}
          value={state.values["document"]}
          error={state.errors["document"]}
          autofocus={state.focus === "document"}
          hint="YAML or JSON, whole: what it does not name is removed"
        />
        <div class="field">
          <label for="config-file">Or a file</label>
          <input type="file" id="config-file" name="file" accept=".yaml,.yml,.json" />
        </div>
        <div class="actions">
          <button type="submit" class="primary">
            Show what it changes
          </button>
        </div>
        <p class="hint">Nothing is changed before you have seen what.</p>
      </form>
    ) : null}
    <Versions versions={versions} />
    <LookOnly frame={frame} needs="admin" />
  </SettingsPage>
)

export interface DiffPageProps {
  readonly frame: Frame
  readonly diff: ConfigDiff
  /** Token of the document that waits to be applied. */
  readonly token: string
  readonly alerts: ReadonlyArray<string>
}

/** A page with what a document would change, and the button that applies it. */
export const DiffPage = ({ alerts, diff, frame, token }: DiffPageProps) => (
  <SettingsPage frame={frame} title="What the document changes">
    <Alerts alerts={alerts} />
    <DiffList diff={diff} />
    <form method="post" action="/settings/config/apply" class="actions">
      <input type="hidden" name="token" value={token} />
      {diff.changed ? (
        <button type="submit" class="danger">
          Apply it
        </button>
      ) : null}
      <a class="button" href="/settings/config">
        {diff.changed ? "Cancel" : "Back"}
      </a>
    </form>
  </SettingsPage>
)

export interface VersionPageProps {
  readonly frame: Frame
  readonly version: VersionEntry
  /** Changes from now to the version. */
  readonly diff: ConfigDiff | null
  /** Why going back is not possible. */
  readonly alerts: ReadonlyArray<string>
}

/** A page with what going back to a version would change, and the button that does it. */
export const VersionPage = ({ alerts, diff, frame, version: { at, by, version, what } }: VersionPageProps) => (
  <SettingsPage frame={frame} title={`Version ${version}`}>
    <p>
      {what}, by {by}, <Time at={at} />
    </p>
    <h2>What going back to it changes</h2>
    <Alerts alerts={alerts} />
    {diff === null ? null : <DiffList diff={diff} />}
    <form method="post" action={`/settings/config/versions/${version}/rollback`} class="actions">
      {diff?.changed === true && may(frame, "admin") ? (
        <button type="submit" class="danger">
          Go back to version {version}
        </button>
      ) : null}
      <a class="button" href="/settings/config">
        Back
      </a>
    </form>
    <LookOnly frame={frame} needs="admin" />
  </SettingsPage>
)
