/** @jsxImportSource hono/jsx */
import type { ConnectionTest, ConnectionView } from "../../src/effects/medialive/medialive-bodies.ts"
import { Alerts, CheckField, SpecField } from "../forms/Field.tsx"
import type { FieldSpec, FormState } from "../forms/form-state.ts"
import type { Frame } from "../layout/frame.ts"
import { SettingsPage } from "../settings/SettingsPage.tsx"

export interface ConnectionPageProps {
  readonly frame: Frame
  readonly connection: ConnectionView
  readonly fields: ReadonlyArray<FieldSpec>
  readonly state: FormState
  readonly done?: string | undefined
  readonly test?: ConnectionTest | undefined
}

const Test = ({ test }: { readonly test: ConnectionTest }) => (
  <section class="card" aria-labelledby="test-title">
    <h2 id="test-title">Test</h2>
    <p class={test.ok ? "banner good" : "banner error"} role="status">
      {test.ok
        ? "AWS answers, and nothing that was tried is missing."
        : test.missing.length > 0
          ? `Missing: ${test.missing.join(", ")}.`
          : "The connection does not work."}
    </p>
    <ul class="notes">
      {test.steps.map(({ action, message, outcome }) => (
        <li class={outcome === "failed" ? "error" : outcome === "unknown" ? "hint" : ""}>
          <code>{action}</code>: {message}
        </li>
      ))}
    </ul>
  </section>
)

const Policy = ({ name, text }: { readonly name: string; readonly text: string }) => (
  <>
    <h3>{name}</h3>
    <p>
      <code class="url policy" title={`policy ${name}; click selects all of it`}>
        {text}
      </code>{" "}
      <button type="button" data-copy={`policy ${name}`}>
        Copy policy {name}
      </button>
    </p>
  </>
)

/** The connection to AWS. Nothing here needs more than to list, describe, start and stop. */
export const ConnectionPage = ({ connection, done, fields, frame, state, test }: ConnectionPageProps) => (
  <SettingsPage frame={frame} title="MediaLive" done={done}>
    {test === undefined ? null : <Test test={test} />}
    <form method="post" action="/settings/medialive" class="card" aria-label="Connection to AWS">
      <h2>Connection to AWS</h2>
      <Alerts alerts={state.alerts} />
      <p>
        {connection.region === null
          ? "No region is set: nothing is asked of AWS."
          : `Region ${connection.region}, ${connection.region_from === "stored" ? "as set here" : "of the environment"}.`}{" "}
        {connection.signed_in_by === null ? "" : `Requests are signed with ${connection.signed_in_by}.`}
      </p>
      <p class="hint">
        Keys of the environment and roles of Kubernetes, the container or the machine come first; those typed here are
        used where there are none.
      </p>
      {fields.map((spec) => (
        <SpecField form="connection" spec={spec} state={state} />
      ))}
      {connection.access_key_id === null ? null : (
        <CheckField
          form="connection"
          name="keys_none"
          label="Remove the keys"
          hint="Those that are kept here"
          checked={false}
        />
      )}
      <div class="actions">
        <button type="submit" class="primary">
          Save
        </button>
        <button type="submit" formaction="/settings/medialive/test">
          Test
        </button>
      </div>
      <p class="hint">
        Destinations are compared with {connection.addresses_in_use.join(", ") || "no address"} and the legs' own
        addresses.
      </p>
    </form>
    <section class="card" aria-labelledby="policy-title">
      <h2 id="policy-title">Permissions for IAM</h2>
      <p class="hint">One of the two; neither lets anything be changed or deleted.</p>
      <Policy name="for looking" text={connection.policies.read} />
      <Policy name="with start and stop" text={connection.policies.control} />
    </section>
  </SettingsPage>
)
